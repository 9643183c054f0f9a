import { finish } from "../../../../src/core/base/steps.ts";
import { decodeText } from "../../../../src/core/proposal/formats/text.ts";
import { parseContent } from "../../../../src/core/proposal/formats/content.ts";
import { columnName } from "../../../../src/core/proposal/formats/column-name.ts";
import { csvRows } from "../../../../src/core/proposal/formats/csv-rows.ts";
import { csvShape, isSameWithEscapes, looksLikeCsv } from "../../../../src/core/proposal/formats/csv.ts";
import { declaredType } from "../../../../src/core/proposal/formats/declared-type.ts";
import {
  bracketFields,
  fieldLines,
  formFields,
  formRecords,
  looksLikeForm,
} from "../../../../src/core/proposal/formats/form.ts";
import { jsonTokens, readJson, readJsonLines } from "../../../../src/core/proposal/formats/json-text.ts";
import { magicType } from "../../../../src/core/proposal/formats/magic-bytes.ts";
import { multipartBoundary, multipartParts } from "../../../../src/core/proposal/formats/multipart.ts";
import { transferEncoding } from "../../../../src/core/proposal/formats/transfer-encoding.ts";
import { countEitherWay, countLines, hasLines } from "../../../../src/core/proposal/measure/field-lines.ts";
import { evaluateJsonPath } from "../../../../src/core/proposal/measure/json-path.ts";
import { mutationRecords } from "../../../../src/core/proposal/measure/graphql.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { currencyCode, minorUnits } from "../../../../src/core/proposal/measure/money.ts";
import { parseJsonPath } from "../../../../src/core/proposal/measure/parse-json-path.ts";
import { pathDoubt } from "../../../../src/core/proposal/measure/path-doubt.ts";
import { records, recordsAt, selectValues, valuesIn } from "../../../../src/core/proposal/measure/select.ts";
import { shapeOf } from "../../../../src/core/proposal/measure/shape.ts";
import { measureMoney } from "../../../../src/core/proposal/measure/totals.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { applyTemplate, isMediaType } from "../../../../src/core/proposal/request-template.ts";
import type { MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { volume } from "../../volume.ts";
import { CSV_SHAPES, FORM_SHAPES, JSON_SHAPES, MULTIPART_SHAPES, TEXT_SHAPES } from "../grammars.ts";
import { row } from "../row.ts";
import { bytesOf, mapped, shapesOf, type Shape } from "../shapes.ts";
import { REQUEST, templateEntry } from "./scenes.ts";

const FORMATS = "src/core/proposal/formats";
const MEASURE = "src/core/proposal/measure";

type Content = Extract<Payload, { kind: "content" }>;

const TEMPLATE = templateEntry();
const MULTIPART = "multipart/form-data; boundary=b";

function declared(shapes: readonly Shape[], mediaType: string | null): readonly Shape<Content>[] {
  return mapped(shapes, (text) => ({ kind: "content", bytes: bytesOf(text), name: null, mediaType }));
}

/** Every format, as its own type and as none. */
const CONTENTS: readonly Shape<Content>[] = [
  ...declared(JSON_SHAPES, "application/json"),
  ...declared(JSON_SHAPES, "application/x-ndjson"),
  ...declared(CSV_SHAPES, "text/csv"),
  ...declared(CSV_SHAPES, null),
  ...declared(FORM_SHAPES, "application/x-www-form-urlencoded"),
  ...declared(MULTIPART_SHAPES, MULTIPART),
  ...declared(TEXT_SHAPES, null),
];

const HINTS: MeasureHints = {
  records: { kind: "path", path: "records" },
  amount: { path: "amount", unit: "major", currency: { path: "currency" } },
  recipients: "to",
};

/** As operators write them, and the ones that visit most. */
const PATHS = ["amount", "row.amount", "$..amount"];
const COSTLY_PATHS = [...PATHS, "$[*].amount", "$[?@.amount > 1].amount", "$[?count($..*) > 1]", "$..*..*"];

/** A body of every format has many shapes. */
const SIZE = volume("LINEAR_BODY_SIZE", { quick: 40, chaos: 600 });

const MEDIA_TYPES = shapesOf([
  "text/",
  "a",
  ";",
  "=",
  '"',
  "\\",
  " ",
  "\t",
  "/",
  ",",
  "+json",
  "charset=",
  "boundary=",
]);

const LINE_SHAPES = shapesOf([
  "\n",
  "\r\n",
  "\v",
  "\u{1e}",
  "\u{85}",
  "\u{2028}",
  "\u{1}",
  "1",
  ",",
  '"',
  " ",
  "\t",
]);

export const PROPOSAL_ROWS = [
  row(`${FORMATS}/content.ts#parseContent`, CONTENTS, parseContent, { size: SIZE }),
  row(`${FORMATS}/json-text.ts#readJson`, JSON_SHAPES, readJson),
  row(`${FORMATS}/json-text.ts#readJsonLines`, JSON_SHAPES, readJsonLines),
  row(`${FORMATS}/json-text.ts#jsonTokens`, JSON_SHAPES, jsonTokens, {
    inside: [`${FORMATS}/json-text.ts#addJsonTokens`],
  }),
  row(`${FORMATS}/csv.ts#csvShape`, CSV_SHAPES, csvShape, {
    inside: [
      "csv-count.ts#countLines",
      "csv-count.ts#countRows",
      "csv-count.ts#delimitedLines",
      "csv-dialect.ts#bestDelimiter",
      "csv-dialect.ts#separatorLine",
      "csv-dialect.ts#stablestDelimiter",
      "csv-rows.ts#closingQuote",
    ].map((each) => `${FORMATS}/${each}`),
  }),
  row(`${FORMATS}/csv.ts#looksLikeCsv`, CSV_SHAPES, looksLikeCsv),
  row(`${FORMATS}/csv.ts#isSameWithEscapes`, CSV_SHAPES, (text) => isSameWithEscapes(text, csvShape(text))),
  row(`${FORMATS}/csv-rows.ts#csvRows`, CSV_SHAPES, (text) => [
    ...csvRows(text, ",", Number.POSITIVE_INFINITY),
  ]),
  row(`${FORMATS}/column-name.ts#columnName`, LINE_SHAPES, columnName),
  row(
    `${MEASURE}/field-lines.ts#countEitherWay`,
    LINE_SHAPES,
    (text) => [countEitherWay(text, countLines), hasLines(text)],
    {
      inside: [
        `${FORMATS}/line-ends.ts#isDisputedLineEnd`,
        `${FORMATS}/line-ends.ts#withDisputedAsLines`,
        `${MEASURE}/field-lines.ts#countLines`,
        `${MEASURE}/field-lines.ts#hasLines`,
      ],
    },
  ),
  row(`${FORMATS}/form.ts#looksLikeForm`, FORM_SHAPES, looksLikeForm),
  row(`${FORMATS}/form.ts#fieldLines`, FORM_SHAPES, fieldLines),
  row(`${FORMATS}/form.ts#bracketFields`, FORM_SHAPES, bracketFields),
  row(`${FORMATS}/transfer-encoding.ts#transferEncoding`, mapped(TEXT_SHAPES, bytesOf), (bytes) => [
    transferEncoding("base64", bytes),
    transferEncoding("quoted-printable", bytes),
  ]),
  row(`${FORMATS}/form.ts#formRecords`, FORM_SHAPES, (text) => formRecords(formFields(text) ?? []), {
    inside: ["formFields", "fieldsAsWritten", "endsALine", "fieldCount"].map(
      (name) => `${FORMATS}/form.ts#${name}`,
    ),
  }),
  row(
    `${FORMATS}/multipart.ts#multipartParts`,
    mapped(MULTIPART_SHAPES, bytesOf),
    (bytes) => multipartParts(bytes, "b"),
    { inside: [`${FORMATS}/media-type.ts#parseParameters`, `${FORMATS}/media-type.ts#isCertain`] },
  ),
  row(`${FORMATS}/multipart.ts#multipartBoundary`, MEDIA_TYPES, (type) =>
    multipartBoundary(bytesOf(type), `multipart/form-data; ${type}`),
  ),
  row(
    `${FORMATS}/declared-type.ts#declaredType`,
    MEDIA_TYPES,
    (type) => [declaredType(`a.${type}`, type), declaredType("a.csv", "text/plain")],
    {
      inside: [`${FORMATS}/declared-type.ts#isTextual`],
    },
  ),
  row(
    `${FORMATS}/magic-bytes.ts#magicType`,
    mapped(TEXT_SHAPES, (text) => bytesOf(`PK\u0003\u0004${text}`)),
    magicType,
  ),
  row(
    `${FORMATS}/text.ts#decodeText`,
    mapped(TEXT_SHAPES, (text) => ({ bytes: bytesOf(`\u00ff${text}`), type: `text/plain; charset=${text}` })),
    ({ bytes, type }) => [
      decodeText(bytes, type),
      decodeText(bytes, null),
      decodeText(bytes.fill(0xff, 0, 1).fill(0xfe, 1, 2), null),
    ],
  ),
  row(
    `${MEASURE}/measure.ts#measure`,
    CONTENTS,
    (payload) => measure(payload, HINTS, { recordCount: null, estimatedValueUsd: 1 }),
    {
      inside: [
        `${MEASURE}/records.ts#countRecords`,
        `${MEASURE}/records.ts#withGuessed`,
        `${MEASURE}/measure.ts#measureInSteps`,
      ],
      size: SIZE,
    },
  ),
  row(
    `${MEASURE}/graphql.ts#mutationRecords`,
    mapped(
      shapesOf(["{", "}", "(", "[", "]", '"', '"""', "\\", "a", ":", "@", "...", "#", "\n"]),
      (text) => `mutation ${text}`,
    ),
    mutationRecords,
  ),
  row(
    `${MEASURE}/totals.ts#measureMoney`,
    CONTENTS,
    (payload) => finish(measureMoney(parseContent(payload).body, HINTS.amount, 1)),
    { size: SIZE },
  ),
  row(
    `${MEASURE}/money.ts#minorUnits`,
    shapesOf(["1", "0", ",", ".", "$", " ", "000", "-", "e"]),
    (text) => [minorUnits(text, "major", 2), currencyCode(text)],
    { inside: [`${MEASURE}/money.ts#currencyCode`] },
  ),
  row(
    `${MEASURE}/path-doubt.ts#pathDoubt`,
    CONTENTS,
    (payload) => PATHS.map((path) => pathDoubt(parseContent(payload).body, path)),
    {
      inside: [
        `${FORMATS}/csv.ts#isRaggedColumn`,
        `${FORMATS}/csv.ts#otherHeaders`,
        `${MEASURE}/similar-names.ts#anyMember`,
        `${MEASURE}/similar-names.ts#matchesFieldLoosely`,
        `${MEASURE}/similar-names.ts#matchesLoosely`,
      ],
      size: SIZE,
    },
  ),
  row(
    `${MEASURE}/select.ts#valuesIn`,
    CONTENTS,
    (payload) => PATHS.map((path) => valuesIn(parseContent(payload).body, path)),
    { inside: [`${FORMATS}/csv.ts#columnCells`, `${MEASURE}/select.ts#valuesInSteps`], size: SIZE },
  ),
  row(
    `${MEASURE}/select.ts#recordsAt`,
    CONTENTS,
    (payload) => PATHS.map((path) => recordsAt(parseContent(payload).body, path)),
    { size: SIZE },
  ),
  row(
    `${MEASURE}/select.ts#records`,
    CONTENTS,
    (payload) => {
      const facts = measure(payload, HINTS, { recordCount: null, estimatedValueUsd: null });
      return records(payload, facts, HINTS);
    },
    { size: SIZE },
  ),
  row(`${MEASURE}/select.ts#selectValues`, [...JSON_SHAPES, ...CSV_SHAPES, ...FORM_SHAPES], (text) =>
    ["json", "ndjson", "csv", "form"].map((type) => selectValues(text, type, "amount")),
  ),
  row(
    `${MEASURE}/json-path.ts#evaluateJsonPath`,
    mapped(JSON_SHAPES, (text) => readJson(text)?.value ?? [text, [text]]),
    (value) =>
      COSTLY_PATHS.map((path) => {
        const parsed = parseJsonPath(path);
        return parsed.ok && evaluateJsonPath(parsed.value, value);
      }),
    { size: 60 },
  ),
  row(
    `${MEASURE}/parse-json-path.ts#parseJsonPath`,
    shapesOf([
      "$",
      ".",
      "..",
      "[",
      "]",
      "'",
      '"',
      "a",
      "*",
      "?",
      "@",
      "(",
      ")",
      "!",
      "&&",
      "||",
      "1",
      ":",
      ",",
      " ",
      "==",
      "\\",
    ]),
    // A path is configuration of at most 1,000 characters.
    (text) => parseJsonPath(text),
    { size: 200 },
  ),
  row(
    `${MEASURE}/shape.ts#shapeOf`,
    CONTENTS,
    (payload) => ["json", "ndjson", "csv", "text"].map((type) => shapeOf(payload, { type })),
    { size: SIZE },
  ),
  row(`src/core/proposal/request-template.ts#isMediaType`, MEDIA_TYPES, isMediaType),
  row(
    "src/core/proposal/request-template.ts#applyTemplate",
    declared(JSON_SHAPES, "application/json"),
    (payload) => applyTemplate(REQUEST, payload, TEMPLATE),
    { inside: ["src/core/proposal/request-template.ts#templatedProposal"] },
  ),
];

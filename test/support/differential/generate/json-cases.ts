import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { ADDRESSES, disguised, MONEY, mostly, mutated } from "./atoms.ts";
import { encoded } from "./encodings.ts";

const oddNumber = fc.constantFrom(
  "9e3",
  "9E+3",
  "90000e-1",
  "0.1",
  "12.50",
  "1.005",
  "9007199254740993",
  "1e400",
  "123456789012345678901234567890",
  "-1",
  "-0",
  "1.0",
  "0x10",
  "01",
  "NaN",
  "Infinity",
  "+1",
  ".5",
  "1_000",
);
const number = mostly(fc.constantFrom("1", "9000", "5"), oddNumber);

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...MONEY) },
  { weight: 2, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 3, arbitrary: disguised },
);

const string = fc.tuple(text, fc.integer({ min: 0, max: 29 })).map(([plain, style]) => {
  const written = JSON.stringify(plain);
  if (style > 1 || plain === "") return written;
  const unit = plain.charCodeAt(0).toString(16).padStart(4, "0");
  return style === 0 ? `"\\u${unit}${written.slice(2)}` : `'${plain}'`;
});

const scalar = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 5, arbitrary: string },
  { weight: 1, arbitrary: fc.constantFrom("null", "true", "[]", "{}", '""') },
);

const list = fc.oneof(
  fc.array(scalar, { maxLength: 4 }).map((items) => `[${items.join(",")}]`),
  fc.array(scalar, { maxLength: 4 }).map((items) => `[[${items.join(",")}]]`),
  fc
    .array(scalar, { maxLength: 3 })
    .map((items) => `[${items.map((item) => `{"email":${item}}`).join(",")}]`),
  fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.map((item) => `[${item},1]`).join(",")}]`),
);

/** Runs of text as Slack, Jira and Notion write them. */
const runs = fc
  .tuple(
    fc.constantFrom("slack", "adf", "notion"),
    fc.constantFrom(
      "refund |guaranteed",
      "4111 1111 |1111 1111",
      "{|{name}}",
      "re|fund guaranteed",
      "Hi |there",
    ),
  )
  .map(([product, phrase]) => {
    const pieces = phrase.split("|");
    const items = pieces.map((piece) =>
      product === "notion" ? { type: "text", text: { content: piece } } : { type: "text", text: piece },
    );
    if (product === "slack") {
      return JSON.stringify([
        { type: "rich_text", elements: [{ type: "rich_text_section", elements: items }] },
      ]);
    }
    if (product === "adf") {
      return JSON.stringify({ type: "doc", version: 1, content: [{ type: "paragraph", content: items }] });
    }
    return JSON.stringify([{ object: "block", type: "paragraph", paragraph: { rich_text: items } }]);
  });

const NAMES = [
  '"Amount"',
  '"TO"',
  '"am\u006funt"',
  '"amount "',
  '"AMOUNT"',
  '"Inputs"',
  "amount",
  "'amount'",
] as const;

const member = fc
  .tuple(
    mostly(fc.constantFrom('"amount"', '"to"', '"inputs"', '"note"', '"id"'), fc.constantFrom(...NAMES), 8),
    fc.oneof(
      { weight: 6, arbitrary: scalar },
      { weight: 3, arbitrary: list },
      { weight: 2, arbitrary: runs },
    ),
  )
  .map(([name, value]) => `${name}:${value}`);

const object = fc.array(member, { minLength: 1, maxLength: 4 }).map((members) => `{${members.join(",")}}`);

const GAPS = ["", "", "", "", "/* x */", "// x\n", " ", "\n", "\0", ","] as const;

const document = fc.oneof(
  { weight: 5, arbitrary: object },
  { weight: 2, arbitrary: fc.array(object, { maxLength: 4 }).map((items) => `[${items.join(",")}]`) },
  { weight: 1, arbitrary: fc.array(object, { maxLength: 4 }).map((items) => `[[${items.join(",")}]]`) },
  { weight: 1, arbitrary: list },
  { weight: 1, arbitrary: fc.tuple(object, fc.constantFrom(...GAPS), object).map((all) => all.join("")) },
  { weight: 1, arbitrary: fc.tuple(object, fc.constantFrom(...GAPS)).map((all) => all.join("")) },
);

const ATOMS = [
  '"',
  "\\",
  ",",
  ":",
  "{",
  "}",
  "[",
  "]",
  "\n",
  "\u{feff}",
  "\0",
  "/",
  "'",
  "0",
  "e",
  " ",
  "\u{2028}",
];

const door = fc.constantFrom("api", "proxy");
const records = fc.constantFrom(null, null, "inputs");

const jsonBody = fc.oneof(
  { weight: 4, arbitrary: document },
  { weight: 1, arbitrary: document.chain((written) => mutated(written, ATOMS)) },
);

export const jsonCases: fc.Arbitrary<BodyCase> = fc
  .tuple(
    jsonBody.chain(encoded),
    fc.constantFrom("application/json", "application/json", "application/vnd.api+json", null),
    door,
    records,
  )
  .map(([{ bytes, parameters }, mediaType, by, path]) => ({
    family: "json",
    mediaType: mediaType === null ? null : mediaType + parameters,
    name: null,
    door: by,
    unit: "major",
    records: path,
    body: bytes,
  }));

const ENDS = ["\n\n", "\u{2028}", "\u{85}", "\v", "\r", " ", "", ",\n", "\u{1e}"] as const;

const lines = fc
  .array(fc.tuple(fc.oneof(object, list), fc.constantFrom(...ENDS)), { minLength: 1, maxLength: 5 })
  .map((all) => all.map((line) => line.join("")).join(""));

export const lineCases: fc.Arbitrary<BodyCase> = fc
  .tuple(lines.chain(encoded), fc.constantFrom("application/x-ndjson", "application/jsonl"), door, records)
  .map(([{ bytes, parameters }, mediaType, by, path]) => ({
    family: "ndjson",
    mediaType: mediaType + parameters,
    name: null,
    door: by,
    unit: "major",
    records: path,
    body: bytes,
  }));

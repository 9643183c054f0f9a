import { finish } from "../../../../src/core/base/steps.ts";
import { withoutBarriers } from "../../../../src/core/detection/decoding/barrier.ts";
import { decodedBase64 } from "../../../../src/core/detection/decoding/base64-runs.ts";
import { decodings, shownTexts } from "../../../../src/core/detection/decoding/decodings.ts";
import { decodedReferences } from "../../../../src/core/detection/decoding/character-references.ts";
import { fullyUnescaped, withoutOctets } from "../../../../src/core/detection/decoding/escapes.ts";
import { decodedWords } from "../../../../src/core/detection/decoding/encoded-words.ts";
import { markdownTexts } from "../../../../src/core/detection/decoding/markdown.ts";
import { markupTexts } from "../../../../src/core/detection/decoding/markup.ts";
import { headerTexts, partTexts } from "../../../../src/core/detection/header-texts.ts";
import { joinedTexts } from "../../../../src/core/detection/joined/joined-texts.ts";
import { parseContent } from "../../../../src/core/proposal/formats/content.ts";
import { findEmails, findPhones } from "../../../../src/core/detection/pii/pii-contacts.ts";
import { findCards } from "../../../../src/core/detection/pii/pii-cards.ts";
import { findIbans, findSsns } from "../../../../src/core/detection/pii/pii-numbers.ts";
import { findPii } from "../../../../src/core/detection/pii/pii.ts";
import { scrub } from "../../../../src/core/detection/pii/scrub.ts";
import { placeholdersIn } from "../../../../src/core/detection/placeholders.ts";
import { readableTexts } from "../../../../src/core/detection/readable.ts";
import { findTemplateErrors } from "../../../../src/core/detection/template-errors.ts";
import {
  emptyLetters,
  readLetters,
  readLettersAtOnce,
} from "../../../../src/core/detection/terms/letters.ts";
import { newStretches } from "../../../../src/core/detection/terms/near-texts.ts";
import { readPattern } from "../../../../src/core/detection/terms/pattern.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { NO_HINTS } from "../../../../src/core/registry/measure-hints.ts";
import { CSV_SHAPES, FORM_SHAPES, JSON_SHAPES, MULTIPART_SHAPES, TEXT_SHAPES } from "../grammars.ts";
import { row } from "../row.ts";
import { HEADER_SHAPES, OPEN_CONSTRUCTS } from "../open-constructs.ts";
import { RUN_SHAPES } from "../run-shapes.ts";
import { bytesOf, mapped, type Shape, shapesOf } from "../shapes.ts";

const DETECTION = "src/core/detection";

/** Terms of each kind: a word, two words, with digits, with symbols, short, of a script without spaces. */
const TERMS = [
  "refund",
  "refund guaranteed",
  "sue",
  "a$$",
  "100%",
  "guaranteed returns",
  "退款",
  "возврат",
  "r2d2",
  "l1l1l1",
  "il!|il!|",
];

function findTerms(text: string): readonly number[] {
  const matcher = compileTerms(TERMS);
  if (!matcher.ok) throw new Error(matcher.error.problem);
  return matcher.value.find([text]);
}

const DOCUMENTS = [
  ...documents(JSON_SHAPES, "application/json"),
  ...documents(CSV_SHAPES, "text/csv"),
  ...documents(FORM_SHAPES, "application/x-www-form-urlencoded"),
  ...documents(MULTIPART_SHAPES, "multipart/form-data; boundary=b"),
  ...documents(TEXT_SHAPES, "text/plain"),
];

function documents(shapes: readonly Shape[], mediaType: string) {
  return mapped(shapes, (text) => {
    const payload = { kind: "content", bytes: bytesOf(text), name: null, mediaType } as const;
    return { payload, facts: measure(payload, NO_HINTS, { recordCount: null, estimatedValueUsd: null }) };
  });
}

const found = new Set<string>();

const CARD_SHAPES = [
  ...TEXT_SHAPES,
  ...shapesOf(["4111", "1", " ", "-", "\n", "\r\n", "\u{2028}", ".", "x"]),
];

export const DETECTION_ROWS = [
  row(
    `${DETECTION}/decoding/decodings.ts#decodings`,
    [...TEXT_SHAPES, ...OPEN_CONSTRUCTS],
    (text) => [
      decodings([text], { words: true }),
      decodings(text.split("a"), { words: false }),
      shownTexts(text),
    ],
    {
      inside: ["shownTexts", "eachBatch"].map((name) => `${DETECTION}/decoding/decodings.ts#${name}`),
      size: 100,
    },
  ),
  row(
    `${DETECTION}/decoding/escapes.ts#fullyUnescaped`,
    [...TEXT_SHAPES, ...OPEN_CONSTRUCTS],
    (text) => fullyUnescaped(text),
    { inside: [`${DETECTION}/decoding/escapes.ts#unescaped`] },
  ),
  row(`${DETECTION}/decoding/encoded-words.ts#decodedWords`, TEXT_SHAPES, (text) => decodedWords(text)),
  row(
    `${DETECTION}/decoding/markdown.ts#markdownTexts`,
    TEXT_SHAPES,
    (text) => markdownTexts(text, { words: true, isMarked: true }),
    {
      inside: ["lenientLinkEnd", "linkEnd"].map((name) => `${DETECTION}/decoding/markdown-links.ts#${name}`),
    },
  ),
  row(`${DETECTION}/decoding/markup.ts#markupTexts`, TEXT_SHAPES, (text) => markupTexts(text, true), {
    inside: ["isTagStart", "plainTagEnd", "readTag"].map((name) => `${DETECTION}/decoding/tags.ts#${name}`),
  }),
  row(`${DETECTION}/header-texts.ts#headerTexts`, [...TEXT_SHAPES, ...HEADER_SHAPES], headerTexts),
  row(`${DETECTION}/header-texts.ts#partTexts`, [...TEXT_SHAPES, ...HEADER_SHAPES], (text) =>
    partTexts({ name: text, fileNames: [text], headers: text }),
  ),
  row(
    `${DETECTION}/joined/joined-texts.ts#joinedTexts`,
    [...documents(RUN_SHAPES, "application/json"), ...DOCUMENTS],
    ({ payload }) => joinedTexts(parseContent(payload).body),
    {
      inside: [
        "inserted-text.ts#insertedText",
        ...["isTextMember", "isTextName", "onlyText", "textNameOf"].map((name) => `text-names.ts#${name}`),
      ].map((each) => `${DETECTION}/joined/${each}`),
      size: 80,
    },
  ),
  row(`${DETECTION}/decoding/base64-runs.ts#decodedBase64`, TEXT_SHAPES, (text) =>
    decodedBase64(text, new Uint8Array(text.length)),
  ),
  row(`${DETECTION}/decoding/character-references.ts#decodedReferences`, TEXT_SHAPES, decodedReferences, {
    inside: [`${DETECTION}/decoding/barrier.ts#decodedCharacter`],
  }),
  row(`${DETECTION}/decoding/barrier.ts#withoutBarriers`, TEXT_SHAPES, withoutBarriers),
  row(`${DETECTION}/terms/terms.ts#compileTerms`, TEXT_SHAPES, findTerms, {
    inside: [
      "alignment.ts#matchesAt",
      "automaton.ts#nextNode",
      "automaton.ts#symbolFor",
      "fold.ts#expansion",
      "fold.ts#fold",
      "fold.ts#foldedUnits",
      "fold.ts#isExpansion",
      "letters.ts#emptyLetters",
      "letters.ts#gapBefore",
      "letters.ts#hasTrait",
      "lookalike-classes.ts#standsFor",
      "scan.ts#scanText",
      "scan.ts#verify",
      "surroundings.ts#isForeignText",
      "surroundings.ts#isInCode",
      "surroundings.ts#isInDigest",
      "surroundings.ts#isPartOfSpelling",
    ].map((each) => `${DETECTION}/terms/${each}`),
  }),
  row(
    `${DETECTION}/terms/letters.ts#readLetters`,
    TEXT_SHAPES,
    (text) => {
      finish(readLetters(text, "latin", emptyLetters()));
      readLettersAtOnce(text, "native", emptyLetters());
    },
    { inside: [`${DETECTION}/terms/letters.ts#readLettersAtOnce`] },
  ),
  row(
    `${DETECTION}/terms/near-texts.ts#newStretches`,
    [...TEXT_SHAPES, ...OPEN_CONSTRUCTS],
    (text) => [
      newStretches(text.replaceAll("\n", ""), [text], 20),
      newStretches(text, [withoutOctets(text)], 20),
      // As the stretches of another reading are searched.
      findTerms(`<p>${"some words ".repeat(50)}<p>${text}<br>?a=41&amp;${text}`),
    ],
    {
      inside: [`${DETECTION}/terms/scan.ts#propose`, `${DETECTION}/decoding/escapes.ts#withoutOctets`],
      size: 50,
    },
  ),
  row(
    `${DETECTION}/terms/pattern.ts#readPattern`,
    TEXT_SHAPES,
    (text) => [readPattern(text), compileTerms([text])],
    {
      inside: [
        `${DETECTION}/terms/automaton.ts#buildTermAutomaton`,
        `${DETECTION}/terms/lookalike-classes.ts#classOf`,
      ],
      size: 200,
    },
  ),
  row(
    `${DETECTION}/pii/pii.ts#findPii`,
    TEXT_SHAPES,
    (text) => findPii([text], ["email", "phone", "card", "ssn", "iban"]),
    { inside: [`${DETECTION}/pii/pii.ts#findPiiInSteps`], size: 300 },
  ),
  row(`${DETECTION}/pii/pii-contacts.ts#findEmails`, TEXT_SHAPES, (text) => findEmails(text, found)),
  row(`${DETECTION}/pii/pii-contacts.ts#findPhones`, TEXT_SHAPES, (text) => findPhones(text, found)),
  row(`${DETECTION}/pii/pii-cards.ts#findCards`, CARD_SHAPES, (text) => findCards(text, found)),
  row(`${DETECTION}/pii/pii-numbers.ts#findSsns`, TEXT_SHAPES, (text) => findSsns(text, found)),
  row(`${DETECTION}/pii/pii-numbers.ts#findIbans`, TEXT_SHAPES, (text) => findIbans(text, found)),
  row(`${DETECTION}/pii/scrub.ts#scrub`, TEXT_SHAPES, scrub, { size: 60 }),
  row(`${DETECTION}/placeholders.ts#placeholdersIn`, TEXT_SHAPES, placeholdersIn, {
    inside: [`${DETECTION}/placeholders.ts#mayHoldPlaceholder`],
  }),
  row(
    `${DETECTION}/readable.ts#readableTexts`,
    DOCUMENTS,
    ({ payload, facts }) => readableTexts(payload, facts),
    { inside: [`${DETECTION}/readable.ts#readableTextsInSteps`] },
  ),
  row(
    `${DETECTION}/template-errors.ts#findTemplateErrors`,
    DOCUMENTS,
    ({ payload, facts }) => findTemplateErrors(payload, facts),
    { inside: [`${DETECTION}/template-errors.ts#findTemplateErrorsInSteps`] },
  ),
];

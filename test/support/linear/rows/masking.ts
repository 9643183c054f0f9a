import { masksFor } from "../../../../src/core/masking/masks.ts";
import { isMaskable, maskProblem } from "../../../../src/core/masking/secret-strength.ts";
import { row } from "../row.ts";
import { bytesOf, many, mapped, shape, shapesOf } from "../shapes.ts";

const MASKING = "src/core/masking";

const SECRET = "sk_live_4eC39HqLyjWDarjtT1";
const BASE64 = btoa(SECRET);

/** What an upstream that knows the secret can send: its beginning, its encodings, escapes in escapes. */
const SHAPES = shapesOf(
  [
    "s",
    "sk_",
    "sk_live_4eC39HqLyjWDarjtT",
    SECRET,
    BASE64,
    BASE64.slice(0, 20),
    "%73",
    "%25",
    "\\",
    "\\u0073",
    "\\\\u0",
    "&",
    "&#",
    "&#x",
    "&#0",
    "&#115;",
    "&amp;",
    "\0",
    "\n",
    "736b",
    "a",
    " ",
  ],
  [
    shape("the secret in percent-encodings of itself", (size) => many(size, () => "%2525373%25%37%33")),
    shape("beginnings of the secret of every length", (size) =>
      many(size, (index) => SECRET.slice(0, index % SECRET.length)),
    ),
    shape("the secret itself", (size) => SECRET.repeat(size >> 4)),
  ],
);

export const MASKING_ROWS = [
  row(
    `${MASKING}/masks.ts#masksFor`,
    SHAPES,
    (text) => {
      // Afresh, so that no automaton of an earlier text helps.
      const masks = masksFor([SECRET]);
      if (!masks.ok) throw new Error(masks.error);
      const stream = masks.value.stream();
      for (const byte of bytesOf(text)) stream.push(Uint8Array.of(byte));
      return [stream.end(), masks.value.text(text), masks.value.isInName(text)];
    },
    {
      inside: [
        "automaton.ts#build",
        "automaton.ts#emptyAutomaton",
        "automaton.ts#moveOf",
        "automaton.ts#numberOf",
        "automaton.ts#stepsOf",
        "compiled-secrets.ts#compileSecrets",
        "escapes.ts#spell",
        "masked-bytes.ts#MaskedBytes",
        "match-tracker.ts#trackMatches",
        "secret-encodings.ts#secretEncodings",
        "secret-encodings.ts#withoutCase",
      ].map((each) => `${MASKING}/${each}`),
    },
  ),
  row(
    `${MASKING}/secret-strength.ts#maskProblem`,
    mapped(SHAPES, (text) => text),
    (text) => [maskProblem(text), isMaskable(text)],
    {
      inside: [`${MASKING}/secret-strength.ts#isMaskable`],
    },
  ),
];

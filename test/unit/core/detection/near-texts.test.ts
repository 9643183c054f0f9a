import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodings } from "../../../../src/core/detection/decoding/decodings.ts";
import { matchesAt } from "../../../../src/core/detection/terms/alignment.ts";
import { OPTIONAL, UNSPACED } from "../../../../src/core/detection/terms/fold.ts";
import {
  emptyLetters,
  GAP_BITS,
  type Letters,
  readLettersAtOnce,
} from "../../../../src/core/detection/terms/letters.ts";
import { newStretches } from "../../../../src/core/detection/terms/near-texts.ts";
import { readPattern } from "../../../../src/core/detection/terms/pattern.ts";
import { compileTerms } from "../../../../src/core/detection/terms/terms.ts";
import { testSeed, volume } from "../../../support/volume.ts";

const TERMS = [
  ..."refund|refund guaranteed|sue|a$$|100%|guaranteed returns|退款|возврат|r2d2|il!|il!|legal action|deal|ida|x41".split(
    "|",
  ),
  "ee€",
  "free",
  "sale 41 off",
];

const PATTERNS = TERMS.map((term) => {
  const pattern = readPattern(term);
  if (pattern === null) throw new Error("a term without letters");
  return pattern;
});

/** Every reading of a text searched whole, letter by letter, without an automaton. */
function findWhole(readings: readonly string[]): readonly number[] {
  const found = new Set<number>();
  const letters = emptyLetters();
  const budget = { steps: Number.POSITIVE_INFINITY };
  for (const reading of readings) {
    for (const mode of ["latin", "native"] as const) {
      readLettersAtOnce(reading, mode, letters);
      for (let end = 0; end < letters.length; end++) {
        if (!endsWord(letters, end)) continue;
        for (const [index, pattern] of PATTERNS.entries()) {
          if (found.has(index) || pattern.native !== (mode === "native")) continue;
          if (matchesAt(letters, pattern, end, budget)) found.add(index);
        }
      }
    }
  }
  return [...found].toSorted((one, other) => one - other);
}

function endsWord({ traits, length }: Letters, end: number): boolean {
  const next = end + 1 < length ? (traits[end + 1] ?? 0) : GAP_BITS;
  return (next & (GAP_BITS | OPTIONAL | UNSPACED)) !== 0 || ((traits[end] ?? 0) & UNSPACED) !== 0;
}

const SPLIT = fc.constantFrom(
  "<p>",
  "</p>",
  "<br>",
  "<td>",
  "<b>",
  "</b>",
  "<i>",
  "<!---->",
  "<!-- x -->",
  "<![CDATA[",
  "]]>",
  "<wbr>",
  "=41",
  "=72",
  "=20",
  "=C3=A9",
  "=\n",
  "=2",
  "=",
  "&amp;",
  "&nbsp;",
  "&#39;",
  "&shy;",
  "%20",
  "\\n",
  "**",
  "_",
  "`",
  "\n",
  "\n\n",
  " ",
  "-",
  "!",
  "!!",
  "$",
  "€",
  "\u200b",
  "\ud83d",
  "\ude00",
  "ᄀ",
  "ᅡ",
);
/**
 * A term that is only in the reading without quoted-printable: its digits are one of that, and its other letters or
 * blanks are escaped.
 */
const SIGN = fc.constantFrom("&nbsp;", "&#32;", "%20", " ", "-", "\n", "!", "", " &shy; ");
const ESCAPED = fc
  .tuple(
    fc.constantFrom("sale", "s&#97;le", "%73ale", "s a l e", "$ale"),
    SIGN,
    SIGN,
    fc.constantFrom("off", "&#111;ff", "ofx", "o f f"),
  )
  .map(([sale, before, behind, off]) => `${sale}${before}=41${behind}${off}`);
const PIECE = fc.oneof(
  { weight: 4, arbitrary: SPLIT },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.constantFrom(...TERMS), SPLIT, fc.nat(8))
      .map(([term, split, at]) => `${term.slice(0, at)}${split}${term.slice(at)}`),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      "I",
      "l",
      "guIlty ",
      "issue ",
      "s u e ",
      "dead beef 1234 567",
      "i s s u e ",
      "рефунд ",
      "A$$ ",
      "41",
      "<a href='https://x.example/?id=41&amp;y=2'>link</a>",
      "<span hidden>",
      "<script>",
      "</script>",
      "<template>",
      "</template>",
      "[refund](x)",
      "cmVmdW5k",
      "!!!!!!!!!!!!!!",
      "|$@!+|$@!+|$@!+",
    ),
  },
  { weight: 3, arbitrary: ESCAPED },
  { weight: 2, arbitrary: fc.constantFrom(" of the order ", " to you. ", "<p>Nothing to see</p>") },
);
/** Long enough that one looks what is new, and sparse enough that stretches leave something out. */
const FILLER = "<p>The parcel is on its way to the customer's home, as agreed in October.</p>".repeat(9);
const PAGE = fc
  .tuple(fc.array(PIECE, { maxLength: 8 }), fc.array(PIECE, { maxLength: 8 }), fc.boolean())
  .map(([one, other, octet]) => `${one.join("")}${FILLER}${octet ? "?id=42&amp;" : ""}${other.join("")}`);

describe("INV-15: terms in a reading that is mostly another one's text", () => {
  test("are found exactly as by searching every reading whole", () => {
    const compiled = compileTerms(TERMS);
    if (!compiled.ok) throw new Error(compiled.error.problem);
    const alone = TERMS.map((term) => {
      const one = compileTerms([term]);
      if (!one.ok) throw new Error(one.error.problem);
      return one.value;
    });
    const tried = { found: 0, left: 0, stretches: 0 };
    fc.assert(
      fc.property(PAGE, (page) => {
        const { texts } = decodings([page], { words: true });
        const whole = findWhole(texts);
        expect(compiled.value.find([page])).toEqual(whole);
        // Alone, because a term that is found or nearly found ends the comparison for all others.
        expect(alone.flatMap((one, index) => (one.find([page]).length > 0 ? [index] : []))).toEqual(whole);
        tried.found += whole.length;
        for (const [index, text] of texts.entries()) {
          const stretches = newStretches(text, texts.slice(0, index), 6);
          if (stretches === "") tried.left++;
          else if (stretches !== null) tried.stretches++;
        }
      }),
      { numRuns: volume("NEAR_TEXTS", { quick: 200, chaos: 20_000 }), seed: testSeed(12) },
    );
    // Otherwise the comparison would have been with itself.
    expect(tried.found).toBeGreaterThan(100);
    expect(tried.left).toBeGreaterThan(50);
    expect(tried.stretches).toBeGreaterThan(50);
  });
});

describe("newStretches", () => {
  const text = `${"word ".repeat(40)}?id=41 end ${"word ".repeat(40)}`;

  test("holds so many letters on both sides of an octet", () => {
    expect(newStretches(text, [text.replace("=41", "A")], 4)).toBe("d word ?id=41 end word");
  });

  test("is empty for a text that is another one without line breaks", () => {
    expect(newStretches("one two", ["one\n two\n"], 4)).toBe("");
  });

  test.each([
    ["another text", "one two", "one three"],
    ["halves of a surrogate pair that meet", "a\ud83d\ude00b", "a\ud83d\n\ude00b"],
    ["letters that compose where they meet", "\u1100\u1161", "\u1100\n\u1161"],
    ["a soft line break", text.replace("end", "e=\nnd"), text.replace("=41", "A")],
  ])("is the whole text for %s", (_, one, other) => {
    expect(newStretches(one, [other], 4)).toBeNull();
  });
});

import { characterEntities } from "character-entities";
import { characterEntitiesLegacy } from "character-entities-legacy";
import * as fc from "fast-check";
import { parseFragment } from "parse5";
import { describe, expect, test } from "vitest";
import { decodedReferences } from "../../../../../src/core/detection/decoding/character-references.ts";

/** What a browser's parser makes of a text without tags. */
function browserText(text: string): string {
  return parseFragment(text)
    .childNodes.map((node) => ("value" in node ? node.value : ""))
    .join("");
}

/** Gate keeps a NUL, which the matcher ignores, where a browser shows U+FFFD. */
function withoutNul(text: string): string {
  return text.replaceAll("\0", "\ufffd");
}

describe("INV-15: character references are read as a browser reads them", () => {
  test("all 2,231 names of the standard, with and without a semicolon, before a letter and before a sign", () => {
    const names = Object.keys(characterEntities);
    expect(names.length + characterEntitiesLegacy.length).toBe(2_231);
    const wrong = names
      .flatMap((name) => [`&${name};`, `&${name}`, `&${name}x`, `&${name} x`, `&${name}=x;`, `&x${name};`])
      .filter((text) => decodedReferences(text) !== browserText(text));
    expect(wrong).toEqual([]);
  });

  test.each([
    ["&nbsp guaranteed", "\u00a0 guaranteed"],
    ["r&iecy;fund", "r\u0435fund"],
    ["&notit;", "¬it;"],
    ["&notin;", "∉"],
    ["&#00000000000000000114;", "r"],
    ["&#x0000000000000000072;", "r"],
    ["&#114efund", "refund"],
    ["&#X72efund", "\u72efund"],
    ["&#128;&#150;&#x9f;&#129;", "€–Ÿ\u0081"],
    ["&#xd800;&#1114112;&#99999999999999999999;", "\ufffd\ufffd\ufffd"],
    ["&#0;", "\0"],
    ["&#28;", ""],
    ["&;&#;&#x;&bogus;&#xg;", "&;&#;&#x;&bogus;&#xg;"],
  ])("%s is %j", (text, decoded) => {
    expect(decodedReferences(text)).toBe(decoded);
  });

  test("any text of ampersands, digits, names and signs", () => {
    const piece = fc.constantFrom(
      ..."& &# &#x &#X ; 0 00 1 72 114 8203 128 d800 110000 a x amp not notin nbsp iecy copy AMP lt gt = #".split(
        " ",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const text = pieces.join("");
        // U+001C is the matcher's own barrier.
        expect(withoutNul(decodedReferences(text))).toBe(browserText(text).replaceAll("\u001c", ""));
      }),
      { numRuns: 3_000 },
    );
  });
});

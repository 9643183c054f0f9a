import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ID_PREFIX, KEY_PREFIX, nameKey, ROLES } from "../../../../src/core/identity/principal.ts";

describe("INV-01: names that look alike are one name", () => {
  test.each([
    ["case", "Dana", "dANA"],
    ["spaces around", "dana", "  dana\t"],
    ["more spaces between", "dana lee", "dana   lee"],
    ["a no-break space", "dana lee", "dana\u00a0lee"],
    ["an ideographic space", "dana lee", "dana\u3000lee"],
    ["a blank Braille pattern", "dana", "dana\u2800"],
    ["a zero-width space", "dana", "da\u200bna"],
    ["a zero-width joiner", "dana", "da\u200dna"],
    ["a byte order mark", "dana", "\ufeffdana"],
    ["a soft hyphen", "dana", "da\u00adna"],
    ["a right-to-left override", "dana", "\u202edana"],
    ["a Hangul filler", "dana", "dana\u3164"],
    ["a variation selector", "dana", "dana\ufe0f"],
    ["a tag character", "dana", "dana\u{e0041}"],
    ["a control character", "dana", "da\u0000na"],
    ["a lone surrogate", "dana", "dana\ud800"],
    ["an accent", "dana", "dánà"],
    ["many accents", "dana", "d\u0300\u0301\u0302\u0303ana"],
    ["a no-break hyphen", "local-admin", "local\u2011admin"],
    ["an en dash", "local-admin", "local–admin"],
    ["full-width letters", "dana", "ｄａｎａ"],
    ["mathematical letters", "dana", "𝐝𝖆𝒏𝚊"],
    ["circled letters", "dana", "ⓓⓐⓝⓐ"],
    ["a Cyrillic a", "dana", "d\u0430na"],
    ["a Cyrillic capital", "dana", "D\u0410NA"],
    ["a Greek capital eta for an h", "henry", "\u0397enry"],
    ["a dotless i", "dina", "d\u0131na"],
    ["a long s", "dasa", "da\u017fa"],
    ["a ligature", "office", "oﬃce"],
    ["a capital sharp s", "strasse", "STRAẞE"],
    ["a small sharp s", "strasse", "straße"],
    ["a sigma at the end of a Greek word", "ΟΔΟΣ", "οδος"],
    ["a Greek name in capitals", "ΗΝ", "ην"],
    ["a Cyrillic name that reads as a Latin one", "coco", "\u0441\u043e\u0441\u043e"],
  ])("they differ only in %s", (_what, one, other) => {
    expect(nameKey(one)).not.toBeNull();
    expect(nameKey(other)).toBe(nameKey(one));
  });

  test("the normal form of a name is its own normal form", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (name) => {
        const key = nameKey(name);
        if (key !== null) expect(nameKey(key)).toBe(key);
      }),
      { numRuns: 200 },
    );
  });

  test("names that differ only in case are one name, whatever the script", () => {
    const letters = fc.constantFrom(..."aBzÉñßıİŁœ жЯщЁы ƔɣⱯɐ ａＢ");
    fc.assert(
      fc.property(fc.string({ unit: letters, maxLength: 12 }), (name) => {
        expect(nameKey(name.toUpperCase())).toBe(nameKey(name.toUpperCase().toLowerCase()));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("INV-01: names that look different stay different", () => {
  test.each([
    ["dana", "dan"],
    ["dana", "dana2"],
    ["agent-1", "agent-2"],
    ["dana lee", "danalee"],
    ["dana-lee", "dana lee"],
    ["山田", "田山"],
    ["Игорь", "Олег"],
  ])("the names %s and %s", (one, other) => {
    expect(nameKey(one)).not.toBe(nameKey(other));
  });
});

describe("INV-01: reserved names can't be taken", () => {
  const RESERVED = ["gate", "system", "policy", "timeout", "admin", "registry", "anonymous"];
  const DISGUISED = [
    "Gate",
    "SYSTEM",
    " gate ",
    "g\u200bate",
    "ｇａｔｅ",
    "gát\u0301e",
    "g\u0430te",
    "p\u043elicy",
    "\u0455\u0443\u0455tem",
    "\u0410dmin",
    "𝓼𝔂𝓼𝓽𝓮𝓶",
    "gate\u2800",
  ];
  const INVISIBLE = ["", " ", "\u200b", "\u0301\u0302", "\u0000\t\n", "\u2800", "\u3164"];
  const TOO_LONG = ["x".repeat(129), "ﷺ".repeat(20)];

  test.each([RESERVED, DISGUISED, INVISIBLE, TOO_LONG].flat())("the name %j is refused", (name) => {
    expect(nameKey(name)).toBeNull();
  });

  test.each(["gateway", "my system", "system-2", "policy.bot", "x".repeat(128)])(
    "the name %s is accepted",
    (name) => {
      expect(nameKey(name)).toBe(name);
    },
  );
});

test("key and id prefixes of different roles differ, so a log line shows which role it is", () => {
  for (const prefixes of [KEY_PREFIX, ID_PREFIX]) {
    expect(Object.keys(prefixes).toSorted()).toEqual([...ROLES].toSorted());
    const all = Object.values(prefixes);
    for (const one of all) expect(all.filter((other) => other.startsWith(one))).toEqual([one]);
  }
});

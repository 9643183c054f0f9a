import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromBase64Url, toBase64Url } from "../../../../src/core/base/base64url.ts";

// RFC 4648, section 10, with the alphabet of section 5 and without padding.
test.each([
  ["", ""],
  ["f", "Zg"],
  ["fo", "Zm8"],
  ["foo", "Zm9v"],
  ["foob", "Zm9vYg"],
  ["fooba", "Zm9vYmE"],
  ["foobar", "Zm9vYmFy"],
  ["\u{fb}\u{ff}\u{fe}", "-__-"],
])("%j is %s", (latin1, text) => {
  const bytes = Uint8Array.from(latin1, (char) => char.charCodeAt(0));
  expect(toBase64Url(bytes)).toBe(text);
  expect(fromBase64Url(text)).toEqual(bytes);
});

test("any bytes come back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }),
  );
});

describe("what is not base64url is nothing", () => {
  test.each(["A", "AAAAA", "Zg==", "Zg=", "+/", "Zm 8", "Zm8\n", " ", "é", "Zm9v.", "\u0000", "Ｚｍ８"])(
    "%j",
    (text) => {
      expect(fromBase64Url(text)).toBeNull();
    },
  );

  // RFC 4648, section 3.5: one value must not have several texts, or an id has aliases.
  test.each(["Zh", "Zv", "Zm9", "Zm-", "Zm9vYh", "Zm9vYmF"])("%j: bits are set after the end", (text) => {
    expect(fromBase64Url(text)).toBeNull();
  });

  test("so one value has one text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ABCDwxyz0189-_"), maxLength: 12 }), (text) => {
        const bytes = fromBase64Url(text);
        if (bytes !== null) expect(toBase64Url(bytes)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

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
])("the bytes of %j encode to %s", (latin1, text) => {
  const bytes = Uint8Array.from(latin1, (char) => char.charCodeAt(0));
  expect(toBase64Url(bytes)).toBe(text);
  expect(fromBase64Url(text)).toEqual(bytes);
});

test("decoding an encoded byte string returns the same bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes);
    }),
  );
});

describe("text that is not canonical base64url is refused", () => {
  test.each(["A", "AAAAA", "Zg==", "Zg=", "+/", "Zm 8", "Zm8\n", " ", "é", "Zm9v.", "\u0000", "Ｚｍ８"])(
    "%j does not decode",
    (text) => {
      expect(fromBase64Url(text)).toBeNull();
    },
  );

  // RFC 4648, section 3.5: one value must not have several texts, or an id has aliases.
  test.each(["Zh", "Zv", "Zm9", "Zm-", "Zm9vYh", "Zm9vYmF"])(
    "%j does not decode: bits are set after the end",
    (text) => {
      expect(fromBase64Url(text)).toBeNull();
    },
  );

  test("every byte string has exactly one text", () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(..."ABCDwxyz0189-_"), maxLength: 12 }), (text) => {
        const bytes = fromBase64Url(text);
        if (bytes !== null) expect(toBase64Url(bytes)).toBe(text);
      }),
      { numRuns: 500 },
    );
  });
});

import { describe, expect, test } from "vitest";
import { decodeText } from "../../../../src/core/proposal/formats/text.ts";

const LITTLE = [0xff, 0xfe];
const BIG = [0xfe, 0xff];

function utf16(text: string, mark: readonly number[]): Uint8Array {
  const bytes = Buffer.from(text, "utf16le");
  return Uint8Array.from([...mark, ...(mark === BIG ? bytes.swap16() : bytes)]);
}

describe("a UTF-16 byte order mark", () => {
  test.each([LITTLE, BIG])("is followed where the bytes have no other reading", (...mark) => {
    for (const text of ['{"amount":900}', "a;b\r\n1;2\r\n", "“it’s … fine” • — naïve", "žluťoučký kůň"]) {
      expect(decodeText(utf16(text, mark[0] === 0xfe ? BIG : LITTLE), null)).toEqual({
        text,
        certain: true,
        countable: true,
      });
    }
  });

  test.each([LITTLE, BIG])("INV-00: does not hide text from a reader that ignores it", (...mark) => {
    for (const text of ["id=1&id=2&id=3&", "wire the money", '{"amount":900,"x":1} ']) {
      const bytes = Uint8Array.from([...mark, ...new TextEncoder().encode(text)]);
      expect(decodeText(bytes, "text/plain; charset=utf-16")).toEqual({
        text,
        certain: false,
        countable: false,
      });
    }
  });
});

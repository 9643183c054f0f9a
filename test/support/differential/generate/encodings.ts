import fc from "fast-check";

/** ASCII in EBCDIC (ibm037): what a server that honours an unusual charset reads. */
const EBCDIC: ReadonlyMap<string, number> = new Map([
  ..."abcdefghi".split("").map((letter, at) => [letter, 0x81 + at] as const),
  ..."jklmnopqr".split("").map((letter, at) => [letter, 0x91 + at] as const),
  ..."stuvwxyz".split("").map((letter, at) => [letter, 0xa2 + at] as const),
  ..."0123456789".split("").map((digit, at) => [digit, 0xf0 + at] as const),
  ["&", 0x50],
  ["=", 0x7e],
  [" ", 0x40],
  [",", 0x6b],
  [";", 0x5e],
  ['"', 0x7f],
  ["@", 0x7c],
  [".", 0x4b],
  ["{", 0xc0],
  ["}", 0xd0],
  ["\n", 0x25],
]);

const ENCODERS = {
  utf8: (text: string) => Buffer.from(text),
  "utf8 with mark": (text: string) => Buffer.from(`\u{feff}${text}`),
  latin1: (text: string) => Buffer.from(text, "latin1"),
  "utf16le with mark": (text: string) => Buffer.from(`\u{feff}${text}`, "utf16le"),
  utf16le: (text: string) => Buffer.from(text, "utf16le"),
  "utf16be with mark": (text: string) => Buffer.from(`\u{feff}${text}`, "utf16le").swap16(),
  ebcdic: (text: string) => Buffer.from(Array.from(text, (unit) => EBCDIC.get(unit) ?? 0x6f)),
  // Direct characters stay as they are; only what a scan looks for is hidden.
  utf7: (text: string) => Buffer.from(text.replaceAll("&", "+ACY-").replaceAll("u", "+AHU-")),
} as const;

const LABELS: readonly string[] = [
  "; charset=utf-8",
  ";charset=UTF-8",
  '; charset="utf-8"',
  "; charset=iso-8859-1",
  "; charset=windows-1252",
  "; charset=utf-16",
  "; charset=utf-16le",
  "; charset=ibm037",
  "; charset=utf-7",
  "; charset*=utf-8''ibm037",
  '; a=";charset=utf-8"; charset=ibm037',
  "; charset=utf-8; charset=ibm037",
  "; charset=utf-8; charset=utf-7",
  "; header=present; charset=utf-8",
];

export interface Encoded {
  readonly bytes: Uint8Array;
  readonly parameters: string;
}

/** Mostly UTF-8 with or without a label; sometimes an encoding and a label that need not match. */
export function encoded(text: string): fc.Arbitrary<Encoded> {
  return fc.oneof(
    { weight: 14, arbitrary: fc.constant({ bytes: ENCODERS.utf8(text), parameters: "" }) },
    { weight: 2, arbitrary: fc.constant({ bytes: ENCODERS["utf8 with mark"](text), parameters: "" }) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom(...Object.values(ENCODERS)), fc.constantFrom("", ...LABELS))
        .map(([encode, parameters]) => ({ bytes: encode(text), parameters })),
    },
  );
}

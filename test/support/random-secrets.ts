import fc from "fast-check";

/** Ways an upstream writes down a character, each with a word for what a failing test prints. */
export const SPELLINGS = {
  plain: (char: string) => char,
  percent: (char: string) => `%${hex(char)}`,
  percentUpper: (char: string) => `%${hex(char).toUpperCase()}`,
  percentTwice: (char: string) => `%25${hex(char)}`,
  json: (char: string) => `\\u00${hex(char)}`,
  jsonUpper: (char: string) => `\\u00${hex(char).toUpperCase()}`,
  jsonTwice: (char: string) => `\\\\u00${hex(char)}`,
  backslash: (char: string) => (/[A-Za-z0-9]/.test(char) ? char : `\\${char}`),
  source: (char: string) => `\\x${hex(char)}`,
  decimal: (char: string) => `&#${char.charCodeAt(0)};`,
  decimalZeros: (char: string) => `&#000${char.charCodeAt(0)};`,
  hexadecimal: (char: string) => `&#x${hex(char)};`,
  hexadecimalUpper: (char: string) => `&#X${hex(char).toUpperCase()};`,
  decimalTwice: (char: string) => `&amp;#${char.charCodeAt(0)};`,
  percentUnicode: (char: string) => `%u00${hex(char)}`,
  percentUnicodeUpper: (char: string) => `%u00${hex(char).toUpperCase()}`,
  percentUnicodeTwice: (char: string) => `%25u00${hex(char)}`,
  braced: (char: string) => `\\u{${hex(char)}}`,
  bracedZeros: (char: string) => `\\u{00${hex(char).toUpperCase()}}`,
  sourceBraced: (char: string) => `\\x{${hex(char)}}`,
  long: (char: string) => `\\U000000${hex(char)}`,
  octal: (char: string) => `\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`,
  octalTwice: (char: string) => `\\\\${char.charCodeAt(0).toString(8).padStart(3, "0")}`,
  quotedPrintable: (char: string) => `=${hex(char).toUpperCase()}`,
  quotedPrintableLower: (char: string) => `=${hex(char)}`,
  quotedPrintableInPercent: (char: string) => `%3D${hex(char)}`,
  decimalBare: (char: string) => `&#${char.charCodeAt(0)}`,
  namedBare: (char: string) => (char === "'" ? "&apos;" : (NAMED[char]?.slice(0, -1) ?? char)),
  named: (char: string) => NAMED[char] ?? char,
  namedInJson: (char: string) => (NAMED[char] ?? char).replace("&", "\\u0026"),
} as const satisfies Record<string, (char: string) => string>;

export type Spelling = keyof typeof SPELLINGS;

const NAMED: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

function hex(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, "0");
}

/** Encodings of a text before its characters are spelled. */
export const FORMS = {
  itself: (text: string) => text,
  base64: (text: string) => btoa(text),
  base64After1: (text: string) => btoa(`x${text}`),
  base64After2: (text: string) => btoa(`xy${text}`),
  base64Between: (text: string) => btoa(`user:${text}\nand more`),
  base64Url: (text: string) => btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""),
  base64Lines: (text: string) => btoa(`x${text}`).replaceAll(/.{7}/g, "$&\r\n"),
  base64JsonLines: (text: string) => btoa(`xy${text}`).replaceAll(/.{5}/g, "$&\\n"),
  hex: (text: string) => Array.from(text, hex).join(""),
  hexUpper: (text: string) => Array.from(text, hex).join("").toUpperCase(),
} as const satisfies Record<string, (text: string) => string>;

export const anyForm = fc.constantFrom(...Object.values(FORMS));

export const anySpelling = fc.constantFrom(...Object.values(SPELLINGS));

const ANY_CHARACTER = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));

/** As vaults make them, and with every printable character. */
export const anySecret = fc.oneof(
  fc.string({
    unit: fc.constantFrom(..."abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"),
    minLength: 16,
    maxLength: 48,
  }),
  fc.string({ unit: ANY_CHARACTER, minLength: 12, maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...`%\\&;#x25u0"'<>+/=-_ab`), minLength: 14, maxLength: 30 }),
);

/** Chunk lengths; after the last one, it begins again with the first. */
export const anyCuts = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 12 });

export function cut(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunks: Uint8Array[] = [];
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] ?? 1;
    chunks.push(bytes.slice(at, at + length));
    at += length;
  }
  return chunks;
}

import { isCertain, parseParameters } from "./media-type.ts";

/** Bytes as text, and whether their charset is certain. */
export interface DecodedText {
  readonly text: string;
  /** False: not good enough to search for words. */
  readonly certain: boolean;
  /** False: not even lines and digits are certain, because a reader of another charset finds other ones. */
  readonly countable: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const UTF16_LITTLE_ENDIAN = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: false });
/** One character per byte. */
const LATIN = new TextDecoder("windows-1252");

const UTF8_LABELS = new Set(["", "utf-8", "utf8"]);
const ASCII_LABELS = new Set(["us-ascii", "ascii"]);
const LATIN_LABELS = new Set(["iso-8859-1", "latin1", "windows-1252", "cp1252"]);

/**
 * Decodes by byte-order mark and declared charset, which must not contradict each other, else as UTF-8. Any other
 * charset is decoded byte by byte, and nothing in it is certain: UTF-7 or EBCDIC could hide any word or number.
 */
export function decodeText(bytes: Uint8Array, mediaType: string | null): DecodedText {
  const label = charsetOf(mediaType);
  const mark = byteOrderMark(bytes);
  if (label === null) return uncertain(bytes);
  try {
    if (mark === "utf-16le") return decodeUtf16(bytes, bytes, isUtf16(label, mark));
    if (mark === "utf-16be") return decodeUtf16(bytes, swapBytePairs(bytes), isUtf16(label, mark));
    if (UTF8_LABELS.has(label)) return decodedText(UTF8.decode(bytes));
    if (mark === null && ASCII_LABELS.has(label)) return decodeAscii(bytes);
    if (mark === null && LATIN_LABELS.has(label)) return decodeLatin(bytes, label);
  } catch {
    // Invalid in its charset. Most charsets that servers guess then extend ASCII, so lines and digits are certain.
    return { text: LATIN.decode(bytes), certain: false, countable: label === "" && mark === null };
  }
  return uncertain(bytes);
}

function uncertain(bytes: Uint8Array): DecodedText {
  return { text: LATIN.decode(bytes), certain: false, countable: false };
}

function byteOrderMark(bytes: Uint8Array): "utf-8" | "utf-16le" | "utf-16be" | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return "utf-16le";
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return "utf-16be";
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? "utf-8" : null;
}

/** Whether a label agrees with the mark; a server that follows another label reads other characters. */
function isUtf16(label: string, mark: string): boolean {
  return label === "" || label === "utf-16" || label === mark;
}

/** Some servers take `us-ascii` for UTF-8 and others for Windows-1252 (WHATWG Encoding). */
function decodeAscii(bytes: Uint8Array): DecodedText {
  const decoded = decodedText(UTF8.decode(bytes));
  return bytes.some((byte) => byte > 0x7f) ? { ...decoded, certain: false } : decoded;
}

/** The bytes as UTF-8 where that has other characters than ASCII; null where it has not. */
function utf8BeyondAscii(bytes: Uint8Array): string | null {
  if (!bytes.some((byte) => byte > 0x7f)) return null;
  try {
    return UTF8.decode(bytes);
  } catch {
    return null;
  }
}

/** Beyond ASCII. */
const LINE_END_OF_UNICODE = /[\u0085\u2028\u2029]/;

/** 0x80 to 0x9F are letters and quotes in Windows-1252, and in ISO 8859-1 controls, one of which ends a line. */
function decodeLatin(bytes: Uint8Array, label: string): DecodedText {
  const latin = decodedText(LATIN.decode(bytes));
  // Readers of JSON don't ask for a charset, and others detect UTF-8, in which the words are others.
  const utf8 = utf8BeyondAscii(bytes);
  const hasOtherLines = utf8 !== null && LINE_END_OF_UNICODE.test(utf8);
  const decoded =
    utf8 === null ? latin : { ...latin, certain: false, countable: latin.countable && !hasOtherLines };
  if (label === "windows-1252" || label === "cp1252") return decoded;
  const isAlike = !bytes.some((byte) => byte >= 0x80 && byte <= 0x9f);
  return isAlike ? decoded : { ...decoded, countable: false };
}

/** Adjacent ASCII characters; UTF-16 has a zero byte between them. */
const PLAIN_TEXT = /[\t\n\r\x20-\x7e]{4}/;

/**
 * Decodes UTF-16, unless the bytes are also ASCII to a server that ignores the mark: `amount=900` is five Chinese
 * characters here and an amount to most servers. Such bytes are decoded byte by byte, even if they are Chinese.
 */
function decodeUtf16(bytes: Uint8Array, littleEndian: Uint8Array, agrees: boolean): DecodedText {
  const single = LATIN.decode(bytes);
  if (PLAIN_TEXT.test(single)) return { text: single.slice(2), certain: false, countable: false };
  const decoded = decodedText(UTF16_LITTLE_ENDIAN.decode(littleEndian));
  return agrees ? decoded : { ...decoded, certain: false, countable: false };
}

/** A NUL means UTF-16 or UTF-32 without a mark, or no text at all. */
function decodedText(text: string): DecodedText {
  const certain = !text.includes("\0");
  return { text, certain, countable: certain };
}

function swapBytePairs(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) swapped[index] = bytes[index ^ 1] ?? 0;
  return swapped;
}

const LABEL = /^[a-z0-9][a-z0-9_.:-]{0,39}$/;

/** The declared charset in lower case, empty for none; null where servers would read different ones. */
function charsetOf(mediaType: string | null): string | null {
  if (mediaType === null || !/charset/i.test(mediaType)) return "";
  const parameters = parseParameters(mediaType);
  if (!isCertain(parameters, "charset")) return isUtf8Everywhere(mediaType) ? "utf-8" : null;
  const label = parameters.values.get("charset")?.[0]?.toLowerCase() ?? "";
  return label === "" || LABEL.test(label) ? label : null;
}

/** However `charset` is found, it says UTF-8, which is also what servers assume that find none. */
function isUtf8Everywhere(mediaType: string): boolean {
  const labels = [...mediaType.matchAll(/charset(?:\*\d*\*?)?\s*=\s*"?(?:utf-8'[a-z-]*')?([^\s";]*)/gi)];
  return labels.length > 0 && labels.every(([, label]) => /^utf-?8$/i.test(label ?? ""));
}

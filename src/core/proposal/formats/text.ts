/** Bytes as text, and whether their charset is certain. */
export interface DecodedText {
  readonly text: string;
  /** False: good enough to count lines and digits, not to search for words. */
  readonly certain: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const UTF16_LITTLE_ENDIAN = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: false });
/** One character per byte. */
const LATIN = new TextDecoder("windows-1252");

const UNICODE_LABELS = new Set(["", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"]);
const LATIN_LABELS = new Set(["iso-8859-1", "latin1", "windows-1252", "cp1252"]);

/**
 * A byte-order mark comes first, then the declared charset, then UTF-8. Any other charset is decoded byte by byte
 * and is not certain: UTF-7 or EBCDIC could hide any word from a scan that trusted the wrong charset.
 */
export function decodeText(bytes: Uint8Array, mediaType: string | null): DecodedText {
  const label = charsetOf(mediaType);
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return decodeUtf16(bytes, bytes);
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return decodeUtf16(bytes, swapBytePairs(bytes));
    if (LATIN_LABELS.has(label)) return decodedText(LATIN.decode(bytes));
    if (UNICODE_LABELS.has(label)) return decodedText(UTF8.decode(bytes));
  } catch {
    // The bytes are invalid in that charset.
  }
  return { text: LATIN.decode(bytes), certain: false };
}

/** Adjacent ASCII characters; UTF-16 has a zero byte between them. */
const PLAIN_TEXT = /[\t\n\r\x20-\x7e]{4}/;

/**
 * Decodes UTF-16, unless the bytes are also ASCII to a server that ignores the mark: `amount=900` is five Chinese
 * characters here and an amount to most servers. Such bytes are decoded byte by byte, even if they are Chinese.
 */
function decodeUtf16(bytes: Uint8Array, littleEndian: Uint8Array): DecodedText {
  const single = LATIN.decode(bytes);
  if (PLAIN_TEXT.test(single)) return { text: single.slice(2), certain: false };
  return decodedText(UTF16_LITTLE_ENDIAN.decode(littleEndian));
}

/** A NUL means UTF-16 or UTF-32 without a mark, or no text at all. */
function decodedText(text: string): DecodedText {
  return { text, certain: !text.includes("\0") };
}

function swapBytePairs(bytes: Uint8Array): Uint8Array {
  const swapped = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) swapped[index] = bytes[index ^ 1] ?? 0;
  return swapped;
}

function charsetOf(mediaType: string | null): string {
  return /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(mediaType ?? "")?.[1]?.toLowerCase() ?? "";
}

/** Bytes as text, and whether Gate may say it has read all of it. */
export interface DecodedText {
  readonly text: string;
  /** False: a reading good enough for counting lines and digits, not for looking for words. */
  readonly certain: boolean;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });
const UTF16_LITTLE_ENDIAN = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: false });
/** One character per byte. */
const LATIN = new TextDecoder("windows-1252");

const UNICODE_LABELS = new Set(["", "utf-8", "utf8", "us-ascii", "ascii", "utf-16", "utf-16le", "utf-16be"]);
const LATIN_LABELS = new Set(["iso-8859-1", "latin1", "windows-1252", "cp1252"]);

/**
 * A byte-order mark decides, then the declared charset, then UTF-8. Anything else is read byte by byte and is
 * not certain: UTF-7 or EBCDIC, say, could hide any word from a scan that trusted another reading.
 */
export function decodeText(bytes: Uint8Array, mediaType: string | null): DecodedText {
  const label = charsetOf(mediaType);
  try {
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return ofPairs(bytes, bytes);
    if (bytes[0] === 0xfe && bytes[1] === 0xff) return ofPairs(bytes, swapped(bytes));
    if (LATIN_LABELS.has(label)) return certain(LATIN.decode(bytes));
    if (UNICODE_LABELS.has(label)) return certain(UTF8.decode(bytes));
  } catch {
    // Not what it is said to be.
  }
  return { text: LATIN.decode(bytes), certain: false };
}

/** Letters of ASCII side by side: in UTF-16 there is a zero between them. */
const PLAIN_TEXT = /[\t\n\r\x20-\x7e]{4}/;

/**
 * UTF-16, unless whoever doesn't mind the mark reads another text: `amount=900` is five characters of Chinese here, and
 * what it says to most servers. Then it is read byte by byte, though it may well be Chinese.
 */
function ofPairs(bytes: Uint8Array, littleEndian: Uint8Array): DecodedText {
  const single = LATIN.decode(bytes);
  if (PLAIN_TEXT.test(single)) return { text: single.slice(2), certain: false };
  return certain(UTF16_LITTLE_ENDIAN.decode(littleEndian));
}

/** A NUL means UTF-16 or UTF-32 without a mark, or no text at all. */
function certain(text: string): DecodedText {
  return { text, certain: !text.includes("\0") };
}

function swapped(bytes: Uint8Array): Uint8Array {
  const even = new Uint8Array(bytes.length);
  for (let index = 0; index < bytes.length; index++) even[index] = bytes[index ^ 1] ?? 0;
  return even;
}

function charsetOf(mediaType: string | null): string {
  return /;\s*charset\s*=\s*"?([^\s";]*)/i.exec(mediaType ?? "")?.[1]?.toLowerCase() ?? "";
}

import { BETWEEN_TEXTS } from "./barrier.ts";

const NOT_BASE64 = 0xff;
/** The values 62 and 63: + / - and _. */
const FIRST_SEPARATOR = 62;
/** Sextet of each code unit, both alphabets of RFC 4648 at once. */
const SEXTETS: Uint8Array = sextets();

function sextets(): Uint8Array {
  const table = new Uint8Array(0x10000).fill(NOT_BASE64);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let value = 0; value < alphabet.length; value++) table[alphabet.charCodeAt(value)] = value;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
}

/** Four characters encode three letters, the shortest term worth hiding. */
const MIN_RUN_CHARS = 4;
/** Encoders wrap at 64 or 76; shorter lines are words under each other. */
const MIN_WRAPPED_LINE_CHARS = 40;
/** Shorter stretches of text in binary data are chance. */
const MIN_TEXT_IN_BINARY_CHARS = 10;
const MIN_BINARY_RUN_CHARS = 24;

/**
 * Decodes the base64 and base64url runs of a text into one text; empty when none decodes. A run that decodes to
 * something other than text (an image, a digest, an ordinary word) gives only its longer stretches of text, and a
 * short one gives none.
 *
 * @param bytes Scratch space, at least as long as the text, so that many short texts need no allocation each.
 */
export function decodedBase64(text: string, bytes: Uint8Array): string {
  const decoded: string[] = [];
  const { length } = text;
  let index = 0;
  while (index < length) {
    const start = index;
    let separators = 0;
    for (; index < length; index++) {
      const sextet = SEXTETS[text.charCodeAt(index)] ?? NOT_BASE64;
      if (sextet === NOT_BASE64) break;
      if (sextet >= FIRST_SEPARATOR) separators++;
    }
    if (index - start >= MIN_WRAPPED_LINE_CHARS) index = wrappedEnd(text, start, index);
    if (index - start >= MIN_RUN_CHARS) {
      if (separators > 0) addPieces(text, start, index, bytes, decoded);
      addRun(text, start, index, bytes, decoded);
    }
    index++;
  }
  return decoded.join(BETWEEN_TEXTS);
}

function sextetAt(text: string, index: number): number {
  // Past the end there is no entry.
  return SEXTETS[text.charCodeAt(index)] ?? NOT_BASE64;
}

/** End of a run that is wrapped over lines: it goes on as long as its lines are long. */
function wrappedEnd(text: string, start: number, firstLineEnd: number): number {
  let lineStart = start;
  let end = firstLineEnd;
  while (end - lineStart >= MIN_WRAPPED_LINE_CHARS) {
    const lineBreak = text.startsWith("\r\n", end) ? 2 : text.startsWith("\n", end) ? 1 : 0;
    lineStart = end + lineBreak;
    if (lineBreak === 0 || sextetAt(text, lineStart) === NOT_BASE64) return end;
    for (end = lineStart; sextetAt(text, end) !== NOT_BASE64;) end++;
  }
  return end;
}

/** A slash or dash may join the run to a path or a name; the pieces are decoded as well as the whole. */
function addPieces(text: string, start: number, end: number, bytes: Uint8Array, decoded: string[]): void {
  let pieceStart = start;
  for (let index = start; index <= end; index++) {
    if (index < end && sextetAt(text, index) < FIRST_SEPARATOR) continue;
    if (index - pieceStart >= MIN_RUN_CHARS) addText(text, pieceStart, index, bytes, decoded);
    pieceStart = index + 1;
  }
}

function addRun(text: string, start: number, end: number, bytes: Uint8Array, decoded: string[]): void {
  if (addText(text, start, end, bytes, decoded) || end - start < MIN_BINARY_RUN_CHARS) return;
  addStretches(bytes.subarray(0, decode(text, start, end, bytes, false)), decoded);
}

const UTF8_STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function addText(text: string, start: number, end: number, bytes: Uint8Array, decoded: string[]): boolean {
  if (!mayBeginText(text, start)) return false;
  const length = decode(text, start, end, bytes, true);
  if (length < 0) return false;
  try {
    decoded.push(UTF8_STRICT.decode(bytes.subarray(0, length)));
    return true;
  } catch {
    // An overlong form or a surrogate: not UTF-8 after all.
    return false;
  }
}

/** Tests the first byte alone, which rules out two ordinary words in three. */
function mayBeginText(text: string, start: number): boolean {
  const byte = (sextetAt(text, start) << 2) | (sextetAt(text, start + 1) >> 4);
  return byte < 0x80 ? byte >= 0x20 || byte === 0 || (byte >= 0x09 && byte <= 0x0d) : byte >= 0xc2;
}

/**
 * Decodes into `bytes`. With `onlyText` it gives up (−1) at the first byte that no text has, which spares nearly
 * every ordinary word from being decoded beyond its first letters.
 */
function decode(text: string, start: number, end: number, bytes: Uint8Array, onlyText: boolean): number {
  let length = 0;
  let bits = 0;
  let buffer = 0;
  let continuations = 0;
  for (let index = start; index < end; index++) {
    const sextet = sextetAt(text, index);
    if (sextet === NOT_BASE64) continue;
    buffer = ((buffer << 6) | sextet) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (buffer >> bits) & 0xff;
    bytes[length++] = byte;
    if (!onlyText) continue;
    if (continuations > 0) {
      if ((byte & 0xc0) !== 0x80) return -1;
      continuations--;
    } else if (byte >= 0x80) {
      if (byte < 0xc2 || byte > 0xf4) return -1;
      continuations = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    } else if (byte < 0x20 && byte !== 0 && (byte < 0x09 || byte > 0x0d)) {
      // NUL is let through: UTF-16 text is ASCII with NULs between, and the matcher ignores them.
      return -1;
    }
  }
  return onlyText && continuations > 0 ? -1 : length;
}

function addStretches(bytes: Uint8Array, decoded: string[]): void {
  let start = 0;
  for (let index = 0; index <= bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte >= 0x20 && byte < 0x7f) continue;
    if (index - start >= MIN_TEXT_IN_BINARY_CHARS) {
      decoded.push(UTF8_STRICT.decode(bytes.subarray(start, index)));
    }
    start = index + 1;
  }
}

import { BETWEEN_TEXTS } from "./barrier.ts";

const NOT_BASE64 = 0xff;
/** Sextet of each ASCII code, both alphabets of RFC 4648 at once. */
const SEXTETS: Uint8Array = sextets();

function sextets(): Uint8Array {
  const table = new Uint8Array(0x80).fill(NOT_BASE64);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  for (let value = 0; value < alphabet.length; value++) table[alphabet.charCodeAt(value)] = value;
  table["-".charCodeAt(0)] = 62;
  table["_".charCodeAt(0)] = 63;
  return table;
}

/** Three letters are the shortest term worth hiding. */
const MIN_RUN_CHARS = 4;
/** Encoders wrap at 64 or 76; shorter lines are words under each other. */
const MIN_WRAPPED_LINE_CHARS = 40;
/** Shorter stretches of text in binary data are chance. */
const MIN_TEXT_IN_BINARY_CHARS = 10;
const MIN_BINARY_RUN_CHARS = 24;

/**
 * What the base64 and base64url runs of a text stand for, as one text; empty when they stand for none. A run
 * that decodes to something else than text (an image, a digest, an ordinary word) gives only the longer
 * stretches of text in it, and none if it is short.
 *
 * @param bytes Scratch space, at least as long as the text, so that many short texts need no allocation each.
 */
export function decodedBase64(text: string, bytes: Uint8Array): string {
  const decoded: string[] = [];
  const { length } = text;
  let index = 0;
  while (index < length) {
    if (sextetAt(text, index) === NOT_BASE64) {
      index++;
      continue;
    }
    const end = runEnd(text, index);
    if (end - index >= MIN_RUN_CHARS) addRun(text, index, end, bytes, decoded);
    index = end;
  }
  return decoded.join(BETWEEN_TEXTS);
}

function sextetAt(text: string, index: number): number {
  // Beyond the table (not ASCII, or past the end) there is no entry.
  return SEXTETS[text.charCodeAt(index)] ?? NOT_BASE64;
}

function runEnd(text: string, start: number): number {
  let lineStart = start;
  let index = start;
  for (; index < text.length; index++) {
    if (sextetAt(text, index) !== NOT_BASE64) continue;
    const unit = text.charCodeAt(index);
    if (unit !== 0x0a && unit !== 0x0d) return index;
    const after = unit === 0x0d && text.charCodeAt(index + 1) === 0x0a ? index + 1 : index;
    if (index - lineStart < MIN_WRAPPED_LINE_CHARS || sextetAt(text, after + 1) === NOT_BASE64) return index;
    index = after;
    lineStart = after + 1;
  }
  return index;
}

function addRun(text: string, start: number, end: number, bytes: Uint8Array, decoded: string[]): void {
  // A slash or dash may join the run to a path or a name; the pieces are looked at as well as the whole.
  let pieceStart = start;
  for (let index = start; index < end; index++) {
    if (sextetAt(text, index) < 62) continue;
    if (index - pieceStart >= MIN_RUN_CHARS) addText(text, pieceStart, index, bytes, decoded);
    pieceStart = index + 1;
  }
  if (pieceStart > start && end - pieceStart >= MIN_RUN_CHARS) addText(text, pieceStart, end, bytes, decoded);
  if (addText(text, start, end, bytes, decoded) || end - start < MIN_BINARY_RUN_CHARS) return;
  addStretches(bytes.subarray(0, decode(text, start, end, bytes, false)), decoded);
}

const UTF8_STRICT = new TextDecoder("utf-8", { fatal: true });

function addText(text: string, start: number, end: number, bytes: Uint8Array, decoded: string[]): boolean {
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

/**
 * Decodes into `bytes`. With `onlyText` it gives up (−1) at the first byte that no text has, which spares nearly
 * every ordinary word from being decoded beyond its first letters.
 */
function decode(text: string, start: number, end: number, bytes: Uint8Array, onlyText: boolean): number {
  let length = 0;
  let bits = 0;
  let held = 0;
  let continuations = 0;
  for (let index = start; index < end; index++) {
    const sextet = sextetAt(text, index);
    if (sextet === NOT_BASE64) continue;
    held = ((held << 6) | sextet) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    const byte = (held >> bits) & 0xff;
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

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
/** A private-use character: a letter of no term, so that no match runs from one stretch into the next. */
const BARRIER = "\ue000";

/**
 * The texts that base64 and base64url runs stand for. A run that decodes to something else than text (an image,
 * a digest, an ordinary word) gives only the longer stretches of text in it, and none if it is short.
 */
export function decodedBase64(text: string): readonly string[] {
  const decoded: string[] = [];
  let index = 0;
  while (index < text.length) {
    if (sextetAt(text, index) === NOT_BASE64) {
      index++;
      continue;
    }
    const end = runEnd(text, index);
    if (end - index >= MIN_RUN_CHARS) addRun(text, index, end, decoded);
    index = end;
  }
  return decoded;
}

function sextetAt(text: string, index: number): number {
  const unit = text.charCodeAt(index);
  return unit < 0x80 ? (SEXTETS[unit] ?? NOT_BASE64) : NOT_BASE64;
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

function addRun(text: string, start: number, end: number, decoded: string[]): void {
  // A slash or dash may join the run to a path or a name; the pieces are looked at as well as the whole.
  let pieceStart = start;
  for (let index = start; index < end; index++) {
    const sextet = sextetAt(text, index);
    if (sextet !== 62 && sextet !== 63) continue;
    if (index - pieceStart >= MIN_RUN_CHARS) addDecoded(text, pieceStart, index, decoded, false);
    pieceStart = index + 1;
  }
  if (pieceStart > start && end - pieceStart >= MIN_RUN_CHARS) {
    addDecoded(text, pieceStart, end, decoded, false);
  }
  addDecoded(text, start, end, decoded, true);
}

const UTF8_STRICT = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

function addDecoded(text: string, start: number, end: number, decoded: string[], stretches: boolean): void {
  if (end - start < MIN_TEXT_IN_BINARY_CHARS * 2 && !startsAsText(text, start)) return;
  const bytes = decodedBytes(text, start, end);
  if (bytes.every(isTextByte)) {
    try {
      decoded.push(UTF8_STRICT.decode(bytes));
      return;
    } catch {
      // Not UTF-8: only the stretches of ASCII in it are text.
    }
  }
  if (!stretches) return;
  const found = textStretches(bytes);
  if (found !== "") decoded.push(found);
}

/** Whether the first byte can begin a text: spares nearly every ordinary word from being decoded. */
function startsAsText(text: string, start: number): boolean {
  const first = (sextetAt(text, start) << 2) | (sextetAt(text, start + 1) >> 4);
  return isTextByte(first);
}

function decodedBytes(text: string, start: number, end: number): Uint8Array {
  const bytes = new Uint8Array(Math.floor(((end - start) * 3) / 4));
  let length = 0;
  let bits = 0;
  let held = 0;
  for (let index = start; index < end; index++) {
    const sextet = sextetAt(text, index);
    if (sextet === NOT_BASE64) continue;
    held = ((held << 6) | sextet) & 0xffffff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    bytes[length++] = (held >> bits) & 0xff;
  }
  return bytes.subarray(0, length);
}

/** NUL is let through: UTF-16 text is ASCII with NULs between, and the matcher ignores them. */
function isTextByte(byte: number): boolean {
  return byte >= 0x20 ? byte !== 0x7f : byte === 0 || (byte >= 0x09 && byte <= 0x0d);
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f;
}

function textStretches(bytes: Uint8Array): string {
  const found: string[] = [];
  let start = 0;
  for (let index = 0; index <= bytes.length; index++) {
    if (index < bytes.length && isPrintable(bytes[index] ?? 0)) continue;
    if (index - start >= MIN_TEXT_IN_BINARY_CHARS) {
      found.push(String.fromCharCode(...bytes.subarray(start, Math.min(index, start + 10_000))));
    }
    start = index + 1;
  }
  return found.join(BARRIER);
}

import { withoutBarriers } from "./barrier.ts";

/** RFC 2047 section 2, with a charset's language (RFC 2231) and a text of any length. */
const WORD = /=\?[\w.*-]{1,60}\?([BbQq])\?([^?\s]*)\?=/g;
/** Blanks between two words are not part of the text (section 6.2): `=?utf-8?q?re?= =?utf-8?q?fund?=` is refund. */
const WORDS = new RegExp(String.raw`${WORD.source}(?:\s*${WORD.source})*`, "g");

const UTF8_ENCODER = new TextEncoder();
const UTF8_DECODER = new TextDecoder();

/** Decodes the encoded words of e-mail headers, as UTF-8: other charsets of mail have the letters of ASCII as well. */
export function decodedWords(text: string): string {
  return text.replaceAll(WORDS, (run) => {
    const words = Array.from(run.matchAll(WORD), ([, encoding, encoded]) =>
      encoding?.toLowerCase() === "b" ? base64Bytes(encoded ?? "") : quotedBytes(encoded ?? ""),
    );
    const bytes = new Uint8Array(words.reduce((sum, word) => sum + word.length, 0));
    let at = 0;
    for (const word of words) {
      bytes.set(word, at);
      at += word.length;
    }
    return withoutBarriers(UTF8_DECODER.decode(bytes));
  });
}

function base64Bytes(encoded: string): Uint8Array {
  try {
    return Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0));
  } catch {
    return new Uint8Array(0);
  }
}

/** Section 4.2: `=72` is an r, and `_` a blank. */
function quotedBytes(encoded: string): Uint8Array {
  const written = UTF8_ENCODER.encode(encoded.replaceAll("_", " "));
  const bytes = new Uint8Array(written.length);
  let length = 0;
  for (let index = 0; index < written.length; index++) {
    const hex = written[index] === 0x3d ? /^[0-9A-Fa-f]{2}$/.exec(ascii(written, index + 1)) : null;
    bytes[length++] = hex === null ? (written[index] ?? 0) : Number.parseInt(hex[0], 16);
    if (hex !== null) index += 2;
  }
  return bytes.subarray(0, length);
}

function ascii(bytes: Uint8Array, start: number): string {
  return String.fromCharCode(bytes[start] ?? 0, bytes[start + 1] ?? 0);
}

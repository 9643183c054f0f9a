/** What a part's transfer encoding says of its bytes (RFC 2045 section 6). */
export interface TransferEncoding {
  /** Some servers decode it, others don't: RFC 7578 section 4.7 deprecates it. */
  readonly encoded: boolean;
  /** The bytes as a server has them that decodes; null where they are not encoded, or as Gate can't decode. */
  readonly decodedBytes: Uint8Array | null;
  /** False for an encoding Gate does not decode. */
  readonly decodable: boolean;
}

const IDENTITY: ReadonlySet<string> = new Set(["7bit", "8bit", "binary"]);
const PLAIN: TransferEncoding = { encoded: false, decodedBytes: null, decodable: true };

export function transferEncoding(header: string | undefined, bytes: Uint8Array): TransferEncoding {
  const encoding = header?.toLowerCase() ?? "8bit";
  if (IDENTITY.has(encoding)) return PLAIN;
  if (encoding === "base64") return { encoded: true, decodedBytes: base64(bytes), decodable: true };
  if (encoding === "quoted-printable") {
    return { encoded: true, decodedBytes: quotedPrintable(bytes), decodable: true };
  }
  return { encoded: true, decodedBytes: null, decodable: false };
}

/** Section 6.8: characters outside of the alphabet are ignored, and padding ends the text. */
function base64(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(Math.ceil((bytes.length * 3) / 4));
  let length = 0;
  let buffer = 0;
  let bits = 0;
  for (const byte of bytes) {
    if (byte === 0x3d) break;
    const sextet = sextetOf(byte);
    if (sextet < 0) continue;
    buffer = ((buffer << 6) | sextet) & 0xfff;
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    decoded[length++] = (buffer >> bits) & 0xff;
  }
  return decoded.subarray(0, length);
}

function sextetOf(byte: number): number {
  if (byte >= 0x41 && byte <= 0x5a) return byte - 0x41;
  if (byte >= 0x61 && byte <= 0x7a) return byte - 0x61 + 26;
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30 + 52;
  return byte === 0x2b ? 62 : byte === 0x2f ? 63 : -1;
}

/** Section 6.7: `=72` is an r, and `=` at a line's end joins it with the next. */
function quotedPrintable(bytes: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index] ?? 0;
    if (byte !== 0x3d) {
      decoded[length++] = byte;
      continue;
    }
    const next = String.fromCharCode(bytes[index + 1] ?? 0, bytes[index + 2] ?? 0);
    if (/^[0-9A-Fa-f]{2}$/.test(next)) {
      decoded[length++] = Number.parseInt(next, 16);
      index += 2;
    } else if (next === "\r\n") index += 2;
    else if (next.startsWith("\n")) index += 1;
    else decoded[length++] = byte;
  }
  return decoded.subarray(0, length);
}

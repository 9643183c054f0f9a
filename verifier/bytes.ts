/** UTF-8 of a text. The caller ensures that it is well formed: a lone surrogate would silently become U+FFFD. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Null for bytes that are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return null;
  }
}

/** RFC 4648 section 4. Null for text that is not canonical base64. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const binary = atob(text);
  // Only the unused bits after the last byte can still vary; RFC 4648 section 3.5 requires them to be zero.
  if (btoa(binary.slice(-(binary.length % 3 || 3))) !== text.slice(-4)) return null;
  return Uint8Array.from(binary, (char) => char.charCodeAt(0));
}

/** RFC 4648 section 5, without padding. */
export function fromBase64Url(text: string): Uint8Array | null {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) return null;
  const plain = text.replaceAll("-", "+").replaceAll("_", "/");
  return fromBase64(plain + "=".repeat((4 - (plain.length % 4)) % 4));
}

/** @param text an even number of lower-case hexadecimal digits */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, at) =>
    Number.parseInt(text.slice(2 * at, 2 * at + 2), 16),
  );
}

export function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

import { expect } from "vitest";
import { type Hasher, portableHasher } from "../../src/core/base/sha256.ts";

const TEXTS = [
  "",
  "a",
  "é",
  "😀",
  "\u0000",
  "\ud800",
  "a\udc00b",
  "\udc00\ud800",
  "\ufeffa",
  // Around the ends of SHA-256's blocks, and of the buffers that platforms convert texts in.
  ...[55, 56, 63, 64, 65, 119, 120, 4_095, 4_097, 70_000].flatMap((length) => [
    "x".repeat(length),
    "é".repeat(length),
    "\ud83d".repeat(length),
  ]),
];

/** Every entry, commitment and leaf is stored as hashed: a platform that hashed otherwise would break all chains. */
export function expectSameHashes(platform: Hasher | null): void {
  if (platform === null) throw new Error("the platform has no synchronous hashes");
  const bytes = Uint8Array.from({ length: 5_000 }, (_, at) => (at * 31) % 256);
  for (const text of TEXTS) {
    const name = `${JSON.stringify(text.slice(0, 4))} × ${text.length}`;
    expect(platform.hex(text), name).toBe(portableHasher.hex(text));
    for (const key of [new Uint8Array(), bytes.subarray(3, 35), bytes.subarray(0, 65)]) {
      expect(platform.hmacHex(key, text), name).toBe(portableHasher.hmacHex(key, text));
    }
  }
  for (const part of [bytes, bytes.subarray(7, 7), bytes.subarray(1, 66), bytes.subarray(4_000)]) {
    expect(platform.hex(part)).toBe(portableHasher.hex(part));
    expect(platform.bytes(part)).toEqual(portableHasher.bytes(part));
  }
}

import { expect, test } from "vitest";
import { hasher, platformHasher, portableHasher } from "../../../../src/core/base/sha256.ts";
import { expectSameHashes } from "../../../support/same-hashes.ts";

test("the hashes of FIPS 180-4 and RFC 4231, of the platform and of the portable code", () => {
  for (const each of [hasher, portableHasher]) {
    expect(each.hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(each.hex(new Uint8Array())).toBe(
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    );
    expect(each.hmacHex(Buffer.from("Jefe"), "what do ya want for nothing?")).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
  }
});

test("Node hashes every text and every part of a buffer as the portable code does", () => {
  expectSameHashes(platformHasher(globalThis));
});

test("a digest owns its memory, which structured clone would copy whole", () => {
  const digest = hasher.bytes(Uint8Array.of(1));
  expect([digest.constructor, digest.byteOffset, digest.buffer.byteLength]).toEqual([Uint8Array, 0, 32]);
});

test("a platform without synchronous hashes has none", () => {
  for (const platform of [
    {},
    { process: {} },
    { process: { getBuiltinModule: () => undefined } },
    { process: { getBuiltinModule: () => ({}) } },
  ]) {
    expect(platformHasher(platform)).toBeNull();
  }
});

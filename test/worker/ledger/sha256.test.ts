import { expect, test } from "vitest";
import { hasher, platformHasher, portableHasher } from "../../../src/core/base/sha256.ts";
import { expectSameHashes } from "../../support/same-hashes.ts";

test("INV-18: the runtime hashes every text and every part of a buffer as the portable code does", () => {
  expectSameHashes(platformHasher(globalThis));
  expect(hasher).not.toBe(portableHasher);
});

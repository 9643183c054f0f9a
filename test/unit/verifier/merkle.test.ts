import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../../vectors/merkle/rfc6962.json" with { type: "json" };
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from "../../../src/core/tlog/proofs.ts";
import { append, EMPTY_FRONTIER, leafHash, rootOf } from "../../../src/core/tlog/tree.ts";
import { hashLeaf, isConsistent, rootByInclusion, RunningRoot } from "../../../verifier/merkle.ts";
import { isEqual } from "../../../verifier/bytes.ts";

const MAX_SIZE = 2_000;

/** Hashes by place, and the root at every size. */
const hashes = new Map<string, Uint8Array>();
const roots: Uint8Array[] = [rootOf(EMPTY_FRONTIER)];
let frontier = EMPTY_FRONTIER;
for (let size = 0; size < MAX_SIZE; size += 1) {
  const appended = append(frontier, leafHash(Uint8Array.of(size & 255, size >> 8)));
  frontier = appended.frontier;
  roots.push(rootOf(frontier));
  for (const { level, index, hash } of appended.completed) hashes.set(`${level}/${index}`, hash);
}
const hashAt = (level: number, index: number) => known(hashes.get(`${level}/${index}`));

function known<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("not there");
  return value;
}

const rootAt = (size: number) => known(roots[size]);
const includes = (
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
) => {
  const led = rootByInclusion(leaf, index, size, proof);
  return led !== null && isEqual(led, root);
};

describe("the verifier's Merkle code on the reference tree of Certificate Transparency", () => {
  test("computes the published roots", () => {
    const tree = new RunningRoot();
    const seen = [bytesToHex(tree.root())];
    for (const leaf of vectors.leaves) {
      tree.add(hashLeaf(hexToBytes(leaf)));
      seen.push(bytesToHex(tree.root()));
    }
    expect(seen).toEqual(vectors.roots);
    expect(tree.size).toBe(8);
  });

  test.each(vectors.inclusion)("accepts the proof of leaf $index of $size", ({ index, size, proof }) => {
    const leaf = hashLeaf(hexToBytes(known(vectors.leaves[index])));
    expect(includes(leaf, index, size, proof.map(hexToBytes), hexToBytes(known(vectors.roots[size])))).toBe(
      true,
    );
  });

  test.each(vectors.consistency)("accepts that the tree of $new extends that of $old", (vector) => {
    const [oldRoot, newRoot] = [vector.old, vector.new].map((size) => hexToBytes(known(vectors.roots[size])));
    const proof = vector.proof.map(hexToBytes);
    expect(isConsistent(vector.old, known(oldRoot), vector.new, known(newRoot), proof)).toBe(true);
  });
});

test("INV-18: any prefix of a log is consistent with every later one and with no other", () => {
  const sizes = fc.tuple(fc.nat(MAX_SIZE), fc.nat(MAX_SIZE), fc.nat(MAX_SIZE));
  fc.assert(
    fc.property(sizes, ([a, b, other]) => {
      const [old, size] = [Math.min(a, b), Math.max(a, b)];
      const proof = consistencyProof(old, size, hashAt);
      expect(isConsistent(old, rootAt(old), size, rootAt(size), proof)).toBe(true);
      if (other !== old) expect(isConsistent(old, rootAt(other), size, rootAt(size), proof)).toBe(false);
      // The empty log is the beginning of every log, so there the newer root is not looked at.
      if (old === 0 || other === size) return;
      expect(isConsistent(old, rootAt(old), size, rootAt(other), proof)).toBe(false);
    }),
    { numRuns: 2_000 },
  );
});

test("the recursive definition and the RFC's iterative algorithm agree on right and wrong proofs", () => {
  const mutation = fc.record({
    drop: fc.boolean(),
    add: fc.boolean(),
    swap: fc.boolean(),
    sizeBy: fc.integer({ min: -2, max: 2 }),
    indexBy: fc.integer({ min: -2, max: 2 }),
  });
  let right = 0;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.nat(600),
      fc.array(mutation, { maxLength: 1 }),
      (n, any, [m]) => {
        const index = any % n;
        const mutate = (proof: readonly Uint8Array[]) => {
          const cut = m?.drop === true ? proof.slice(1) : proof;
          const longer = m?.add === true ? [...cut, rootAt(1)] : cut;
          return m?.swap === true ? longer.toReversed() : longer;
        };
        const [size, at] = [n + (m?.sizeBy ?? 0), index + (m?.indexBy ?? 0)];
        const path = mutate(inclusionProof(index, n, hashAt));
        const leaf = hashAt(0, index);
        const here = includes(leaf, at, size, path, rootAt(n));
        expect(here).toBe(verifyInclusion(leaf, at, size, path, rootAt(n)));
        right += Number(here);

        const link = mutate(consistencyProof(index + 1, n, hashAt));
        const old = Math.max(0, at + 1);
        const linked = isConsistent(old, rootAt(index + 1), Math.max(0, size), rootAt(n), link);
        expect(linked).toBe(verifyConsistency(old, Math.max(0, size), link, rootAt(index + 1), rootAt(n)));
      },
    ),
    { numRuns: 3_000 },
  );
  expect(right).toBeGreaterThan(300);
});

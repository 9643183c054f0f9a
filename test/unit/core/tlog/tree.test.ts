import { bytesToHex, hexToBytes } from "@noble/hashes/utils.js";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import vectors from "../../../vectors/merkle/rfc6962.json" with { type: "json" };
import {
  consistencyProof,
  inclusionProof,
  verifyConsistency,
  verifyInclusion,
} from "../../../../src/core/tlog/proofs.ts";
import {
  append,
  EMPTY_FRONTIER,
  EMPTY_ROOT,
  floorLog2,
  frontierOf,
  leafHash,
  rootOf,
  type Frontier,
} from "../../../../src/core/tlog/tree.ts";
import { naiveConsistency, naiveLeaf, naivePath, naiveRoot, Places } from "../../../support/naive-tree.ts";
import { volume } from "../../../support/volume.ts";

const MAX_SIZE = volume("TREE_SIZE", { quick: 140, chaos: 300 });

/** Seconds of hashing; a busy machine may take several times as long. */
const SLOW_TEST_MS = 60_000;

/** Frontiers and stored hashes of a tree grown over these leaves. */
function grown(leaves: readonly Uint8Array[]): {
  readonly frontiers: readonly Frontier[];
  readonly places: Places;
} {
  const places = new Places();
  const frontiers: Frontier[] = [EMPTY_FRONTIER];
  for (const leaf of leaves) {
    const { frontier, completed } = append(frontiers.at(-1) ?? EMPTY_FRONTIER, leaf);
    places.store(completed);
    frontiers.push(frontier);
  }
  return { frontiers, places };
}

const get = <T>(list: readonly T[], at: number): T => {
  const item = list[at];
  if (item === undefined) throw new Error(`nothing at ${at}`);
  return item;
};

describe("the reference tree of Certificate Transparency", () => {
  const leaves = vectors.leaves.map((entry) => leafHash(hexToBytes(entry)));
  const { frontiers, places } = grown(leaves);

  test("has the published root at every size", () => {
    expect(frontiers.map((frontier) => bytesToHex(rootOf(frontier)))).toEqual(vectors.roots);
  });

  test.each(vectors.inclusion)(
    "has the published proof of leaf $index in $size",
    ({ index, size, proof }) => {
      const made = inclusionProof(index, size, places.at);
      expect(made.map(bytesToHex)).toEqual(proof);
      expect(
        verifyInclusion(get(leaves, index), index, size, made, hexToBytes(get(vectors.roots, size))),
      ).toBe(true);
    },
  );

  test.each(vectors.consistency)("has the published proof that $old is a prefix of $new", (vector) => {
    const made = consistencyProof(vector.old, vector.new, places.at);
    expect(made.map(bytesToHex)).toEqual(vector.proof);
    const [oldRoot, newRoot] = [vector.old, vector.new].map((size) => hexToBytes(get(vectors.roots, size)));
    if (oldRoot === undefined || newRoot === undefined) throw new Error("roots");
    expect(verifyConsistency(vector.old, vector.new, made, oldRoot, newRoot)).toBe(true);
  });
});

describe(`every size up to ${MAX_SIZE}, compared with RFC 6962's definition`, () => {
  const leaves = Array.from({ length: MAX_SIZE }, (_, at) => naiveLeaf(Uint8Array.of(at % 256, at >> 8)));
  const { frontiers, places } = grown(leaves);
  // Roots of ranges repeat; slow recursion over every pair of sizes would not end soon.
  const roots: Uint8Array[] = [];
  beforeAll(() => {
    for (let size = 0; size <= MAX_SIZE; size += 1) roots.push(naiveRoot(leaves.slice(0, size)));
  });

  test("has leaf hashes as defined", () => {
    expect(leafHash(Uint8Array.of(7, 0))).toEqual(leaves[7]);
  });

  test("has a root computed from the frontier alone", () => {
    frontiers.forEach((frontier, size) => expect(rootOf(frontier)).toEqual(roots[size]));
    expect(EMPTY_ROOT).toEqual(roots[0]);
  });

  test("has a frontier as long as its size has binary ones, which survives storage", () => {
    frontiers.forEach((frontier, size) => {
      expect(frontier.hashes.length).toBe(size.toString(2).replaceAll("0", "").length);
      expect(frontierOf(size, places.at)).toEqual(frontier);
    });
  });

  test(
    "INV-18: has an inclusion proof for each leaf that holds for no neighbour",
    () => {
      for (let size = 1; size <= MAX_SIZE; size += 1) {
        const root = get(roots, size);
        for (let index = 0; index < size; index += 1) {
          const proof = inclusionProof(index, size, places.at);
          const leaf = get(leaves, index);
          const holds = (of: Uint8Array, at: number, path = proof) =>
            verifyInclusion(of, at, size, path, root);
          if (!holds(leaf, index)) throw new Error(`leaf ${index} of ${size}`);
          // The negative checks cost four times as much: all for small trees, a sample for larger ones.
          if (size > 70 && index % 7 !== 0 && index < size - 2) continue;
          if (holds(leaf, index + 1)) throw new Error(`leaf ${index} of ${size} as the next`);
          if (holds(leaf, index - 1)) throw new Error(`leaf ${index} of ${size} as the one before`);
          if (size > 1 && holds(leaf, index, proof.slice(0, -1))) throw new Error(`cut: ${index} of ${size}`);
          if (holds(leaf, index, [...proof, leaf])) throw new Error(`too long: ${index} of ${size}`);
        }
      }
    },
    SLOW_TEST_MS,
  );

  test("has the proofs that the definition names", () => {
    for (const size of [1, 2, 3, 7, 8, 9, 31, 33, 64, 65, 127]) {
      const range = leaves.slice(0, size);
      for (let index = 0; index < size; index += 1) {
        expect(inclusionProof(index, size, places.at)).toEqual(naivePath(index, range));
      }
      for (let old = 1; old <= size; old += 1) {
        expect(consistencyProof(old, size, places.at)).toEqual(naiveConsistency(old, range));
      }
    }
  });

  test(
    "INV-18: is a prefix of every later tree and of no other",
    () => {
      for (let size = 0; size <= MAX_SIZE; size += 1) {
        const root = get(roots, size);
        for (let old = 0; old <= size; old += 1) {
          const proof = consistencyProof(old, size, places.at);
          const oldRoot = get(roots, old);
          if (!verifyConsistency(old, size, proof, oldRoot, root)) throw new Error(`${old} in ${size}`);
          if (old === 0 || old === size || (size > 70 && old % 7 !== 0)) continue;
          const holds = (from: number, fromRoot: Uint8Array, toRoot: Uint8Array) =>
            verifyConsistency(from, size, proof, fromRoot, toRoot);
          if (holds(old, get(roots, old - 1), root)) throw new Error(`another old root: ${old} in ${size}`);
          if (holds(old, oldRoot, get(roots, size - 1))) throw new Error(`another root: ${old} in ${size}`);
          if (holds(old - 1, oldRoot, root)) throw new Error(`another old size: ${old} in ${size}`);
        }
      }
    },
    SLOW_TEST_MS,
  );

  test("has proofs no longer than the tree is high", () => {
    for (let size = 2; size <= MAX_SIZE; size += 1) {
      const height = Math.ceil(Math.log2(size));
      for (const index of [0, size >> 1, size - 1]) {
        places.reads = 0;
        expect(inclusionProof(index, size, places.at).length).toBeLessThanOrEqual(height);
        expect(places.reads).toBeLessThanOrEqual(2 * height);
        places.reads = 0;
        expect(consistencyProof(index + 1, size, places.at).length).toBeLessThanOrEqual(height + 1);
        expect(places.reads).toBeLessThanOrEqual(2 * height + 1);
      }
    }
  });

  test("INV-18: fails verification for any changed bit of a proof, leaf or root", () => {
    const bits = fc.record({ byte: fc.nat(31), bit: fc.nat(7), at: fc.nat(20) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_SIZE }), fc.nat(MAX_SIZE), bits, (size, any, where) => {
        const index = any % size;
        const path = inclusionProof(index, size, places.at);
        const parts = [get(leaves, index), get(roots, size), ...path];
        const [leaf, root, ...proof] = flipped(parts, where);
        if (leaf === undefined || root === undefined) throw new Error("parts");
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(false);

        const old = index + 1;
        const both = [get(roots, old), get(roots, size), ...consistencyProof(old, size, places.at)];
        const [oldRoot, newRoot, ...siblings] = flipped(both, where);
        if (oldRoot === undefined || newRoot === undefined) throw new Error("parts");
        expect(verifyConsistency(old, size, siblings, oldRoot, newRoot)).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});

test("hashes of another length and impossible sizes prove nothing and throw nothing", () => {
  const hash = new Uint8Array(32);
  const ODD = [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53];
  for (const count of ODD) {
    expect(verifyInclusion(hash, count, 3, [], hash)).toBe(false);
    expect(verifyInclusion(hash, 0, count, [], hash)).toBe(false);
    expect(verifyConsistency(count, 3, [], hash, hash)).toBe(false);
    expect(verifyConsistency(1, count, [], hash, hash)).toBe(false);
  }
  expect(verifyInclusion(hash, 0, 1, [], hash)).toBe(true);
  expect(verifyInclusion(hash.subarray(1), 0, 1, [], hash.subarray(1))).toBe(false);
  expect(verifyConsistency(3, 2, [], hash, hash)).toBe(false);
  // An endless proof stops at the root.
  expect(
    verifyInclusion(
      hash,
      0,
      1,
      Array.from({ length: 100_000 }, () => hash),
      hash,
    ),
  ).toBe(false);
});

test("requesting a proof that the tree can't have throws", () => {
  const never = (): Uint8Array => {
    throw new Error("read");
  };
  for (const request of [
    () => inclusionProof(3, 3, never),
    () => inclusionProof(-1, 3, never),
    () => inclusionProof(0, 0, never),
    () => inclusionProof(0.5, 3, never),
    () => consistencyProof(4, 3, never),
    () => consistencyProof(1, 2 ** 53, never),
  ]) {
    expect(request).toThrow(RangeError);
  }
});

test("sizes past 2^32 are exact", () => {
  const size = 2 ** 33 + 3;
  const read: string[] = [];
  const hash = new Uint8Array(32);
  inclusionProof(2 ** 33 + 2, size, (level, index) => {
    read.push(`${level}/${index}`);
    return hash;
  });
  expect(read).toEqual(["33/0", `1/${2 ** 32}`]);
  expect(frontierOf(Number.MAX_SAFE_INTEGER, () => hash).hashes.length).toBe(53);
  expect(floorLog2(2 ** 49 - 1)).toBe(48);
  expect(floorLog2(2 ** 49)).toBe(49);
});

function flipped(
  parts: readonly Uint8Array[],
  where: { readonly at: number; readonly byte: number; readonly bit: number },
): readonly Uint8Array[] {
  const at = where.at % parts.length;
  return parts.map((part, index) =>
    index === at ? part.with(where.byte, (part[where.byte] ?? 0) ^ (1 << where.bit)) : part,
  );
}

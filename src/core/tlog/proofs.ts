import { edgeOf, EMPTY_ROOT, floorLog2, HASH_BYTES, nodeHash, type HashAt } from "./tree.ts";

/** Hashes of 32 bytes, from the leaf's side up. */
export type Proof = readonly Uint8Array[];

/**
 * RFC 6962 section 2.1.1: the siblings on the path from a leaf to the root. Reads O(log n) stored hashes.
 *
 * @param index of the leaf, from 0
 * @param size of the tree the proof is for
 * @throws {RangeError} when the index is not below the size
 */
export function inclusionProof(index: number, size: number, hashAt: HashAt): Proof {
  checkSize(size);
  if (!Number.isSafeInteger(index) || index < 0 || index >= size) {
    throw new RangeError("invariant: a leaf's index is below the tree's size");
  }
  const proof: Uint8Array[] = [];
  let start = 0;
  let count = size;
  while (count > 1) {
    const left = splitOf(count);
    if (index < start + left) {
      proof.push(rangeRoot(start + left, count - left, hashAt));
      count = left;
    } else {
      proof.push(rangeRoot(start, left, hashAt));
      start += left;
      count -= left;
    }
  }
  return proof.toReversed();
}

/**
 * RFC 6962 section 2.1.2: proof that the tree of `oldSize` leaves is a prefix of the tree of `newSize`. Empty when the
 * sizes are equal or the old tree is empty. Reads O(log n) stored hashes.
 *
 * @throws {RangeError} when `oldSize` is more than `newSize`
 */
export function consistencyProof(oldSize: number, newSize: number, hashAt: HashAt): Proof {
  checkSize(oldSize);
  checkSize(newSize);
  if (oldSize > newSize) throw new RangeError("invariant: the old tree size is at most the new one");
  if (oldSize === 0) return [];
  const proof: Uint8Array[] = [];
  let start = 0;
  let count = newSize;
  // The verifier knows the old root, unless the path leaves the left edge: then the proof starts with that node.
  let isOldRootKnown = true;
  let old = oldSize;
  while (old !== count) {
    const left = splitOf(count);
    if (old <= left) {
      proof.push(rangeRoot(start + left, count - left, hashAt));
      count = left;
    } else {
      proof.push(rangeRoot(start, left, hashAt));
      start += left;
      count -= left;
      old -= left;
      isOldRootKnown = false;
    }
  }
  if (!isOldRootKnown) proof.push(rangeRoot(start, count, hashAt));
  return proof.toReversed();
}

/** RFC 9162 section 2.1.3.2. False for any other proof, also one with a surplus hash. */
export function verifyInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: Proof,
  root: Uint8Array,
): boolean {
  if (!isCount(index) || !isCount(size) || index >= size || !areHashes([leaf, root, ...proof])) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sibling, hash);
      // A node of the right edge that has no sibling on this level moves up unchanged.
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && isEqual(hash, root);
}

/** RFC 9162 section 2.1.4.2, with the two cases that the RFC leaves to the caller: an empty old tree, equal sizes. */
export function verifyConsistency(
  oldSize: number,
  newSize: number,
  proof: Proof,
  oldRoot: Uint8Array,
  newRoot: Uint8Array,
): boolean {
  if (!isCount(oldSize) || !isCount(newSize) || oldSize > newSize) return false;
  if (!areHashes([oldRoot, newRoot, ...proof])) return false;
  if (oldSize === newSize) return proof.length === 0 && isEqual(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && isEqual(oldRoot, EMPTY_ROOT);
  let at = oldSize - 1;
  let last = newSize - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  // `at` is 0 when the old size is a power of two: the old root is then the first node of the path.
  const path = at === 0 ? [oldRoot, ...proof] : proof;
  const [first, ...siblings] = path;
  if (first === undefined) return false;
  let oldHash = first;
  let newHash = first;
  for (const sibling of siblings) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      oldHash = nodeHash(sibling, oldHash);
      newHash = nodeHash(sibling, newHash);
      while (at % 2 === 0 && at !== 0) {
        at /= 2;
        last = half(last);
      }
    } else {
      newHash = nodeHash(newHash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && isEqual(oldHash, oldRoot) && isEqual(newHash, newRoot);
}

/** Hash of the tree node that covers this range of leaves. */
function rangeRoot(start: number, count: number, hashAt: HashAt): Uint8Array {
  return edgeOf(start, count)
    .map(({ level, index }) => hashAt(level, index))
    .reduceRight((right, left) => nodeHash(left, right));
}

/** RFC 6962: the largest power of two smaller than `count`, for `count` ≥ 2. */
function splitOf(count: number): number {
  return 2 ** floorLog2(count - 1);
}

/** Not `>> 1`: bit operations truncate sizes above 2^32. */
function half(value: number): number {
  return Math.floor(value / 2);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function checkSize(size: number): void {
  if (!isCount(size)) throw new RangeError("invariant: a tree size is a safe integer, 0 or more");
}

function areHashes(hashes: readonly Uint8Array[]): boolean {
  return hashes.every((hash) => hash.length === HASH_BYTES);
}

/** Not constant-time: hashes are public. */
function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

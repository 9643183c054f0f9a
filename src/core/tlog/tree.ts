import { concatBytes } from "@noble/hashes/utils.js";
import { hasher } from "../base/sha256.ts";

/*
 * The Merkle tree of RFC 6962 section 2.1, grown one leaf at a time. Between appends only the right edge is stored: the
 * roots of the complete subtrees, one for each binary 1 of the size, at most 53 of them.
 */

export const HASH_BYTES = 32;

/** RFC 6962 domain separation: an attacker can't present a leaf as a node or a node as a leaf (second preimage). */
const LEAF_PREFIX = Uint8Array.of(0);
const NODE_PREFIX = Uint8Array.of(1);

/** Root of the empty tree: SHA-256 of the empty string. */
export const EMPTY_ROOT: Uint8Array = hasher.bytes(new Uint8Array());

/** The right edge of a tree. */
export interface Frontier {
  /** Leaves, 0 … 2^53 - 1. */
  readonly size: number;
  /** Roots of the complete subtrees, the largest (leftmost) first: one for each binary 1 of `size`. */
  readonly hashes: readonly Uint8Array[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, hashes: [] };

/**
 * A complete subtree of 2^level leaves, the `index`-th of its level from the left. Level 0 is the leaves. Appending
 * never changes the hash stored for a level and index.
 */
export interface Subtree {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/** Reads the stored hash of a complete subtree. */
export type HashAt = (level: number, index: number) => Uint8Array;

/** Hash of a leaf: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  return hasher.bytes(concatBytes(LEAF_PREFIX, entry));
}

/** Hash of an inner node: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  return hasher.bytes(concatBytes(NODE_PREFIX, left, right));
}

/**
 * Adds one leaf.
 *
 * @param leaf the leaf's hash, from `leafHash`
 * @returns the new edge, and every subtree that this leaf completed, the leaf itself first: the caller stores them for
 * later proofs
 * @throws {RangeError} when the tree has 2^53 - 1 leaves, or the frontier's hashes do not match its size
 */
export function append(
  frontier: Frontier,
  leaf: Uint8Array,
): { readonly frontier: Frontier; readonly completed: readonly Subtree[] } {
  const { size } = frontier;
  if (size >= Number.MAX_SAFE_INTEGER) throw new RangeError("the tree is full: it has 2^53 - 1 leaves");
  const hashes = [...frontier.hashes];
  const completed: Subtree[] = [{ level: 0, index: size, hash: leaf }];
  let hash = leaf;
  // Like binary addition: each carry through the trailing 1s of `size` joins two subtrees.
  let index = size;
  for (let level = 1; index % 2 === 1; level += 1) {
    const left = hashes.pop();
    if (left === undefined) {
      throw new RangeError("invariant: a frontier has one hash for each binary 1 of its size");
    }
    hash = nodeHash(left, hash);
    index = (index - 1) / 2;
    completed.push({ level, index, hash });
  }
  hashes.push(hash);
  return { frontier: { size: size + 1, hashes }, completed };
}

/** Root of the tree with this right edge. */
export function rootOf({ hashes }: Frontier): Uint8Array {
  // An incomplete right subtree is the sibling of the next larger complete one, so the fold runs from the right.
  return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Rebuilds the right edge of a tree of `size` leaves from stored hashes: after a restart, or for an older root. */
export function frontierOf(size: number, hashAt: HashAt): Frontier {
  return { size, hashes: edgeOf(0, size).map(({ level, index }) => hashAt(level, index)) };
}

/** The complete subtrees that cover the leaves from `start` (a multiple of a power of two ≥ `count`) on. */
export function edgeOf(start: number, count: number): readonly Omit<Subtree, "hash">[] {
  const edge: Omit<Subtree, "hash">[] = [];
  let from = start;
  let rest = count;
  while (rest > 0) {
    const level = floorLog2(rest);
    const width = 2 ** level;
    edge.push({ level, index: from / width });
    from += width;
    rest -= width;
  }
  return edge;
}

/** Largest `n` with 2^n ≤ value, for 1 ≤ value < 2^53; exact where `Math.log2` rounds. */
export function floorLog2(value: number): number {
  let level = 0;
  for (let rest = value; rest >= 2; rest = Math.floor(rest / 2)) level += 1;
  return level;
}

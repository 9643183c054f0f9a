import { sha256 } from "@noble/hashes/sha2.js";
import { isEqual } from "./bytes.ts";

/*
 * RFC 6962 section 2.1 for verifiers: recursion over the tree's shape, as the RFC defines it, so that this code does
 * not repeat a mistake in the arithmetic of the code that writes the log.
 */

export const EMPTY_ROOT: Uint8Array = sha256(new Uint8Array());

export function hashLeaf(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length);
  input.set(entry, 1);
  return sha256(input);
}

export function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return sha256(input);
}

/**
 * The root that an inclusion proof yields; null for a proof of the wrong length, or an index outside the tree.
 *
 * @param proof hashes of 32 bytes, the leaf's sibling first
 */
export function rootByInclusion(
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
): Uint8Array | null {
  if (index < 0 || index >= size) return null;
  if (size === 1) return proof.length === 0 ? leaf : null;
  const sibling = proof.at(-1);
  if (sibling === undefined) return null;
  const left = splitOf(size);
  const below = proof.slice(0, -1);
  if (index < left) {
    const root = rootByInclusion(leaf, index, left, below);
    return root && hashNode(root, sibling);
  }
  const root = rootByInclusion(leaf, index - left, size - left, below);
  return root && hashNode(sibling, root);
}

/** Does the proof show that the tree of `oldSize` leaves with `oldRoot` is a prefix of the new one? */
export function isConsistent(
  oldSize: number,
  oldRoot: Uint8Array,
  newSize: number,
  newRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (oldSize > newSize) return false;
  if (oldSize === newSize) return proof.length === 0 && isEqual(oldRoot, newRoot);
  if (oldSize === 0) return proof.length === 0 && isEqual(oldRoot, EMPTY_ROOT);
  const roots = rootsByConsistency(oldSize, newSize, proof, oldRoot);
  return roots !== null && isEqual(roots.old, oldRoot) && isEqual(roots.new, newRoot);
}

/** @param known the old root while the path runs along the left edge, where the proof omits it; else null */
function rootsByConsistency(
  old: number,
  size: number,
  proof: readonly Uint8Array[],
  known: Uint8Array | null,
): { readonly old: Uint8Array; readonly new: Uint8Array } | null {
  if (old === size) {
    const [only] = proof;
    if (known !== null) return proof.length === 0 ? { old: known, new: known } : null;
    return proof.length === 1 && only !== undefined ? { old: only, new: only } : null;
  }
  const sibling = proof.at(-1);
  if (sibling === undefined) return null;
  const left = splitOf(size);
  const below = proof.slice(0, -1);
  if (old <= left) {
    const roots = rootsByConsistency(old, left, below, known);
    return roots && { old: roots.old, new: hashNode(roots.new, sibling) };
  }
  const roots = rootsByConsistency(old - left, size - left, below, null);
  return roots && { old: hashNode(sibling, roots.old), new: hashNode(sibling, roots.new) };
}

/** The largest power of two smaller than `size`. */
function splitOf(size: number): number {
  let left = 1;
  while (left * 2 < size) left *= 2;
  return left;
}

/** The root over a stream of leaves, in memory of one hash per binary 1 of their number. */
export class RunningRoot {
  readonly #edge: { readonly leaves: number; readonly hash: Uint8Array }[] = [];
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(leaf: Uint8Array): void {
    let tree = { leaves: 1, hash: leaf };
    for (let left = this.#edge.at(-1); left?.leaves === tree.leaves; left = this.#edge.at(-1)) {
      this.#edge.pop();
      tree = { leaves: 2 * left.leaves, hash: hashNode(left.hash, tree.hash) };
    }
    this.#edge.push(tree);
    this.#size += 1;
  }

  root(): Uint8Array {
    const hashes = this.#edge.map(({ hash }) => hash);
    return hashes.length === 0 ? EMPTY_ROOT : hashes.reduceRight((right, left) => hashNode(left, right));
  }
}

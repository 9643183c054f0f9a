import { createHash } from "node:crypto";
import type { HashAt, Subtree } from "../../src/core/tlog/tree.ts";

/*
 * RFC 6962 section 2.1 word for word: recursive, over all leaves, with another hash library than the code
 * under test. Slow and obvious.
 */

const sha256 = (...parts: readonly Uint8Array[]): Uint8Array => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
};

/** MTH of the leaves' hashes. */
export function naiveRoot(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  const k = split(leaves.length);
  return sha256(Uint8Array.of(1), naiveRoot(leaves.slice(0, k)), naiveRoot(leaves.slice(k)));
}

export function naiveLeaf(entry: Uint8Array): Uint8Array {
  return sha256(Uint8Array.of(0), entry);
}

/** PATH(m, D[n]). */
export function naivePath(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...naivePath(m, leaves.slice(0, k)), naiveRoot(leaves.slice(k))]
    : [...naivePath(m - k, leaves.slice(k)), naiveRoot(leaves.slice(0, k))];
}

/** PROOF(m, D[n]). */
export function naiveConsistency(m: number, leaves: readonly Uint8Array[]): readonly Uint8Array[] {
  return subproof(m, leaves, true);
}

function subproof(m: number, leaves: readonly Uint8Array[], isOld: boolean): readonly Uint8Array[] {
  const n = leaves.length;
  if (m === n) return isOld ? [] : [naiveRoot(leaves)];
  const k = split(n);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isOld), naiveRoot(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), naiveRoot(leaves.slice(0, k))];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** Stored hashes by place, as a table would hold them; counts what is read. */
export class Places {
  readonly #hashes = new Map<string, Uint8Array>();
  reads = 0;

  store(completed: readonly Subtree[]): void {
    for (const { level, index, hash } of completed) {
      const place = `${level}/${index}`;
      if (this.#hashes.has(place)) throw new Error(`${place} was stored before`);
      this.#hashes.set(place, hash);
    }
  }

  readonly at: HashAt = (level, index) => {
    this.reads += 1;
    const hash = this.#hashes.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`${level}/${index} is not stored`);
    return hash;
  };
}

import { fromBase64, isEqual } from "../../verifier/bytes.ts";
import { EMPTY_ROOT, hashNode } from "../../verifier/merkle.ts";

/**
 * The complete subtrees along a tree's right edge, largest first: enough to append leaves without the earlier ones.
 */
export interface Frontier {
  readonly size: number;
  readonly trees: readonly { readonly leaves: number; readonly hash: Uint8Array }[];
}

export const EMPTY_FRONTIER: Frontier = { size: 0, trees: [] };

/**
 * A tree's frontier, from the inclusion proof of its last leaf: all siblings on that path are to its left. Null unless
 * leaf and proof lead to exactly this root.
 */
export function frontierOf(
  size: number,
  root: Uint8Array,
  leaf: string,
  proof: readonly string[],
): Frontier | null {
  if (size === 0) return isEqual(root, EMPTY_ROOT) ? EMPTY_FRONTIER : null;
  const [last, ...siblings] = [leaf, ...proof].map(fromBase64);
  let tree = { leaves: 1, hash: last ?? new Uint8Array() };
  const trees: { readonly leaves: number; readonly hash: Uint8Array }[] = [];
  let left = size;
  for (const sibling of siblings) {
    if (sibling?.length !== 32) return null;
    if ((left / tree.leaves) % 2 === 0) {
      tree = { leaves: 2 * tree.leaves, hash: hashNode(sibling, tree.hash) };
      continue;
    }
    // This subtree is complete; the sibling is the next larger complete subtree to the left.
    trees.unshift(tree);
    left -= tree.leaves;
    tree = { leaves: lowestBit(left), hash: sibling };
    if (left === 0) return null;
  }
  trees.unshift(tree);
  const frontier = { size, trees };
  const isWhole = trees.reduce((sum, { leaves }) => sum + leaves, 0) === size && trees.every(isFullSize);
  return isWhole && isEqual(rootOf(frontier), root) ? frontier : null;
}

export function appendLeaf({ size, trees }: Frontier, leaf: Uint8Array): Frontier {
  const grown = [...trees];
  let tree = { leaves: 1, hash: leaf };
  for (let left = grown.at(-1); left?.leaves === tree.leaves; left = grown.at(-1)) {
    grown.pop();
    tree = { leaves: 2 * tree.leaves, hash: hashNode(left.hash, tree.hash) };
  }
  return { size: size + 1, trees: [...grown, tree] };
}

export function rootOf({ trees }: Frontier): Uint8Array {
  return trees.length === 0
    ? EMPTY_ROOT
    : trees.map(({ hash }) => hash).reduceRight((right, left) => hashNode(left, right));
}

/** The size of the smallest complete subtree. Arithmetic, not bits: sizes go beyond 2^31. */
function lowestBit(size: number): number {
  let rest = size;
  let bit = 1;
  while (rest > 0 && rest % 2 === 0) {
    rest /= 2;
    bit *= 2;
  }
  return bit;
}

function isFullSize({ leaves, hash }: Frontier["trees"][number]): boolean {
  return hash.length === 32 && Number.isInteger(Math.log2(leaves));
}

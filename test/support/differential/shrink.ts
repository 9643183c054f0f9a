/** Rounds over a body; each removes what can go. */
const MAX_ROUNDS = 6;

/**
 * A smaller body for which `fails` holds still: pieces are left out, halves first, single bytes last (delta debugging).
 */
export async function shrinkBody(
  body: Uint8Array,
  fails: (candidate: Uint8Array) => Promise<boolean>,
): Promise<Uint8Array> {
  let smallest = body;
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const before = smallest.length;
    for (let size = Math.ceil(smallest.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
      for (let start = 0; start < smallest.length;) {
        const candidate = Buffer.concat([smallest.subarray(0, start), smallest.subarray(start + size)]);
        if (await fails(candidate)) smallest = candidate;
        else start += size;
      }
    }
    if (smallest.length === before) break;
  }
  return smallest;
}

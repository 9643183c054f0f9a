import type { Bundle } from "./bundle.ts";
import { fromBase64, isEqual } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { leafOf } from "./entry.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { isConsistent, rootByInclusion } from "./merkle.ts";
import { openTreeHead, type LogKey, type Opened, type TreeHead } from "./tree-head.ts";

/** Checks that a known key signed the tree head, and that it is of the expected log. */
export function checkTreeHead(opened: Opened, origin: string | null): readonly Finding[] {
  const name = "checkpoint";
  switch (opened.state) {
    case "malformed":
      return [fails(name, "The checkpoint is not a signed tree head.")];
    case "unsigned":
      return [fails(name, "The checkpoint is not signed by a known key.")];
    case "forged":
      return [fails(name, "The checkpoint's signature is forged: it names a known key and does not verify.")];
    case "unchecked":
      return [notShown(name, "This runtime can't check Ed25519 signatures.")];
    case "signed": {
      const { head, signer } = opened;
      const signed = holds(name, `${quoted(signer)} signed a log of ${head.size} entries.`);
      const expected = origin ?? signer;
      const log =
        head.origin === expected
          ? holds("origin", `The checkpoint is of the log ${quoted(head.origin)}.`)
          : fails(
              "origin",
              `The checkpoint is of the log ${quoted(head.origin)}, not of ${quoted(expected)}.`,
            );
      return [signed, log];
    }
  }
}

/** After a rotation an honest bundle looks like this, and a forged one that lists its own key does too. */
export function notPinned(vkeys: readonly string[]): Finding {
  return notShown(
    "checkpoint",
    `The checkpoint is signed by a key that is not pinned: was the deployment's secret rotated? \`ledger verify\` of the server or an export, with the pinned key, tells whether that key signed the change. Then pin: ${vkeys.map((vkey) => `--key ${vkey}`).join(" ")}`,
  );
}

/** Checks that every sealed entry is a leaf of the signed tree, in the chain's order. */
export function checkInclusion({ entries, log }: Bundle, head: TreeHead | null): Finding {
  const name = "inclusion";
  if (log === null) return notShown(name, "None of the entries is sealed in the log yet.");
  if (head === null) return notShown(name, "There is no tree head to verify the proofs against.");
  let last = -1;
  for (const [at, { seq, index, proof }] of log.inclusion.entries()) {
    const entry = entries[at];
    // The sealer seals entries in order, so the sealed ones are a prefix of the chain.
    if (entry === undefined || seq !== at + 1) {
      return fails(name, "The proofs are not of the first entries, in order.");
    }
    if (index <= last) return fails(name, `Entry ${seq} is in the log before its predecessor.`);
    last = index;
    const hashes = hashesOf(proof);
    const root = hashes && rootByInclusion(leafOf(entry), index, head.size, hashes);
    if (root === null || !isEqual(root, head.root)) {
      return fails(name, `Entry ${seq} (${quoted(entry.event)}) is not entry ${index} of the signed log.`);
    }
  }
  const sealed = log.inclusion.length;
  return sealed === entries.length
    ? holds(name, `All ${sealed} entries are in the signed log.`)
    : notShown(
        name,
        `${sealed} of ${entries.length} entries are in the signed log; the others are not sealed yet.`,
      );
}

/** A tree head that an auditor stored earlier, and its consistency proof. */
export interface OlderCheckpoint {
  /** The note, as it was published. */
  readonly checkpoint: string;
  /** Hashes in base64; needed when the sizes differ. */
  readonly proof: readonly string[];
}

/** Checks that the log only appended since the older tree head, which exposes a split view. */
export async function checkConsistency(
  head: TreeHead | null,
  older: OlderCheckpoint,
  keys: readonly LogKey[],
  verify: VerifyEd25519,
): Promise<Finding> {
  const name = "consistency";
  if (head === null) return notShown(name, "There is no tree head to compare with.");
  const opened = await openTreeHead(older.checkpoint, keys, verify);
  if (opened.state === "unchecked") return notShown(name, "This runtime can't check Ed25519 signatures.");
  if (opened.state !== "signed") {
    return fails(name, "The checkpoint to compare with is not signed by a known key.");
  }
  if (opened.head.origin !== head.origin) {
    return fails(name, "The checkpoint to compare with is of another log.");
  }
  const [before, after] = opened.head.size <= head.size ? [opened.head, head] : [head, opened.head];
  if (older.proof.length === 0 && before.size !== after.size && before.size > 0) {
    return notShown(name, `No proof links the tree of ${before.size} entries to the one of ${after.size}.`);
  }
  const hashes = hashesOf(older.proof);
  return hashes !== null && isConsistent(before.size, before.root, after.size, after.root, hashes)
    ? holds(name, `The log of ${after.size} entries extends the log of ${before.size}.`)
    : fails(
        name,
        `The log of ${after.size} entries does not extend the log of ${before.size}: history was rewritten.`,
      );
}

/** More than a tree of 2^53 leaves needs. */
const MAX_PROOF_HASHES = 64;

function hashesOf(proof: readonly string[]): readonly Uint8Array[] | null {
  if (proof.length > MAX_PROOF_HASHES) return null;
  const hashes: Uint8Array[] = [];
  for (const text of proof) {
    const hash = fromBase64(text);
    if (hash?.length !== 32) return null;
    hashes.push(hash);
  }
  return hashes;
}

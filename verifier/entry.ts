import { sha256Hex } from "../src/core/base/digest.ts";
import { canonicalJson } from "../src/core/base/json.ts";
import type { BundleEntry } from "./bundle.ts";
import { utf8 } from "./bytes.ts";
import { hashLeaf } from "./merkle.ts";

/** `prev` of the first entry of a chain. */
export const GENESIS = "0".repeat(64);

/** `gate-entry-v1`, a line feed, and the RFC 8785 text of the entry without its hash. */
export function hashEntry(entry: BundleEntry): string {
  const { intent, seq, event, actor, at, body, prev } = entry;
  return sha256Hex(`gate-entry-v1\n${canonicalJson({ intent, seq, event, actor, at, body, prev })}`);
}

/** The entry's leaf in the log: the RFC 8785 text with its hash. */
export function leafOf(entry: BundleEntry): Uint8Array {
  const { intent, seq, event, actor, at, body, prev, hash } = entry;
  return hashLeaf(utf8(canonicalJson({ intent, seq, event, actor, at, body, prev, hash })));
}

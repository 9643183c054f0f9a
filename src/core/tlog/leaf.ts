import { utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "../base/json.ts";
import type { Entry } from "../ledger/entry.ts";
import { err, ok, type Result } from "../base/result.ts";

/** C2SP tlog-tiles writes an entry's length in two bytes. */
export const MAX_LEAF_BYTES = 65_535;

/**
 * The bytes of a ledger row that the log commits to: the RFC 8785 text, as UTF-8, of everything but the MAC, which only
 * the deployment can verify and which changes with its secret.
 */
export function leafBytes(entry: Omit<Entry, "mac">): Result<Uint8Array, "too_large"> {
  const { intent, seq, event, actor, at, body, prev, hash } = entry;
  const bytes = utf8ToBytes(canonicalJson({ intent, seq, event, actor, at, body, prev, hash }));
  return bytes.length > MAX_LEAF_BYTES ? err("too_large") : ok(bytes);
}

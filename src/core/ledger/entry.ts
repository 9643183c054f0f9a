import { hmacHex, sha256Hex } from "../base/digest.ts";
import { canonicalJson } from "../base/json.ts";

/** One row of the ledger: one state transition of one subject. */
export interface Entry {
  /** An intent's id, or the name of another chain such as `registry`. */
  readonly intent: string;
  /** 1, 2, 3 … without gaps within its chain. */
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** RFC 8785 text: codes, numbers and salted commitments; never payloads, measured values or free text. */
  readonly body: string;
  /** Hash of the entry before it; `GENESIS` for the first. */
  readonly prev: string;
  readonly hash: string;
  /** HMAC over the hash: lets the deployment detect a row edited in D1 before it was sealed. */
  readonly mac: string;
}

export const GENESIS = "0".repeat(64);

/** Head of a chain: what the next entry is linked to. */
export interface Head {
  readonly seq: number;
  readonly hash: string;
}

export const EMPTY_HEAD: Head = { seq: 0, hash: GENESIS };

/** An entry before it has a place in its chain. */
export type Draft = Pick<Entry, "event" | "actor" | "at" | "body">;

/**
 * SHA-256 over `gate-entry-v1`, a line feed, and the RFC 8785 text of the entry without hash and MAC. The body
 * goes in as text, so a verifier need not parse it to check the chain.
 */
export function entryHash(entry: Omit<Entry, "hash" | "mac">): string {
  const { intent, seq, event, actor, at, body, prev } = entry;
  return sha256Hex(`gate-entry-v1\n${canonicalJson({ intent, seq, event, actor, at, body, prev })}`);
}

/** Links drafts onto a chain, in order. */
export function chain(
  intent: string,
  head: Head,
  drafts: readonly Draft[],
  macKey: Uint8Array,
): readonly Entry[] {
  const entries: Entry[] = [];
  let { seq, hash: prev } = head;
  for (const draft of drafts) {
    seq += 1;
    const { event, actor, at, body } = draft;
    const unsigned = { intent, seq, event, actor, at, body, prev };
    const hash = entryHash(unsigned);
    entries.push({ ...unsigned, hash, mac: hmacHex(macKey, hash) });
    prev = hash;
  }
  return entries;
}

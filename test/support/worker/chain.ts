import { env } from "cloudflare:workers";
import type { LedgerRow } from "./gate.ts";

/*
 * The ledger's format read from its description and nothing of Gate's own code, so that both would have to be
 * wrong in the same way.
 */

/** The faults of a chain's rows as sentences; empty for a consistent one. */
export async function faultsOf(rows: readonly LedgerRow[]): Promise<readonly string[]> {
  const faults: string[] = [];
  const key = await macKey();
  let prev = "0".repeat(64);
  for (const [at, row] of rows.entries()) {
    if (row.seq !== at + 1) faults.push(`${row.seq} stands at place ${at + 1}`);
    if (row.prev_hash !== prev) faults.push(`${row.seq} follows another entry`);
    // RFC 8785: members by code unit; every value is text or a whole number.
    const text = JSON.stringify({
      actor: row.actor,
      at: row.at,
      body: row.body,
      event: row.event,
      intent: row.intent_id,
      prev: row.prev_hash,
      seq: row.seq,
    });
    const digest = await crypto.subtle.digest("SHA-256", utf8(`gate-entry-v1\n${text}`));
    if (hex(digest) !== row.entry_hash) faults.push(`${row.seq} is not what its hash says`);
    if (hex(await crypto.subtle.sign("HMAC", key, utf8(row.entry_hash))) !== row.mac) {
      faults.push(`${row.seq} has a wrong MAC`);
    }
    prev = row.entry_hash;
  }
  return faults;
}

async function macKey(): Promise<CryptoKey> {
  const secret = Uint8Array.from(atob(env.GATE_SECRET), (char) => char.charCodeAt(0));
  const base = await crypto.subtle.importKey("raw", secret, "HKDF", false, ["deriveKey"]);
  const info = utf8("gate/v1/entry-mac");
  return crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    base,
    { name: "HMAC", hash: "SHA-256", length: 256 },
    false,
    ["sign"],
  );
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

function hex(bytes: ArrayBuffer): string {
  return [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { parse } from "../api/shared/fields.ts";
import { sameSecret } from "../../app/execution/tokens.ts";

/** The contract's window: what is older may be somebody playing back what they overheard. */
const TOLERANCE_MS = 300_000;

/** Why a callback's signature proves nothing; the contract's words. */
export type SignatureProblem =
  | "provider_secret_not_configured"
  | "signature_header_missing_or_malformed"
  | "signature_invalid"
  | "signature_timestamp_stale";

/** `t=<ms>,v1=<hex HMAC-SHA256(secret, "t.rawBody")>`. @returns the signature, which names this sending of it */
export function verifyProviderSignature(
  secret: string | null,
  header: string | undefined,
  body: Uint8Array,
  now: number,
): Result<string, SignatureProblem> {
  if (secret === null) return err("provider_secret_not_configured");
  const [, at, given] = /^t=(\d{13}),v1=([0-9a-f]{64})$/.exec(header ?? "") ?? [];
  if (at === undefined || given === undefined) return err("signature_header_missing_or_malformed");
  const signed = concatBytes(utf8ToBytes(`${at}.`), body);
  const right = bytesToHex(hmac(sha256, utf8ToBytes(secret), signed));
  if (!sameSecret(given, right)) return err("signature_invalid");
  return Math.abs(now - Number(at)) > TOLERANCE_MS ? err("signature_timestamp_stale") : ok(given);
}

const CALLBACK = z.object({
  intent_id: z.string().min(1).max(128),
  gate_approval_interaction_id: z.string().min(1).max(2048),
  responds_to: z.string().max(256).nullish(),
  decision: z.enum(["APPROVE", "DECLINE", "REJECT"]),
  decided_at: z.union([z.number(), z.string().max(64)]).nullish(),
  approved_intent_hash: z.string().max(128).nullish(),
  evidence: z.object({}).nullish(),
  reason: z.string().max(4096).nullish(),
});

export type Callback = z.infer<typeof CALLBACK>;

export function parseCallback(body: JsonObject): Callback {
  return parse(CALLBACK, body);
}

/** Why the time a provider gives is none that vouches for anything; null: it does, or there is none. */
export function problemOfDecidedAt({ decided_at: at }: Callback, now: number): string | null {
  if (at === undefined || at === null) return null;
  const time = typeof at === "number" ? at : Date.parse(at);
  if (Number.isNaN(time)) return "timestamp_invalid";
  return Math.abs(now - time) > TOLERANCE_MS ? "timestamp_out_of_tolerance" : null;
}

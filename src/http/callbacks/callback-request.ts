import { hmac } from "@noble/hashes/hmac.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex, concatBytes, utf8ToBytes } from "@noble/hashes/utils.js";
import { z } from "zod";
import type { JsonObject } from "../../core/base/json.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { parseRequest, requestSchema } from "../api/shared/request-schema.ts";
import { sameSecret } from "../../app/execution/tokens.ts";

/** The contract's window: an older signature may be a replay. */
const TOLERANCE_MS = 300_000;

/** The reasons for which the contract refuses a callback's signature. */
export type SignatureProblem =
  | "provider_secret_not_configured"
  | "signature_header_missing_or_malformed"
  | "signature_invalid"
  | "signature_timestamp_stale";

/** `t=<ms>,v1=<hex HMAC-SHA256(secret, "t.rawBody")>`. @returns the signature, which identifies this delivery */
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
  const expected = bytesToHex(hmac(sha256, utf8ToBytes(secret), signed));
  if (!sameSecret(given, expected)) return err("signature_invalid");
  return Math.abs(now - Number(at)) > TOLERANCE_MS ? err("signature_timestamp_stale") : ok(given);
}

const CALLBACK = requestSchema(
  "POST /v1/approval-callbacks/:provider",
  z.object({
    intent_id: z.string().min(1).max(128),
    gate_approval_interaction_id: z
      .string("the id in the AUTHORIZE message that this answers")
      .min(1, "the id in the AUTHORIZE message that this answers")
      .max(2048),
    responds_to: z.string().min(1).max(256).optional(),
    decision: z.enum(["APPROVE", "DECLINE", "REJECT"]),
    decided_at: z.union([z.number(), z.string().min(1).max(64)]).optional(),
    approved_intent_hash: z.string().min(1).max(128).optional(),
    evidence: z.object({}).nullish(),
    reason: z.string().max(4096).nullish(),
  }),
);

export function parseCallback(body: JsonObject) {
  return parseRequest(CALLBACK, body);
}

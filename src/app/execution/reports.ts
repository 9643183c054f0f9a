import { utf8ToBytes } from "@noble/hashes/utils.js";
import { canonicalJson } from "../../core/base/json.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Instant } from "../../core/intent/state.ts";
import { readOrder, type OrderRecord } from "./find-order.ts";
import type { HeldOrder } from "./held-order.ts";
import type { OrderFailure } from "./order-failure.ts";
import { verifiedProof } from "./report-proof.ts";
import { refusedOr } from "./unless-stopped.ts";

/** Results are stored with the intent and read by its proposer; a provider's whole response does not belong here. */
const MAX_RESULT_BYTES = 64 * 1024;

/** A worker's report of the write that it made. */
export interface WorkerReport {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  readonly retryable: boolean;
  /** Null: the worker reports no time. */
  readonly executedAt: Instant | null;
  readonly result: unknown;
  /** The signed report, a compact JWS; null: none was sent. */
  readonly proof: string | null;
}

/** Records the outcome of a write. No kill switch refuses it: the report of a write that was made must not be lost. */
export async function reportOrder(
  { intent, state, order, by, reporter }: HeldOrder,
  { outcome, retryable, executedAt, result: given, proof: signed }: WorkerReport,
): Promise<Result<OrderRecord, OrderFailure>> {
  const result = resultText(given);
  if (!result.ok) return result;
  const claims = { order: order.id, intentDigest: state.terms.digest, outcome };
  const proof = signed === null ? ok(null) : await verifiedProof(signed, reporter.reportKey, claims);
  if (!proof.ok) return err({ kind: "invalid_proof", problem: proof.error });
  const reported = refusedOr(
    await intent.handle({
      type: "report",
      order: order.id,
      by,
      outcome,
      retryable,
      executedAt,
      result: result.value,
      proof: proof.value,
    }),
  );
  return reported.ok ? readOrder(intent, order) : reported;
}

function resultText(result: unknown): Result<string | null, OrderFailure> {
  if (result === undefined || result === null) return ok(null);
  const text = canonicalJson(result);
  if (utf8ToBytes(text).length <= MAX_RESULT_BYTES) return ok(text);
  return err({ kind: "result_too_large", maxBytes: MAX_RESULT_BYTES });
}

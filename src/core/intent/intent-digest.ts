import type { PolicyRef } from "../policy/decision.ts";
import type { Facts } from "../proposal/facts.ts";
import { digestOf } from "../base/digest.ts";
import { writeForDigest, type HttpWrite } from "../outbound/http-write.ts";

/** Everything an approval is an approval of. */
export interface BoundFields {
  readonly id: string;
  readonly agent: string;
  readonly destination: string;
  readonly action: string;
  readonly executor: string | null;
  readonly payloadDigest: string | null;
  /** All that is known of a reference without a digest. */
  readonly payloadName: string | null;
  readonly facts: Facts;
  readonly policies: readonly PolicyRef[];
  readonly configHash: string;
  readonly decideBy: number;
  /** What Gate sends on; null where somebody else carries it out. */
  readonly http: HttpWrite | null;
  /** Hexadecimal; unpredictable, so that the digest on the ledger gives away nothing once it is destroyed. */
  readonly salt: string;
}

/**
 * SHA-256 over the RFC 8785 text of `Bound` with `v: 1`. Computed once, at proposal: votes, orders, reports and
 * ledger entries carry it, and a changed byte of anything in it is a new intent.
 */
export function intentDigest(bound: BoundFields): string {
  const { id, agent, destination, action, executor, facts, policies, salt } = bound;
  return digestOf({
    v: 1,
    intent_id: id,
    agent,
    destination,
    action,
    executor,
    payload_digest: bound.payloadDigest,
    payload_name: bound.payloadName,
    facts,
    policies,
    destination_config: bound.configHash,
    decide_by: bound.decideBy,
    salt,
    ...(bound.http !== null && { http: writeForDigest(bound.http) }),
  });
}

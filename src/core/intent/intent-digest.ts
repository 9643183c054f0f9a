import type { PolicyRef } from "../policy/decision.ts";
import type { Facts } from "../proposal/facts.ts";
import { digestOf } from "../base/digest.ts";
import { writeForDigest, type HttpWrite } from "../outbound/http-write.ts";

/** `v` of digests and of ledger entries. */
export const RECORD_VERSION = 2;

/** Everything that an approval binds. */
export interface BoundFields {
  readonly id: string;
  readonly agent: string;
  readonly destination: string;
  readonly action: string;
  readonly executor: string | null;
  readonly payloadDigest: string | null;
  /** Binds a reference that declares no digest. */
  readonly payloadName: string | null;
  readonly facts: Facts;
  readonly policies: readonly PolicyRef[];
  readonly configHash: string;
  readonly decideBy: number;
  /** The request that Gate sends; null where a runner or a download executes the write. */
  readonly http: HttpWrite | null;
  /** Hexadecimal. Once erasure destroys it, an attacker can't brute-force a short payload from its digest. */
  readonly salt: string;
}

/**
 * SHA-256 over the RFC 8785 text of the bound fields. Votes, orders, reports and ledger entries carry it, and a changed
 * byte in any field makes another intent. `v: 2` since policies have a meaning; intents of version 0.1 have `v: 1`.
 */
export function intentDigest(bound: BoundFields): string {
  const { id, agent, destination, action, executor, facts, policies, salt } = bound;
  return digestOf({
    v: RECORD_VERSION,
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

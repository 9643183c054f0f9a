import type { ProposalRequest } from "../proposal/request.ts";
import { digestOf } from "../base/digest.ts";
import type { Payload } from "../proposal/payload.ts";
import { writeForRepeat } from "../outbound/http-write.ts";

/** The digests by which Gate recognises a repeated proposal. */
export interface RequestIdentity {
  /** SHA-256 of the payload's bytes; for a reference the declared one; null when there is none. */
  readonly payloadDigest: string | null;
  /** Distinguishes a repeat under one idempotency key from another request: covers every field and the payload. */
  readonly requestDigest: string;
  /**
   * The agent's counters compare these: pseudonyms of the payload's digest, or of the whole request without a payload.
   * The first is stored; an equal proposal from before a rotation of the deployment's secret has one of the others.
   */
  readonly subjects: readonly [string, ...string[]];
}

/**
 * @param contentDigest SHA-256 of the content's bytes, null without content. The caller computes it once, because
 *   hashing a large payload dominates a proposal's cost
 * @param pseudonyms keyed with each secret in force, so that a stored subject can't be brute-forced
 */
export function requestIdentity(
  request: ProposalRequest,
  payload: Payload,
  contentDigest: string | null,
  pseudonyms: (digest: string) => readonly [string, ...string[]],
): RequestIdentity {
  const payloadDigest = payload.kind === "reference" ? payload.sha256 : contentDigest;
  const name = payload.kind === "none" ? null : payload.name;
  const http = request.http === undefined ? null : writeForRepeat(request.http);
  const repeatable = http === null ? request : { ...request, http };
  // A stored digest: a keyed repeat of a request from version 0.1 must find it, so the member's name stays `ask`.
  const requestDigest = digestOf({ ask: repeatable, payload: [payload.kind, name, payloadDigest] });
  // Equal bodies to two addresses are two writes; the policy an agent names doesn't make one write two.
  const written =
    http === null ? payloadDigest : digestOf({ destination: request.destination, http, payloadDigest });
  return { payloadDigest, requestDigest, subjects: pseudonyms(written ?? requestDigest) };
}

import type { ProposalRequest } from "../proposal/request.ts";
import { digestOf } from "../base/digest.ts";
import type { Payload } from "../proposal/payload.ts";
import { writeForRepeat } from "../outbound/http-write.ts";

/** What a proposal is known again by. */
export interface RequestIdentity {
  /** SHA-256 of the payload's bytes; for a reference the declared one; null when there is none. */
  readonly payloadDigest: string | null;
  /** Tells a repeat under one key from another request: everything asked, the payload included. */
  readonly requestDigest: string;
  /** What the agent's counters compare: the payload, or the whole request where there is none. */
  readonly subject: string;
}

/**
 * @param contentDigest SHA-256 of the bytes where there is content: computed once and by the caller, because for
 *   a large payload it is most of what a proposal costs
 * @param pseudonym makes a name that only this deployment can make, so that a stored subject gives nothing away
 */
export function requestIdentity(
  request: ProposalRequest,
  payload: Payload,
  contentDigest: string | null,
  pseudonym: (digest: string) => string,
): RequestIdentity {
  const payloadDigest = payload.kind === "reference" ? payload.sha256 : contentDigest;
  const name = payload.kind === "none" ? null : payload.name;
  const http = request.http === undefined ? null : writeForRepeat(request.http);
  const repeatable = http === null ? request : { ...request, http };
  // A stored digest: a keyed repeat of a request from version 0.1 must find it, so the member's name stays `ask`.
  const requestDigest = digestOf({ ask: repeatable, payload: [payload.kind, name, payloadDigest] });
  // Equal bodies to two addresses are two writes; under two policies that an agent may name they are one.
  const written =
    http === null ? payloadDigest : digestOf({ destination: request.destination, http, payloadDigest });
  return { payloadDigest, requestDigest, subject: pseudonym(written ?? requestDigest) };
}

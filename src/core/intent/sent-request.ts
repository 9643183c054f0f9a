import { canonicalJson } from "../base/json.ts";
import type { Decision } from "../policy/decision.ts";
import type { HttpWrite } from "../outbound/http-write.ts";
import { pathBelow } from "../outbound/path.ts";
import { slotOf } from "../registry/injection.ts";
import type { Destination } from "../registry/registry.ts";

/**
 * The decision on a request that is bound to an earlier form of its destination. A request to another address than the
 * entry's is blocked: it would carry the entry's credential to a host that the entry no longer names.
 *
 * @param http the request as the rules in force have it
 * @param bound the request as it was proposed; undefined: Gate sends none
 */
export function decisionOnRequest(
  decision: Decision,
  http: HttpWrite | undefined,
  bound: HttpWrite | undefined,
  entry: Destination | undefined,
): Decision {
  if (decision.outcome === "block" || isSentAsBound(http, bound, entry)) return decision;
  return {
    ...decision,
    outcome: "block",
    reasonCode: "destination_changed",
    reason: "The destination's address, credential or template changed since; propose the write again.",
  };
}

function isSentAsBound(
  http: HttpWrite | undefined,
  bound: HttpWrite | undefined,
  entry: Destination | undefined,
): boolean {
  if (bound === undefined || http === undefined) return bound === http;
  // The stored request is the one that is sent: a template that makes another of the payload does not change it.
  if (canonicalJson(formOf(http)) !== canonicalJson(formOf(bound))) return false;
  const upstream = entry?.upstream?.url;
  if (upstream === undefined || pathBelow(upstream, bound.url.replace(/\?.*$/s, "")) === null) return false;
  const slot = entry?.credential ? slotOf(entry.credential.injection) : null;
  return canonicalJson(slot) === canonicalJson(bound.slot);
}

function formOf({ method, url, headers, slot, idempotencyHeader }: HttpWrite) {
  return { method, url, headers, slot, idempotencyHeader };
}

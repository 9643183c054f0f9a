import type { RequestClass } from "../../core/base/request-limits.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/**
 * What the calls of Gate's own routes count as; all others with a key are `requests`. The proxy counts as
 * `proxied_requests`, and its writes as `proposals` too.
 */
const CLASSES: readonly (readonly [route: RegExp, RequestClass])[] = [
  [/^POST \/v1\/(?:intents|propose)$/, "proposals"],
  // An edited payload is evaluated as a proposal is.
  [/^POST \/(?:v1\/intents|cases)\/[^/]+\/edit$/, "proposals"],
  // Each may read a whole chain, a page of the ledger, or a table of D1.
  [/^GET \/v1\/intents\/[^/]+\/evidence$/, "evidence"],
  [/^GET \/log\/(?:entries|health)$/, "evidence"],
  [/^POST \/log\/seal$/, "evidence"],
  [/^GET \/v1\/metrics$/, "evidence"],
];

export function requestClassOf(method: string, path: string): RequestClass {
  const route = `${method === "HEAD" ? "GET" : method} ${path}`;
  return CLASSES.find(([pattern]) => pattern.test(route))?.[1] ?? "requests";
}

/** 429 for a key that has sent too many requests of this class within a minute; before the body takes memory. */
export async function enforceRequestLimit(
  c: GateContext,
  key: string,
  requestClass = requestClassOf(c.req.method, c.req.path),
): Promise<void> {
  const ports = c.env;
  c.set("limitKey", key);
  const waitMs = await ports.countRequest(requestClass, key);
  if (waitMs === null) return;
  const perMinute = ports.settings.requestLimits[requestClass];
  refuse({
    status: 429,
    code: "too_many_requests",
    detail: `${NAMES[requestClass]}: the limit is ${perMinute} a minute. Wait as long as Retry-After says.`,
    more: { limit: requestClass, per_minute: perMinute },
    headers: { "Retry-After": String(Math.max(Math.ceil(waitMs / 1_000), 1)) },
  });
}

const NAMES = {
  proposals: "Too many proposals with this key",
  requests: "Too many requests with this key",
  proxied_requests: "Too many requests through the proxy with this key",
  evidence: "Too many reads of evidence or of the ledger with this key",
  heartbeats: "Too many heartbeats for this order",
} as const satisfies Record<RequestClass, string>;

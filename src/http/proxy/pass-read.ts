import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import { DEFAULT_IDLE_MS } from "../../core/registry/registry.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuseStopped, requireDestination } from "../middleware/guards.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import type { ProxiedRequest } from "./parse-request.ts";
import type { ProxyRoute } from "./route.ts";
import { problemOfCall, relocateFor, relayResponse } from "./relay-response.ts";

/**
 * Forwards a listed read at once, streamed. It is counted, and creates no intent.
 *
 * @param read the body, where it was looked into; null: it is streamed as it comes
 */
export async function passRead(
  c: GateContext,
  { principal, engaged }: ProxyAgent,
  route: ProxyRoute,
  { http, agentCredentials }: ProxiedRequest,
  read: Uint8Array | null,
): Promise<Response> {
  const { entry, upstream } = route;
  requireDestination(principal, entry.name, "This agent may not use this destination.");
  refuseStopped(matchingSwitch(engaged, principal.id, entry.name));
  const called = await c.env.callUpstream({
    method: http.method,
    reader: principal.id,
    url: http.url,
    headers: http.headers,
    agentCredentials,
    body: read ?? (c.req.raw.body as ReadableStream<Uint8Array> | null),
    passesThrough: true,
    credential: entry.credential,
    timeoutMs: upstream.timeoutMs,
    pauseMs: upstream.idleMs ?? DEFAULT_IDLE_MS,
    allowPrivate: upstream.allowPrivate,
    isRepeatable: true,
  });
  if (called.ok || called.error.sent) {
    c.executionCtx.waitUntil(c.env.reads.count(principal.id, entry.name, Date.now()));
  }
  if (!called.ok) return refuse(problemOfCall(called.error));
  const { status, statusText, headers, body, withheld } = called.value;
  if (withheld !== null) {
    return refuse({
      status: 502,
      code: "response_withheld",
      detail: "The upstream's response was withheld: Gate cannot search it for the credential.",
      more: { problem: withheld, upstream_status: status },
    });
  }
  return relayResponse({
    method: http.method,
    status,
    statusText,
    headers: relocateFor(c, route, http.url)(headers),
    body,
  });
}

import type { Header } from "../../core/outbound/header-names.ts";
import { rewriteAddresses } from "../../core/outbound/addresses.ts";
import { mayHaveContent } from "../../core/outbound/response.ts";
import { continued } from "../../app/execution/read-head.ts";
import type { CallFailure, CallProblem } from "../../ports/upstream.ts";
import type { GateContext } from "../middleware/context.ts";
import { ownOrigin } from "../middleware/origin.ts";
import type { Problem } from "../problem/problem.ts";
import type { ProxyRoute } from "./route.ts";
import type { StoredResponse } from "../../ports/intents.ts";

/** An upstream's response, as the agent gets it. */
interface RelayedResponse {
  readonly method: string;
  readonly status: number;
  readonly statusText?: string;
  readonly headers: readonly Header[];
  readonly body: ReadableStream<Uint8Array> | Uint8Array | null;
  readonly more?: Readonly<Record<string, string>>;
}

export function relayResponse({
  method,
  status,
  statusText,
  headers,
  body,
  more,
}: RelayedResponse): Response {
  const sent = new Headers();
  for (const [name, value] of headers) sent.append(name, value);
  for (const [name, value] of Object.entries(more ?? {})) sent.set(name, value);
  const content = mayHaveContent(method, status) ? body : null;
  // Without "manual" the runtime would encode an already encoded body a second time.
  const encodeBody = sent.has("content-encoding") ? ("manual" as const) : ("automatic" as const);
  const init = { status, ...(statusText === undefined ? {} : { statusText }), headers: sent, encodeBody };
  return new Response(content instanceof Uint8Array ? content.slice() : content, init);
}

/** The stored response to a write. */
export function replayStoredResponse(
  method: string,
  relocate: Relocate,
  intentId: string,
  { status, headers, body, truncated }: StoredResponse,
  rest: ReadableStream<Uint8Array> | null,
): Response {
  return relayResponse({
    method,
    status,
    headers: relocate(headers),
    body: rest === null ? body : continued(body, rest.getReader()),
    more: {
      "X-Gate-Intent-Id": intentId,
      ...(truncated && rest === null && { "X-Gate-Truncated": "true" }),
    },
  });
}

/** Rewrites the upstream's own addresses in an answer's headers. */
export type Relocate = (headers: readonly Header[]) => readonly Header[];

/** @param requested the URL of the request that is answered, at the upstream */
export function relocateFor(c: GateContext, route: ProxyRoute, requested: string): Relocate {
  const origin = ownOrigin(c);
  return (headers) => rewriteAddresses(headers, { requested, places: route.places(), origin });
}

const STATUS_OF: Partial<Record<CallProblem, 502 | 503 | 504>> = {
  timeout: 504,
  unreachable: 502,
  broken_off: 502,
  invalid_response: 502,
  refused_address: 502,
};

/** The problem for a call without a response: it names the cause, and never contains the request or the credential. */
export function problemOfCall({ problem, detail, sent }: CallFailure): Problem {
  const status = STATUS_OF[problem] ?? 503;
  const code =
    status === 503 ? "credential_unavailable" : status === 504 ? "upstream_timeout" : "upstream_failed";
  return { status, code, detail, more: { problem, sent }, headers: { "Retry-After": "5" } };
}

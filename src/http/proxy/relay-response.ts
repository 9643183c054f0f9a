import type { Header } from "../../core/outbound/header-names.ts";
import { rewriteAddresses } from "../../core/outbound/addresses.ts";
import { mayHaveContent } from "../../core/outbound/response.ts";
import { continued } from "../../app/execution/read-head.ts";
import type { CallFailure } from "../../ports/upstream.ts";
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

/**
 * The problem for a call without a response: it names the cause, and never contains the request or the credential. A 502
 * or 504 means that the request was sent and its outcome is not known; 503 that certainly no byte of it was.
 */
export function problemOfCall(failure: CallFailure): Problem {
  const { problem, detail, sent } = failure;
  return { ...statusOf(failure), detail, more: { problem, sent }, headers: { "Retry-After": "5" } };
}

function statusOf({ source, problem }: CallFailure): Pick<Problem, "status" | "code"> {
  switch (source) {
    case "credential":
      return { status: 503, code: "credential_unavailable" };
    case "request":
      return { status: 503, code: "request_not_sent" };
    case "exchange":
      return problem === "timeout"
        ? { status: 504, code: "upstream_timeout" }
        : { status: 502, code: "upstream_failed" };
  }
}

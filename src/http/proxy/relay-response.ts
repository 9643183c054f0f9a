import type { Header } from "../../core/outbound/header-names.ts";
import { mayHaveContent } from "../../core/outbound/response.ts";
import { continued } from "../../app/execution/read-head.ts";
import type { CallFailure, CallProblem } from "../../ports/upstream.ts";
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
  route: ProxyRoute,
  intentId: string,
  { status, headers, body, truncated }: StoredResponse,
  rest: ReadableStream<Uint8Array> | null,
): Response {
  return relayResponse({
    method,
    status,
    headers: relocated(headers, route),
    body: rest === null ? body : continued(body, rest.getReader()),
    more: {
      "X-Gate-Intent-Id": intentId,
      ...(truncated && rest === null && { "X-Gate-Truncated": "true" }),
    },
  });
}

const WITH_ADDRESS: ReadonlySet<string> = new Set(["location", "content-location"]);

/**
 * Rewrites the upstream's own addresses to paths at Gate: an agent that follows the original would bypass Gate, or
 * request one of Gate's own pages.
 */
export function relocated(headers: readonly Header[], { upstream, places }: ProxyRoute): readonly Header[] {
  if (!headers.some(([name]) => WITH_ADDRESS.has(name))) return headers;
  return headers.map(([name, value]) =>
    WITH_ADDRESS.has(name) ? [name, throughGate(value, upstream.url, places())] : [name, value],
  );
}

function throughGate(written: string, upstream: string, places: ReturnType<ProxyRoute["places"]>): string {
  if (!URL.canParse(written, upstream)) return "";
  const { href } = new URL(written, upstream);
  for (const place of places) {
    const base = new URL(place.upstream).href.replace(/\/$/, "");
    const below = href.startsWith(base) ? href.slice(base.length) : null;
    if (below !== null && /^(?:$|[/?#])/.test(below)) return `${place.prefix}${below}`;
  }
  return href;
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

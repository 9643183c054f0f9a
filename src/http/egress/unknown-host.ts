import { listAllows } from "../../core/evaluate/names.ts";
import { publicAddress } from "../../core/net/public-address.ts";
import { HOP_BY_HOP, namedInConnection, type Header } from "../../core/proxy/header-names.ts";
import { holdsGateKey } from "../../core/proxy/request.ts";
import { requireUnstopped } from "../access.ts";
import type { GateContext } from "../context.ts";
import type { ProxyAgent } from "../proxy/caller.ts";
import { problemOfCall, sentBack } from "../proxy/sent-back.ts";
import { refuse } from "../problem.ts";

/**
 * By this name agents' lists, kill switches and the counts of reads know all hosts that are nobody's upstream. What is
 * refused is counted beside it, so that whoever looks at the counts sees that something was tried.
 */
export const UNKNOWN_HOSTS = "unknown.outbound";
export const REFUSED_HOSTS = "unknown.refused";

/** No operator chose it: as long as Gate waits for an upstream where nothing else is said. */
const TIMEOUT_MS = 60_000;

/** Fetch, section 2.2.1, and what has no business with a host that nobody knows. */
const METHOD = /^[A-Z][A-Z-]{0,19}$/;
const FORBIDDEN_METHODS: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/** `gate.yaml` says `unknown_hosts: allow`: passed on undecided, reads and writes alike, as the code sent it. */
export async function passUnknown(c: GateContext, { principal, gateHeaders }: ProxyAgent): Promise<Response> {
  const { method, url, body } = c.req.raw;
  const allowed = principal.allowedDestinations;
  if (allowed !== null && !listAllows(allowed, UNKNOWN_HOSTS)) {
    return refuse({
      status: 403,
      code: "destination_not_allowed",
      detail: "This agent may not reach hosts that no destination of gate.yaml leads to.",
    });
  }
  const { headers } = c.req.raw;
  if (headers.has("Upgrade") || headers.has("Sec-WebSocket-Key")) {
    return refuse({
      status: 501,
      code: "upgrade_refused",
      detail: "WebSockets and other upgrades don't pass: what is said in one can't be decided on.",
    });
  }
  if (!METHOD.test(method) || FORBIDDEN_METHODS.has(method)) {
    return refuse({ status: 400, code: "method_refused", detail: "This method is not sent on." });
  }
  if (holdsGateKey(unescaped(url))) {
    return refuse({
      status: 400,
      code: "path_refused",
      detail: "The address is not sent on: it holds a key of Gate's.",
      more: { problem: "gate_key" },
    });
  }
  const { href, origin, hostname } = new URL(url);
  // By a number a host can be reached that has a name here, past the destination that governs it.
  if (!publicAddress(origin).ok || isNumber(hostname)) {
    return refuseHost(
      c,
      principal.id,
      "Hosts that no destination leads to are reached over https, by a public name.",
    );
  }
  await requireUnstopped(c, { agent: principal.id, destination: UNKNOWN_HOSTS });
  const called = await c.env.call({
    method,
    url: href,
    headers: passedHeaders([...headers], gateHeaders),
    own: [],
    body: body as ReadableStream<Uint8Array> | null,
    passesThrough: true,
    credential: null,
    timeoutMs: TIMEOUT_MS,
    allowPrivate: false,
  });
  c.executionCtx.waitUntil(c.env.reads.count(principal.id, UNKNOWN_HOSTS, Date.now()));
  if (!called.ok) return refuse(problemOfCall(called.error));
  return sentBack({ method, ...called.value });
}

/** 403, and counted. */
export function refuseHost(c: GateContext, agent: string, detail: string): never {
  c.executionCtx.waitUntil(c.env.reads.count(agent, REFUSED_HOSTS, Date.now()));
  return refuse({
    status: 403,
    code: "host_not_allowed",
    detail,
    more: { host: new URL(c.req.raw.url).host },
  });
}

function isNumber(hostname: string): boolean {
  return hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
}

/** As the code wrote them, but for the connection's, what was said to Gate, and keys of Gate's. */
function passedHeaders(headers: readonly Header[], gateHeaders: readonly string[]): readonly Header[] {
  const connection = namedInConnection(headers);
  return headers.filter(([name, value]) => {
    if (HOP_BY_HOP.has(name) || connection.has(name) || gateHeaders.includes(name)) return false;
    return !NOT_THE_CODES_TO_SAY.test(name) && !name.startsWith("x-gate-") && !holdsGateKey(value);
  });
}

/** The platform's word on who calls from where, and the host, which is the URL's. */
const NOT_THE_CODES_TO_SAY =
  /^(?:host|content-length|cf-.*|x-forwarded-.*|x-real-ip|true-client-ip|cdn-loop)$/;

function unescaped(text: string): string {
  return text.replaceAll(/%([\dA-Fa-f]{2})/g, (_, digits: string) => {
    return String.fromCharCode(Number.parseInt(digits, 16));
  });
}

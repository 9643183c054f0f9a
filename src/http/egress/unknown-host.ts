import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import { publicAddress } from "../../core/base/public-address.ts";
import { HOP_BY_HOP, namedInConnection, type Header } from "../../core/outbound/header-names.ts";
import { holdsGateKey } from "../../core/outbound/headers.ts";
import { leaksGateKey } from "../../core/outbound/target.ts";
import { refuseStopped, requireDestination } from "../middleware/guards.ts";
import type { GateContext } from "../middleware/context.ts";
import type { ProxyAgent } from "../proxy/authenticate-agent.ts";
import { requireSendable } from "../proxy/forwardable.ts";
import { problemOfCall, relayResponse } from "../proxy/relay-response.ts";
import { refuse } from "../problem/problem.ts";

/**
 * By this name agents' lists, kill switches and the counts of reads know all hosts that are nobody's upstream. What is
 * refused is counted beside it, so that whoever looks at the counts sees that something was tried.
 */
const UNKNOWN_HOSTS = "unknown.outbound";
const REFUSED_HOSTS = "unknown.refused";

/** No operator chose it: as long as Gate waits for an upstream where nothing else is said. */
const TIMEOUT_MS = 60_000;

/** `gate.yaml` says `unknown_hosts: allow`: passed on undecided, reads and writes alike, as the code sent it. */
export async function passUnknown(
  c: GateContext,
  { principal, engaged, gateHeaders }: ProxyAgent,
): Promise<Response> {
  const ports = c.env;
  const { method, url, headers, body } = c.req.raw;
  requireDestination(
    principal,
    UNKNOWN_HOSTS,
    "This agent may not reach hosts that no destination of gate.yaml leads to.",
  );
  requireSendable(c.req.raw);
  if (leaksGateKey(url)) {
    return refuse({
      status: 400,
      code: "path_refused",
      detail: "The URL was refused: it contains a key of Gate's.",
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
  refuseStopped(matchingSwitch(engaged, principal.id, UNKNOWN_HOSTS));
  const called = await ports.callUpstream({
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
  c.executionCtx.waitUntil(ports.reads.count(principal.id, UNKNOWN_HOSTS, Date.now()));
  if (!called.ok) return refuse(problemOfCall(called.error));
  return relayResponse({ method, ...called.value });
}

/** 403, and counted. */
export function refuseHost(c: GateContext, agent: string, detail: string): never {
  const ports = c.env;
  c.executionCtx.waitUntil(ports.reads.count(agent, REFUSED_HOSTS, Date.now()));
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
    return !STRIPPED_HEADERS.test(name) && !name.startsWith("x-gate-") && !holdsGateKey(value);
  });
}

/** The platform's word on who calls from where, and the host, which is the URL's. */
const STRIPPED_HEADERS = /^(?:host|content-length|cf-.*|x-forwarded-.*|x-real-ip|true-client-ip|cdn-loop)$/;

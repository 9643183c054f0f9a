import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import { publicAddress } from "../../core/base/public-address.ts";
import { HOP_BY_HOP, namedInConnection, type Header } from "../../core/outbound/header-names.ts";
import { DEFAULT_IDLE_MS, UNKNOWN_HOSTS } from "../../core/registry/registry.ts";
import { holdsGateKey } from "../../core/outbound/headers.ts";
import { leaksGateKey } from "../../core/outbound/target.ts";
import { refuseStopped, requireDestination } from "../middleware/guards.ts";
import type { GateContext } from "../middleware/context.ts";
import type { ProxyAgent } from "../proxy/authenticate-agent.ts";
import { requireSendable } from "../proxy/forwardable.ts";
import { problemOfCall, relayResponse } from "../proxy/relay-response.ts";
import { refuse } from "../problem/problem.ts";

/** Refusals are counted under a name of their own, so that an operator sees the attempts. */
const REFUSED_HOSTS = "unknown.refused";

/** Equal to an upstream's default timeout: `gate.yaml` has no setting for unknown hosts. */
const TIMEOUT_MS = 60_000;

/** Forwards reads and writes alike without evaluation: the operator set `unknown_hosts: allow`. */
export async function passUnknown(
  c: GateContext,
  { principal, engaged, gateHeaders }: ProxyAgent,
): Promise<Response> {
  const ports = c.env;
  const { method, url, headers, body } = c.req.raw;
  requireDestination(
    principal,
    UNKNOWN_HOSTS,
    "This agent may not reach hosts without a destination in gate.yaml.",
  );
  requireSendable(c.req.raw);
  if (leaksGateKey(url)) {
    return refuse({
      status: 400,
      code: "path_refused",
      detail: "The URL was refused: it contains a Gate key.",
      more: { problem: "gate_key" },
    });
  }
  const { href, origin, hostname } = new URL(url);
  // An IP address could reach a governed host while bypassing the destination that its name selects.
  if (!publicAddress(origin).ok || isNumber(hostname)) {
    return refuseHost(
      c,
      principal.id,
      "A host without a destination must be requested over https, by a public name.",
    );
  }
  refuseStopped(matchingSwitch(engaged, principal.id, UNKNOWN_HOSTS));
  const called = await ports.callUpstream({
    method,
    reader: principal.id,
    url: href,
    headers: passedHeaders([...headers], gateHeaders),
    agentCredentials: [],
    body: body as ReadableStream<Uint8Array> | null,
    passesThrough: true,
    credential: null,
    timeoutMs: TIMEOUT_MS,
    pauseMs: DEFAULT_IDLE_MS,
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

/** The caller's headers without hop-by-hop headers, headers for Gate itself, and values that contain a Gate key. */
function passedHeaders(headers: readonly Header[], gateHeaders: readonly string[]): readonly Header[] {
  const connection = namedInConnection(headers);
  return headers.filter(([name, value]) => {
    if (HOP_BY_HOP.has(name) || connection.has(name) || gateHeaders.includes(name)) return false;
    return !STRIPPED_HEADERS.test(name) && !name.startsWith("x-gate-") && !holdsGateKey(value);
  });
}

/** Headers in which the platform describes the caller, and those that `fetch` derives from the URL and body. */
const STRIPPED_HEADERS = /^(?:host|content-length|cf-.*|x-forwarded-.*|x-real-ip|true-client-ip|cdn-loop)$/;

import { KEY_PREFIX, type Principal } from "../../core/identity/principal.ts";
import type { Result } from "../../core/base/result.ts";
import { agentByKey, type AgentFailure } from "../../app/identity/authenticate-agent.ts";
import { isAgentCredential } from "../../core/outbound/agent-credentials.ts";
import { withDashes } from "../../core/outbound/header-names.ts";
import type { Destination } from "../../core/registry/registry.ts";
import type { GateContext } from "../middleware/context.ts";
import { problemOfAuthFailure } from "../problem/from-auth-failure.ts";
import { enforceRequestLimit } from "../middleware/request-limit.ts";
import { refuse } from "../problem/problem.ts";
import type { ReadAge } from "../../ports/principals.ts";
import type { EngagedSwitch } from "../../ports/switches.ts";

/**
 * A key behind any scheme word, and as the value of a parameter: libraries write `Bearer`, `token`, `ApiKey`,
 * `Token token="…"` or nothing before the key they are given.
 */
const KEY = new RegExp(
  `^(?:[a-z][\\w.-]{0,40} +)?(?:[a-z][\\w.-]{0,40} *= *)?"?((?:${Object.values(KEY_PREFIX).join("|")})[\\w-]{1,200})"?$`,
  "i",
);
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** A key and the header it came in, which the upstream must not get. */
interface ShownKey {
  readonly key: string;
  readonly header: string;
}

/** The calling agent, and the headers that the upstream must not get. */
export interface ProxyAgent {
  readonly principal: Principal;
  /** Read together with the identity. */
  readonly engaged: readonly EngagedSwitch[];
  /** Reads the identity again, for a write; a listed read is passed with one that may be two seconds old. */
  readonly reauthenticate: () => Promise<void>;
  readonly gateHeaders: readonly string[];
}

/**
 * The calling agent. Its key comes in a header of its own, so that `Authorization` stays free for libraries that send
 * the upstream's credential there; or, for libraries that can set no other header, where they put the provider's key.
 *
 * @param entry the destination, whose `inject` may name a header; null: not known yet
 */
export async function agentOf(c: GateContext, entry: Destination | null): Promise<ProxyAgent> {
  const ports = c.env;
  const { keyHeader } = ports.settings;
  const own = c.req.header(keyHeader);
  const shown = own === undefined ? keyAmong(c, keyHeader, entry) : keyOf(own, keyHeader);
  if (shown === null) return refuseKey(keyHeader);
  const { key, header } = shown;
  const admitted = await admit(
    c,
    (age) => agentByKey(key, ports, age),
    () => refuseKey(keyHeader),
  );
  return { ...admitted, gateHeaders: [keyHeader, header] };
}

/**
 * Reads the agent and the kill switches in one batch, and registers the check for `reauthenticate`: an upload or a wait
 * for approval can take hours, and a key revoked meanwhile must not learn the outcome.
 */
export async function admit(
  c: GateContext,
  authenticate: (age: ReadAge) => Promise<Result<Principal, AgentFailure>>,
  refuseOther: () => never,
): Promise<Omit<ProxyAgent, "gateHeaders">> {
  const ports = c.env;
  // Only these can be listed reads in the end; what turns out to be a write is read again.
  const age = c.req.method === "GET" || c.req.method === "HEAD" ? "recent" : "fresh";
  const agent = async (of: ReadAge) => agentOrRefuse(await authenticate(of));
  const [principal, engaged] = await Promise.all([agent(age), ports.switches.engaged(age)]);
  await enforceRequestLimit(c, principal.id, "proxied_requests");
  const reauthenticate = async () => {
    if ((await agent("fresh")).id !== principal.id) refuseOther();
  };
  c.set("reauthenticate", reauthenticate);
  return { principal, engaged, reauthenticate };
}

function refuseKey(keyHeader: string): never {
  return refuse({
    status: 401,
    code: "unauthorized",
    detail: `Send one key of an agent, as \`${keyHeader}: <key>\` or where the provider's key would stand.`,
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

/** An unknown agent gets 403, not 404: the path belongs to the upstream, where it may exist. */
function agentOrRefuse(agent: Result<Principal, AgentFailure>): Principal {
  if (agent.ok) return agent.value;
  switch (agent.error.kind) {
    case "not_agent":
      return refuse({ status: 403, code: "forbidden", detail: "Only an agent's key opens the proxy." });
    case "agent_unknown":
      return refuseUnknownAgent();
    default:
      return refuse(problemOfAuthFailure(agent.error));
  }
}

export function refuseUnknownAgent(): never {
  return refuse({
    status: 403,
    code: "agent_unknown",
    detail: "The egress binding's `agent` property names no registered agent.",
  });
}

/** Gate's own header takes precedence over all others, and holds nothing but a key. */
function keyOf(value: string, header: string): ShownKey {
  return { key: KEY.exec(value.trim())?.[1] ?? value.trim(), header };
}

/** The key in one of the headers in which libraries put a provider's; two keys leave it open who is calling. */
function keyAmong(c: GateContext, keyHeader: string, entry: Destination | null): ShownKey | null {
  const injection = entry?.credential?.injection;
  const injected = injection?.kind === "header" ? withDashes(injection.name) : null;
  const shown: ShownKey[] = [];
  for (const [header, value] of c.req.raw.headers) {
    if (!isAgentCredential(header) && withDashes(header) !== injected) continue;
    const key = KEY.exec(value.trim())?.[1] ?? keyInPair(value);
    if (key !== null && !shown.some((other) => other.key === key)) shown.push({ key, header });
  }
  const [first = null, second] = shown;
  return second === undefined ? first : refuseKey(keyHeader);
}

/** RFC 7617: the key is the password, or the user name for libraries that send a dummy password. */
function keyInPair(written: string): string | null {
  const pair = BASIC.exec(written)?.[1];
  if (pair === undefined || pair.replaceAll("=", "").length % 4 === 1) return null;
  const text = atob(pair);
  const colon = text.indexOf(":");
  const halves = colon < 0 ? [text] : [text.slice(colon + 1), text.slice(0, colon)];
  return halves.find((half) => KEY.test(half)) ?? null;
}

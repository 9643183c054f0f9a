import { KEY_PREFIX, type Principal } from "../../core/identity/principal.ts";
import { authenticate } from "../middleware/auth.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import type { EngagedSwitch } from "../../ports/switches.ts";

const KEY = new RegExp(
  `^(?:Bearer +)?((?:${Object.values(KEY_PREFIX).join("|")})[A-Za-z0-9_-]{1,200})$`,
  "i",
);
const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;

/** A key and the header it came in, which is said to Gate alone. */
interface ShownKey {
  readonly key: string;
  readonly header: string;
}

/** Who is calling, and the headers that were said to Gate alone. */
export interface ProxyAgent {
  readonly principal: Principal;
  /** Read afresh, together with the identity. */
  readonly engaged: readonly EngagedSwitch[];
  readonly gateHeaders: readonly string[];
}

/**
 * Which agent is calling. The key comes in a header of its own, so that `Authorization` stays free for libraries that
 * send something there; or in `Authorization`, as a bearer token or one half of basic authentication, for libraries
 * that have no other place.
 */
export async function agentOf(c: GateContext): Promise<ProxyAgent> {
  const { keyHeader } = c.env.settings;
  const shown = keyIn(c, keyHeader);
  if (shown === null) return refuseKey(keyHeader);
  const { key, header } = shown;
  const agent = async () => requireAgent(await authenticate(key, c.env, "fresh"));
  const admitted = await admit(c, agent, () => refuseKey(keyHeader));
  return { ...admitted, gateHeaders: [keyHeader, header] };
}

/**
 * Who it is and what is stopped, read together. A body can be sent, and a decision waited for, over hours: who was let
 * in before is looked at again after it.
 */
export async function admit(
  c: GateContext,
  agent: () => Promise<Principal>,
  refuseOther: () => never,
): Promise<Pick<ProxyAgent, "principal" | "engaged">> {
  const [principal, engaged] = await Promise.all([agent(), c.env.switches.engaged("fresh")]);
  c.set("admitAgain", async () => {
    if ((await agent()).id !== principal.id) refuseOther();
  });
  return { principal, engaged };
}

function refuseKey(keyHeader: string): never {
  return refuse({
    status: 401,
    code: "unauthorized",
    detail: `Send the agent's key for Gate as \`${keyHeader}: <key>\` or as \`Authorization: Bearer <key>\`.`,
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

export function requireAgent(principal: Principal): Principal {
  if (principal.role === "agent") return principal;
  return refuse({ status: 403, code: "forbidden", detail: "Only an agent's key opens the proxy." });
}

/** What is shown in Gate's own header counts, whatever else was sent. */
function keyIn(c: GateContext, keyHeader: string): ShownKey | null {
  const own = c.req.header(keyHeader);
  if (own !== undefined) return { key: KEY.exec(own.trim())?.[1] ?? own.trim(), header: keyHeader };
  const written = c.req.header("Authorization");
  const key = written === undefined ? null : (KEY.exec(written)?.[1] ?? keyInPair(written));
  return key === null ? null : { key, header: "authorization" };
}

/** RFC 7617: the password, or the user where the password is for show. */
function keyInPair(written: string): string | null {
  const pair = BASIC.exec(written)?.[1];
  if (pair === undefined || pair.replaceAll("=", "").length % 4 === 1) return null;
  const text = atob(pair);
  const colon = text.indexOf(":");
  const halves = colon < 0 ? [text] : [text.slice(colon + 1), text.slice(0, colon)];
  return halves.find((half) => KEY.test(half)) ?? null;
}

import { isPrincipalId, type Principal } from "../../core/identity/principal.ts";
import { requireActive } from "../middleware/auth.ts";
import type { GateContext } from "../middleware/context.ts";
import { admit, agentOf, requireAgent, type ProxyAgent } from "../proxy/authenticate-agent.ts";
import { refuse } from "../problem/problem.ts";

/** What the operator's own Worker says with the binding, out of reach of the code it runs. */
export interface EgressProps {
  /** Name or id of a registered agent. Left out: the code shows an agent's key, as at the reverse proxy. */
  readonly agent?: string;
}

/** Whose requests these are. Where the binding says it, no key that the code shows counts. */
export async function egressAgentOf(c: GateContext): Promise<ProxyAgent> {
  const props: unknown = c.executionCtx.props;
  if (typeof props !== "object" || props === null || !("agent" in props)) return agentOf(c);
  const { agent: named } = props;
  const admitted = await admit(c, async () => agentCalled(c, named), refuseUnknown);
  return { ...admitted, gateHeaders: [c.env.settings.keyHeader] };
}

async function agentCalled(c: GateContext, named: unknown): Promise<Principal> {
  if (typeof named !== "string") return refuseUnknown();
  const { principals } = c.env;
  const principal = await (isPrincipalId(named) ? principals.get(named) : principals.named(named));
  if (principal === null) return refuseUnknown();
  requireActive(principal);
  return requireAgent(principal);
}

/** Not 404: what was asked for is the upstream's, and there may well be something. */
function refuseUnknown(): never {
  return refuse({
    status: 403,
    code: "agent_unknown",
    detail: "The binding that this came through names no agent that is registered here.",
  });
}

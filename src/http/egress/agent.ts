import { err } from "../../core/base/result.ts";
import { agentByName } from "../../app/identity/authenticate-agent.ts";
import type { Destination } from "../../core/registry/registry.ts";
import type { GateContext } from "../middleware/context.ts";
import { admit, agentOf, refuseUnknownAgent, type ProxyAgent } from "../proxy/authenticate-agent.ts";

/** Properties that the operator's own Worker sets on the binding, out of reach of the code that it runs. */
export interface EgressProps {
  /** Name or id of a registered agent. Left out: the code sends an agent's key, as at the reverse proxy. */
  readonly agent?: string;
}

/** The calling agent. Where the binding names one, a key that the code sends is ignored. */
export async function egressAgentOf(c: GateContext, entry: Destination | null): Promise<ProxyAgent> {
  const ports = c.env;
  const props: unknown = c.executionCtx.props;
  if (typeof props !== "object" || props === null || !("agent" in props)) return agentOf(c, entry);
  const { agent: named } = props;
  const authenticate = async () => (typeof named === "string" ? agentByName(named, ports) : UNKNOWN);
  const admitted = await admit(c, authenticate, refuseUnknownAgent);
  return { ...admitted, gateHeaders: [ports.settings.keyHeader] };
}

const UNKNOWN = err({ kind: "agent_unknown" } as const);

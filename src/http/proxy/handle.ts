import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import { parseProxiedRequest } from "./parse-request.ts";
import { passRead } from "./pass-read.ts";
import type { ProxyRoute } from "./route.ts";
import { governWrite } from "./govern-write.ts";

/** Handles every request to forward, from the reverse proxy and from egress, so that neither has rules of its own. */
export async function handleProxied(c: GateContext, agent: ProxyAgent, route: ProxyRoute): Promise<Response> {
  const { executor } = route.entry;
  if (executor === "runner" || executor === "external_pull") {
    return refuse({
      status: 403,
      code: "destination_not_proxied",
      detail: `Gate does not forward requests to this destination: its executor is \`${executor}\`.`,
    });
  }
  const request = parseProxiedRequest(c, route, agent);
  return request.isRead ? passRead(c, agent, route, request) : governWrite(c, agent, route, request);
}

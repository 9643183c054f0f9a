import type { GateContext } from "../context.ts";
import { refuse } from "../problem.ts";
import type { ProxyAgent } from "./caller.ts";
import { incoming } from "./incoming.ts";
import { passRead } from "./read.ts";
import type { ProxyRoute } from "./route.ts";
import { governWrite } from "./write.ts";

/** The one path of every request that comes to be sent on, whatever door it came through. */
export async function handleProxied(c: GateContext, agent: ProxyAgent, route: ProxyRoute): Promise<Response> {
  const { executor } = route.entry;
  if (executor === "runner" || executor === "external_pull") {
    return refuse({
      status: 403,
      code: "not_forwarded",
      detail: "Gate does not send this destination's requests on: somebody else carries its writes out.",
    });
  }
  const request = incoming(c, route, agent);
  return request.isRead ? passRead(c, agent, route, request) : governWrite(c, agent, route, request);
}

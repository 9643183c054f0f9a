import { HTTPException } from "hono/http-exception";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import { parseProxiedRequest, type ProxiedRequest } from "./parse-request.ts";
import { passRead } from "./pass-read.ts";
import type { ProxyRoute } from "./route.ts";
import { governWrite } from "./govern-write.ts";

/** Names the headers that the upstream does not get as the agent sent them. */
const DROPPED_HEADER = "X-Gate-Dropped-Headers";

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
  return namingDropped(forward(c, agent, route, request), request.droppedHeaders);
}

/** The promise can last fifteen minutes: nothing here may hold the request's body. */
function forward(
  c: GateContext,
  agent: ProxyAgent,
  route: ProxyRoute,
  request: ProxiedRequest,
): Promise<Response> {
  return request.isRead ? passRead(c, agent, route, request) : governWrite(c, agent, route, request);
}

async function namingDropped(response: Promise<Response>, dropped: readonly string[]): Promise<Response> {
  const name = ({ headers }: Response) => {
    if (dropped.length > 0) headers.set(DROPPED_HEADER, dropped.join(", "));
  };
  try {
    const sent = await response;
    name(sent);
    return sent;
  } catch (error) {
    if (error instanceof HTTPException && error.res !== undefined) name(error.res);
    throw error;
  }
}

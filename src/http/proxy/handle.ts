import { HTTPException } from "hono/http-exception";
import { bodyChoosesOperation } from "../../core/outbound/read-body.ts";
import { readBytes } from "../middleware/body.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import { asWrite, parseProxiedRequest, type ProxiedRequest } from "./parse-request.ts";
import { passRead } from "./pass-read.ts";
import type { ProxyRoute } from "./route.ts";
import { governWrite } from "./govern-write.ts";

/** Names the headers that the upstream does not get as the agent sent them. */
const DROPPED_HEADER = "X-Gate-Dropped-Headers";

/** Handles every request to forward, from the reverse proxy and from egress, so that neither has rules of its own. */
export async function handleProxied(c: GateContext, agent: ProxyAgent, route: ProxyRoute): Promise<Response> {
  const { executor, name } = route.entry;
  // Through egress the path is the upstream's own.
  const shown = c.var.isUnframed === true ? "egress" : `${route.prefix}/*`;
  c.set("logged", { principal: agent.principal.id, destination: name, route: shown });
  if (executor === "runner" || executor === "external_pull") {
    return refuse({
      status: 403,
      code: "destination_not_proxied",
      detail: `Gate does not forward requests to this destination: its executor is \`${executor}\`.`,
    });
  }
  const request = parseProxiedRequest(c, route, agent);
  if (!request.isRead || request.http.method !== "POST" || c.req.raw.body === null) {
    return forward(c, agent, route, request, null);
  }
  // A form field or a member of the body can choose another operation than the listed path.
  const isCoded = !["", "identity"].includes(c.req.header("Content-Encoding")?.trim().toLowerCase() ?? "");
  if (isCoded) return forward(c, agent, route, asWrite(request), null);
  const body = await readBytes(c, c.env.settings.maxPayloadBytes);
  const isRead = !bodyChoosesOperation(request.contentType, body);
  return forward(c, agent, route, isRead ? request : asWrite(request), body);
}

/**
 * Not async: the response can take fifteen minutes, during which nothing here may hold the body.
 *
 * @param body null: not read yet
 */
function forward(
  c: GateContext,
  agent: ProxyAgent,
  route: ProxyRoute,
  request: ProxiedRequest,
  body: Uint8Array | null,
): Promise<Response> {
  const response = request.isRead
    ? passRead(c, agent, route, request, body)
    : governWrite(c, agent, route, request, body);
  return namingDropped(response, request.droppedHeaders);
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

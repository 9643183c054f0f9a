import type { MiddlewareHandler } from "hono";
import type { GateEnv } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** RFC 9112 section 3.2: one name or address, and perhaps a port. */
const HOST = /^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i;

/**
 * Without a proxy in front, the runtime prepends the Host header to the target unchecked: `Host: x/v1/agents?` turns a
 * request for `/health` into one for `/v1/agents`, past every filter that admitted it for its path.
 */
export const requireHost: MiddlewareHandler<GateEnv> = async (c, next) => {
  const host = c.req.header("Host");
  if (host !== undefined && !HOST.test(host)) {
    refuse({
      status: 400,
      code: "invalid_host",
      detail: "The Host header must be one name with an optional port.",
    });
  }
  await next();
};

/**
 * Does this name mean the local machine? It is compared as the browser sent it, so that an attacker's name that resolves
 * to the local machine (DNS rebinding) is refused.
 */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

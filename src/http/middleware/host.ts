import type { MiddlewareHandler } from "hono";
import type { GateEnv } from "./context.ts";
import { refuse } from "../problem/problem.ts";

/** RFC 9112 section 3.2: one name or address, and perhaps a port. */
const HOST = /^(?:[a-z0-9._-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{0,5})?$/i;

/**
 * A runtime that nothing stands in front of puts the header before the target unread: with `Host: x/v1/agents?` a
 * request for `/health` becomes one for `/v1/agents`, past whatever let it through for its path.
 */
export const requireHost: MiddlewareHandler<GateEnv> = async (c, next) => {
  const host = c.req.header("Host");
  if (host !== undefined && !HOST.test(host)) {
    refuse({
      status: 400,
      code: "invalid_host",
      detail: "The Host header is not one name and perhaps a port.",
    });
  }
  await next();
};

/**
 * Is this the machine itself? By the name the browser used, so that another site's name that is made to lead here
 * (DNS rebinding) is not.
 */
export function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i.test(hostname);
}

import { Hono } from "hono";
import type { GateEnv } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import { agentOf } from "./authenticate-agent.ts";
import { handleProxied } from "./handle.ts";
import { routeByPrefix } from "./route.ts";

/** `/{prefix}/…` of every destination in gate.yaml. Mounted last: Gate's own paths come first. */
export const proxy = new Hono<GateEnv>().all("*", async (c, next) => {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  // `GET *` arrives without a valid URL (RFC 9112 section 3.2.4).
  const address = URL.canParse(c.req.raw.url) ? new URL(c.req.raw.url) : null;
  const route = address === null ? null : routeByPrefix(registry, address.pathname);
  if (route === null) return next();
  c.set("isProxied", true);
  // A link can carry a key (`https://x:key@…`): in a browser, the upstream's page would run at Gate's origin.
  if (c.req.header("Sec-Fetch-Mode") === "navigate") {
    refuse({
      status: 403,
      code: "navigation_refused",
      detail: "Upstream responses cannot be opened as browser pages.",
    });
  }
  return handleProxied(c, await agentOf(c, route.entry), route);
});

import { Hono } from "hono";
import type { GateEnv } from "../context.ts";
import { agentOf } from "../proxy/caller.ts";
import { handleProxied } from "../proxy/handle.ts";
import { routeByPrefix } from "../proxy/route.ts";

/** `/{prefix}/…` of every destination in gate.yaml. Mounted last: Gate's own paths come first. */
export const proxy = new Hono<GateEnv>().all("*", async (c, next) => {
  const { registry } = await c.env.rules.current();
  const route = routeByPrefix(registry, new URL(c.req.raw.url).pathname);
  if (route === null) return next();
  return handleProxied(c, await agentOf(c), route);
});

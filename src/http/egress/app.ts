import { Hono } from "hono";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { handleProxied } from "../proxy/handle.ts";
import { readPerRequest } from "../middleware/request-reads.ts";
import { logRequests } from "../middleware/request-log.ts";
import { requireRestoreRecorded } from "../middleware/restoring.ts";
import { errorResponse } from "../middleware/error-handler.ts";
import { egressAgentOf } from "./agent.ts";
import { routeByHost } from "./host-route.ts";
import { passUnknown, refuseHost } from "./unknown-host.ts";

/**
 * The door for requests of containers, sandboxes and Dynamic Workers: the host selects the destination, and the reverse
 * proxy's code handles the rest.
 */
export function createEgress(): Hono<GateEnv> {
  const app = new Hono<GateEnv>();

  app.use(readPerRequest);
  app.use(logRequests);
  app.use(requireRestoreRecorded);
  app.use(async (c, next) => {
    try {
      await next();
    } finally {
      c.var.releaseBody?.();
    }
  });
  app.all("*", sendOut);

  app.onError(errorResponse);

  return app;
}

async function sendOut(c: GateContext): Promise<Response> {
  const ports = c.env;
  c.set("isUnframed", true);
  c.set("isProxied", true);
  const { registry } = await ports.rules.current();
  const found = routeByHost(registry, new URL(c.req.raw.url));
  const agent = await egressAgentOf(c, found.kind === "destination" ? found.route.entry : null);
  const { id } = agent.principal;
  switch (found.kind) {
    case "destination":
      return handleProxied(c, agent, found.route);
    case "outside":
      return refuseHost(c, id, "A destination has this host, but none has this port and path.");
    case "ambiguous":
      return refuseHost(
        c,
        id,
        "Several destinations have this upstream, so Gate cannot choose whose policies apply.",
      );
    case "unknown":
      if (registry.unknownHosts === "allow") return passUnknown(c, agent);
      return refuseHost(c, id, "No destination in gate.yaml has this host.");
  }
}

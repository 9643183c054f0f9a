import { Hono } from "hono";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { parseEngagement, parseSwitchTarget, switchView, wrongTarget } from "./switch-view.ts";

/** Kill switches: reviewers and admins engage them, only admins lift them. */
export const switches = new Hono<GateEnv>()
  .get("/v1/switches", requireRole(["reviewer", "auditor", "admin"]), async (c) => {
    const ports = c.env;
    const engaged = await ports.switches.engaged("fresh");
    return c.json({ switches: engaged.map(switchView), count: engaged.length });
  })
  .post("/v1/switches", requireRole(["reviewer", "admin"]), async (c) => {
    const ports = c.env;
    const { wanted, why } = parseEngagement(await readJson(c));
    if (wanted.scope === "agent" && (await ports.principals.get(wanted.target ?? ""))?.role !== "agent") {
      return wrongTarget("there is no agent with this id");
    }
    const engaged = await ports.switches.engage(wanted, why, c.var.principal.id);
    if (!engaged.ok) {
      return refuse({
        status: 409,
        code: "too_many_switches",
        detail:
          "The maximum number of kill switches is engaged; stop a system (`system.*`) or everything instead.",
      });
    }
    return c.json({ ...switchView(engaged.value.state), changed: engaged.value.changed });
  })
  .post("/v1/switches/lift", requireRole(["admin"]), async (c) => {
    const ports = c.env;
    const wanted = parseSwitchTarget(await readJson(c));
    const { changed, version } = await ports.switches.lift(wanted, c.var.principal.id);
    return c.json({ ...wanted, engaged: false, version, changed });
  });

import { Hono } from "hono";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { stopsNothing } from "../../../app/switch-target.ts";
import {
  forcedWarning,
  parseEngagement,
  parseSwitchTarget,
  refuseStopsNothing,
  switchView,
} from "./switch-view.ts";
import type { Answer } from "../shared/answer.ts";
import type { ENGAGED_SWITCH, LIFTED_SWITCH, SWITCHES } from "./switch-schema.ts";

/** Kill switches: reviewers and admins engage them, only admins lift them. */
export const switches = new Hono<GateEnv>()
  .get("/v1/switches", requireRole(["reviewer", "auditor", "admin"]), async (c) => {
    const ports = c.env;
    const engaged = await ports.switches.engaged("fresh");
    return c.json({ switches: engaged.map(switchView), count: engaged.length } satisfies Answer<
      typeof SWITCHES
    >);
  })
  .post("/v1/switches", requireRole(["reviewer", "admin"]), async (c) => {
    const ports = c.env;
    const { wanted, why, force } = parseEngagement(await readJson(c));
    const nothing = await stopsNothing(wanted, ports);
    // An id that is no agent's never becomes one, so that `force` has nothing to wait for.
    if (nothing !== null && (nothing.scope === "agent" || !force)) {
      return refuseStopsNothing(nothing, wanted.target);
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
    const { state, changed } = engaged.value;
    return c.json({
      ...switchView(state),
      changed,
      ...(nothing === null ? {} : forcedWarning(wanted.target)),
    } satisfies Answer<typeof ENGAGED_SWITCH>);
  })
  .post("/v1/switches/lift", requireRole(["admin"]), async (c) => {
    const ports = c.env;
    const wanted = parseSwitchTarget(await readJson(c));
    const { changed, version } = await ports.switches.lift(wanted, c.var.principal.id);
    return c.json({ ...wanted, engaged: false, version, changed } satisfies Answer<typeof LIFTED_SWITCH>);
  });

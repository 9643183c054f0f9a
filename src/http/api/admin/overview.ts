import { Hono } from "hono";
import { PHASES, statusOf, type Phase } from "../../../core/intent/phase.ts";
import { ROLES } from "../../../core/identity/principal.ts";
import { countsScope } from "../../../app/authority.ts";
import { requireReader, requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { METRICS, NONCE, POLICY_IDS } from "./overview-schema.ts";

const anyone = requireRole(ROLES);

export const overview = new Hono<GateEnv>()
  .get("/v1/policies", anyone, async (c) =>
    c.json({ policies: await c.env.rules.ids() } satisfies Answer<typeof POLICY_IDS>),
  )
  .get("/v1/nonce", anyone, async (c) => {
    const ports = c.env;
    const { nonce, expiresAt } = await ports.nonces.issue(c.var.principal.id, Date.now());
    return c.json({ nonce, expiresAt: iso(expiresAt) } satisfies Answer<typeof NONCE>);
  })
  .get("/v1/metrics", requireReader(ROLES), async (c) => {
    const ports = c.env;
    const scope = countsScope(c.var.principal);
    const { byPhase, duplicates, approvalLatencyMs } = await ports.index.metrics(scope);
    const count = (status: string) =>
      PHASES.filter((phase) => statusOf(phase, false) === status).reduce(
        (sum, phase) => sum + countIn(byPhase, phase),
        0,
      );
    const attempted = PHASES.reduce((sum, phase) => sum + countIn(byPhase, phase), 0);
    return c.json({
      actions_attempted: attempted,
      actions_blocked: count("blocked"),
      actions_pending: count("pending_approval"),
      actions_approved: count("approved"),
      actions_scheduled: count("scheduled"),
      actions_succeeded: count("succeeded"),
      actions_failed: count("failed"),
      actions_expired: count("expired"),
      actions_indeterminate: countIn(byPhase, "indeterminate"),
      duplicate_actions: duplicates,
      policy_violations: countIn(byPhase, "blocked"),
      avg_approval_latency_ms: approvalLatencyMs,
      period: "all_time",
    } satisfies Answer<typeof METRICS>);
  });

function countIn(byPhase: ReadonlyMap<string, number>, phase: Phase): number {
  return byPhase.get(phase) ?? 0;
}

import { Hono } from "hono";
import { z } from "zod";
import { scrub } from "../../../core/detection/pii/scrub.ts";
import type { Said } from "../../../app/approvals/decide-intent.ts";
import { callerOf } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuseOtherSites } from "../../middleware/origin.ts";
import { decideByLink, followLink, INVALID_LINK, whyOver, type FollowedLink } from "./links.ts";
import { refuse } from "../../problem/problem.ts";
import { decisionReply } from "../shared/decision-reply.ts";
import { parse, pick } from "../shared/fields.ts";
import { iso } from "../../../core/base/iso-time.ts";

const SCHEMA = z.object({
  reason: z.string().max(4096).optional(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const ALIASES = {
  reason: ["comment", "note"],
  digest: ["intent_digest", "intentDigest", "approved_intent_hash"],
} as const;

async function followed(c: GateContext): Promise<FollowedLink> {
  return (await followLink(c, c.req.param("token") ?? "")) ?? refuse(INVALID_LINK);
}

async function decide(c: GateContext, decision: Said["decision"]) {
  refuseOtherSites(c);
  const link = await followed(c);
  const { reason, digest } = parse(SCHEMA, pick(await readJson(c), ALIASES));
  const caller = await callerOf(c);
  const note = reason ?? null;
  const decided = await decideByLink(c, caller, link, { decision, note, digest: digest ?? null });
  if (!decided.ok) return refuse(decided.error);
  return c.json(decisionReply(decided.value.state, decision, note));
}

/** Links as programs follow them. Reading changes nothing, however often: mail filters and previews read. */
export const approvalLinks = new Hono<GateEnv>()
  .get("/v1/approval-links/:token", async (c) => {
    const link = await followed(c);
    const over = whyOver(link, Date.now());
    if (over !== null) return refuse(over);
    const { state, claims } = link;
    const { terms } = state;
    return c.json({
      intentId: terms.id,
      messageId: null,
      destination: scrub(terms.destination),
      action: scrub(terms.action),
      policy: scrub(terms.policy),
      riskScore: terms.risk.score / 100,
      riskLevel: terms.risk.level,
      approvalState: "waiting_input",
      expiresAt: iso(claims.expiresAt),
    });
  })
  .post("/v1/approval-links/:token/approve", (c) => decide(c, "approve"))
  .post("/v1/approval-links/:token/reject", (c) => decide(c, "reject"));

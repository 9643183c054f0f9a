import { Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { voterOf } from "../../../core/identity/people.ts";
import type { Said } from "../../../app/approvals/decide-intent.ts";
import { requireNotKilled, visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { decideAs } from "./vote.ts";
import { refuse } from "../../problem/problem.ts";
import { refuseWith } from "../../problem/from-refusal.ts";
import { decisionReply, standing } from "../shared/decision-reply.ts";
import { parse } from "../shared/fields.ts";
import { parseDecideRequest } from "./decide-request.ts";
import { isoOrNull } from "../../../core/base/iso-time.ts";

const reviewers = requireRole(["reviewer"]);

async function decide(c: GateContext, id: string, body: JsonObject, decision: Said["decision"]) {
  const { intent, state } = await visibleIntent(c, id);
  // Before a nonce is spent: the same decision can be sent again once the switch is lifted.
  if (decision === "approve" && body["nonce"] !== undefined) await requireNotKilled(c, state.terms);
  const { note, digest, onBehalfOf } = await parseDecideRequest(c, body);
  const decided = await decideAs(c, intent, { decision, digest, note, onBehalfOf });
  return decided.ok ? c.json(decisionReply(decided.value, decision, note)) : refuse(decided.error);
}

async function cancel(c: GateContext, id: string, body: JsonObject) {
  const { intent } = await visibleIntent(c, id);
  const { note } = await parseDecideRequest(c, body);
  const { registry } = await c.env.rules.current();
  const voter = voterOf(c.var.principal, c.var.assurance, registry);
  const acted = await intent.act({ type: "cancel", voter, note });
  if (!acted.ok) return refuseWith(acted.error);
  return c.json({
    ...standing(acted.value.state),
    approvalState: "cancelled",
    reason: note,
    approvalEvidence: null,
  });
}

/** The contract's older calls name the intent in the body. */
function idIn(body: JsonObject): string {
  const id = body["proposalId"] ?? body["intentId"] ?? body["intent_id"];
  if (typeof id === "string" && id !== "") return id;
  return refuse({
    status: 400,
    code: "invalid_request",
    detail: "proposalId: the intent's id",
    error: "proposalId is required",
  });
}

const RESOLUTION = z.object({
  outcome: z.enum(["executed", "not_executed"]),
  note: z.string().trim().min(1, "say how you know").max(4096),
});

const ERASURE = z.object({ reason: z.string("say why").trim().min(1, "say why").max(4096) });

export const approvals = new Hono<GateEnv>()
  .post("/v1/intents/:id/approve", reviewers, async (c) =>
    decide(c, c.req.param("id"), await readJson(c), "approve"),
  )
  .post("/v1/approve", reviewers, async (c) => {
    const body = await readJson(c);
    return decide(c, idIn(body), body, "approve");
  })
  .post("/v1/intents/:id/reject", reviewers, async (c) =>
    decide(c, c.req.param("id"), await readJson(c), "reject"),
  )
  .post("/v1/reject", reviewers, async (c) => {
    const body = await readJson(c);
    return decide(c, idIn(body), body, "reject");
  })
  .post("/v1/intents/:id/cancel-approval", reviewers, async (c) =>
    cancel(c, c.req.param("id"), await readJson(c)),
  )
  .post("/v1/intents/:id/withdraw", requireRole(["agent"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    const acted = await intent.act({ type: "withdraw", agent: c.var.principal.id, note });
    return acted.ok ? c.json(standing(acted.value.state)) : refuseWith(acted.error);
  })
  .post("/v1/intents/:id/revoke", requireRole(["reviewer", "admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    const { id } = c.var.principal;
    const acted = await intent.act({ type: "revoke", by: id, note });
    return acted.ok ? c.json(standing(acted.value.state)) : refuseWith(acted.error);
  })
  .post("/v1/intents/:id/erase", requireRole(["admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { reason } = parse(ERASURE, await readJson(c));
    const acted = await intent.act({ type: "erase", by: c.var.principal.id, note: reason });
    if (!acted.ok) return refuseWith(acted.error);
    return c.json({ ...standing(acted.value.state), erased_at: isoOrNull(acted.value.state.erasedAt) });
  })
  .post("/v1/intents/:id/resolve", requireRole(["reviewer", "admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { outcome, note } = parse(RESOLUTION, await readJson(c));
    const { principal } = c.var;
    const { registry } = await c.env.rules.current();
    const voter = principal.role === "admin" ? null : voterOf(principal, c.var.assurance, registry);
    const acted = await intent.act({ type: "resolve", by: principal.id, voter, outcome, note });
    return acted.ok ? c.json(standing(acted.value.state)) : refuseWith(acted.error);
  });

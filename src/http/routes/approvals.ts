import { Hono } from "hono";
import { z } from "zod";
import { inForceFor } from "../../core/intent/terms.ts";
import type { JsonObject } from "../../core/json.ts";
import { isPulled, type IntentState } from "../../core/intent/state.ts";
import { statusOf } from "../../core/intent/phase.ts";
import { voterOf } from "../../core/people.ts";
import { requireUnstopped, visibleIntent } from "../access.ts";
import { allow } from "../auth.ts";
import { readJson } from "../body.ts";
import type { GateContext, GateEnv } from "../context.ts";
import { refuse } from "../problem.ts";
import { refuseWith } from "../refusals.ts";
import { parse } from "../wire/fields.ts";
import { parseDecideRequest } from "../wire/decide-request.ts";
import { isoOrNull } from "../wire/times.ts";

const reviewers = allow(["reviewer"]);

/** A reviewer at the API holds their key; other channels vouch for less or more. */
const KEY_ASSURANCE = "key";

async function approve(c: GateContext, id: string, body: JsonObject) {
  const { intent, state } = await visibleIntent(c, id);
  // Before the nonce is spent: the same decision can be sent again once the switch is lifted.
  await requireUnstopped(c, state.terms);
  const { note, digest } = await parseDecideRequest(c, body);
  const rules = await c.env.rules.current();
  await requireActiveProposer(c, state);
  const voter = voterOf(c.var.principal, KEY_ASSURANCE, rules.registry);
  const inForce = inForceFor(state.terms, rules);
  const acted = await intent.act({ type: "approve", voter, digest, note, inForce });
  if (!acted.ok) return refuseWith(acted.error);
  const { state: after } = acted.value;
  const required = after.terms.approval.require;
  const pending = after.phase === "pending_approval";
  return c.json({
    ...decided(after),
    approvalState: pending ? "waiting_input" : "answered",
    approvedAt: isoOrNull(after.approvedAt),
    votes: after.votes.length,
    requiredApprovals: required,
    votedBy: after.votes.map(({ person }) => person),
    // The contract hands out the download here; only the proposer may ask for it.
    deliveryToken: null,
    autoDeliver: false,
    gate_exec: null,
    approvalEvidence: null,
  });
}

async function reject(c: GateContext, id: string, body: JsonObject, type: "reject" | "cancel") {
  const { intent } = await visibleIntent(c, id);
  const { note } = await parseDecideRequest(c, body);
  const { registry } = await c.env.rules.current();
  const voter = voterOf(c.var.principal, KEY_ASSURANCE, registry);
  const acted = await intent.act({ type, voter, note });
  if (!acted.ok) return refuseWith(acted.error);
  const approvalState = type === "reject" ? "answered" : "cancelled";
  return c.json({ ...decided(acted.value.state), approvalState, reason: note, approvalEvidence: null });
}

/** A suspended agent's intents wait with it: nothing of theirs is approved meanwhile. */
async function requireActiveProposer(c: GateContext, { terms }: IntentState): Promise<void> {
  const proposer = await c.env.principals.get(terms.agent);
  if (proposer?.status === "active") return;
  refuse({
    status: 409,
    code: "proposer_inactive",
    detail: "The agent that proposed this is suspended or revoked.",
    more: { principal_status: proposer?.status ?? "unknown" },
  });
}

function decided(state: IntentState) {
  return {
    intentId: state.terms.id,
    proposalId: state.terms.id,
    status: statusOf(state.phase, isPulled(state)),
    state: state.phase,
  };
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
  .post("/v1/intents/:id/approve", reviewers, async (c) => approve(c, c.req.param("id"), await readJson(c)))
  .post("/v1/approve", reviewers, async (c) => {
    const body = await readJson(c);
    return approve(c, idIn(body), body);
  })
  .post("/v1/intents/:id/reject", reviewers, async (c) =>
    reject(c, c.req.param("id"), await readJson(c), "reject"),
  )
  .post("/v1/reject", reviewers, async (c) => {
    const body = await readJson(c);
    return reject(c, idIn(body), body, "reject");
  })
  .post("/v1/intents/:id/cancel-approval", reviewers, async (c) =>
    reject(c, c.req.param("id"), await readJson(c), "cancel"),
  )
  .post("/v1/intents/:id/withdraw", allow(["agent"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    const acted = await intent.act({ type: "withdraw", agent: c.var.principal.id, note });
    return acted.ok ? c.json(decided(acted.value.state)) : refuseWith(acted.error);
  })
  .post("/v1/intents/:id/revoke", allow(["reviewer", "admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    const { id } = c.var.principal;
    const acted = await intent.act({ type: "revoke", by: id, note });
    return acted.ok ? c.json(decided(acted.value.state)) : refuseWith(acted.error);
  })
  .post("/v1/intents/:id/erase", allow(["admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { reason } = parse(ERASURE, await readJson(c));
    const acted = await intent.act({ type: "erase", by: c.var.principal.id, note: reason });
    if (!acted.ok) return refuseWith(acted.error);
    return c.json({ ...decided(acted.value.state), erased_at: isoOrNull(acted.value.state.erasedAt) });
  })
  .post("/v1/intents/:id/resolve", allow(["reviewer", "admin"]), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { outcome, note } = parse(RESOLUTION, await readJson(c));
    const { principal } = c.var;
    const { registry } = await c.env.rules.current();
    const voter = principal.role === "admin" ? null : voterOf(principal, KEY_ASSURANCE, registry);
    const acted = await intent.act({ type: "resolve", by: principal.id, voter, outcome, note });
    return acted.ok ? c.json(decided(acted.value.state)) : refuseWith(acted.error);
  });

import { Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import type { Vote } from "../../../app/approvals/decide-intent.ts";
import {
  cancelApproval,
  COMMAND_ROLES,
  eraseIntent,
  resolveOutcome,
  revokeIntent,
  withdrawIntent,
  type CommandFailure,
} from "../../../app/approvals/intent-commands.ts";
import { voteAsCaller } from "../../../app/approvals/vote-as-caller.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Result } from "../../../core/base/result.ts";
import { requireNotKilled, visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { problemOfCommand, problemOfVote } from "../../problem/from-approval-failure.ts";
import { refuse } from "../../problem/problem.ts";
import { decisionReply, statusSummary } from "../shared/decision-reply.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { parseDecideRequest } from "./decide-request.ts";
import { isoOrNull } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { CANCELLED, ERASED } from "../shared/decision-schema.ts";

const reviewers = requireRole(["reviewer"]);

async function decide(c: GateContext, id: string, body: JsonObject, decision: Vote["decision"]) {
  const ports = c.env;
  const { intent, state } = await visibleIntent(c, id);
  // Before the nonce is spent, so that the same request can be sent again once the switch is lifted.
  if (decision === "approve" && body["nonce"] !== undefined) await requireNotKilled(c, state.terms);
  const { note, digest, onBehalfOf } = await parseDecideRequest(c, body);
  const vote = { decision, digest, note, onBehalfOf };
  const voted = await voteAsCaller(c.var, intent, vote, ports, Date.now());
  if (!voted.ok) return refuse(problemOfVote(voted.error));
  return c.json(await decisionReply(voted.value, decision, note, ports));
}

async function cancel(c: GateContext, id: string, body: JsonObject) {
  const ports = c.env;
  const { intent } = await visibleIntent(c, id);
  const { note } = await parseDecideRequest(c, body);
  const state = stateOrRefuse(await cancelApproval(c.var, intent, note, ports));
  return c.json({
    ...statusSummary(state),
    approvalState: "cancelled",
    reason: note,
    approvalEvidence: null,
  } satisfies Answer<typeof CANCELLED>);
}

/** The state after the command. @throws the problem of its failure */
function stateOrRefuse(commanded: Result<IntentState, CommandFailure>): IntentState {
  return commanded.ok ? commanded.value : refuse(problemOfCommand(commanded.error));
}

/** The contract's older routes take the intent's id from the body. */
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

const RESOLUTION = requestSchema(
  "POST /v1/intents/:id/resolve",
  z.object({
    outcome: z.enum(["executed", "not_executed"]),
    note: z.string().trim().min(1, "state how the outcome is known").max(4096),
  }),
);

const ERASURE = requestSchema(
  "POST /v1/intents/:id/erase",
  z.object({ reason: z.string("state the reason").trim().min(1, "state the reason").max(4096) }),
);

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
  .post("/v1/intents/:id/cancel-approval", requireRole(COMMAND_ROLES.cancel), async (c) =>
    cancel(c, c.req.param("id"), await readJson(c)),
  )
  .post("/v1/intents/:id/withdraw", requireRole(COMMAND_ROLES.withdraw), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    return c.json(statusSummary(stateOrRefuse(await withdrawIntent(c.var.principal, intent, note))));
  })
  .post("/v1/intents/:id/revoke", requireRole(COMMAND_ROLES.revoke), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { note } = await parseDecideRequest(c, await readJson(c));
    return c.json(statusSummary(stateOrRefuse(await revokeIntent(c.var.principal, intent, note))));
  })
  .post("/v1/intents/:id/erase", requireRole(COMMAND_ROLES.erase), async (c) => {
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const { reason } = parseRequest(ERASURE, await readJson(c));
    const state = stateOrRefuse(await eraseIntent(c.var.principal, intent, reason));
    return c.json({ ...statusSummary(state), erased_at: isoOrNull(state.erasedAt) } satisfies Answer<
      typeof ERASED
    >);
  })
  .post("/v1/intents/:id/resolve", requireRole(COMMAND_ROLES.resolve), async (c) => {
    const ports = c.env;
    const { intent } = await visibleIntent(c, c.req.param("id"));
    const resolution = parseRequest(RESOLUTION, await readJson(c));
    return c.json(statusSummary(stateOrRefuse(await resolveOutcome(c.var, intent, resolution, ports))));
  });

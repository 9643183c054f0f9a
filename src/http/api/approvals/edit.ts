import { Hono } from "hono";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Result } from "../../../core/base/result.ts";
import type { VoteFailure } from "../../../app/approvals/decide-intent.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import { editAndVote } from "../../../app/proposals/edit-and-vote.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import { proposalBodyBytes, readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import type { Ports } from "../../../ports/ports.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import { refuse } from "../../problem/problem.ts";
import { problemOfVoteFailure, problemOfEditFailure } from "../../problem/from-refusal.ts";
import { parseDecideRequest } from "./decide-request.ts";
import { decisionReply, statusSummary } from "../shared/decision-reply.ts";
import { parseEditRequest } from "./edit-request.ts";
import { requirePayloadSize } from "../shared/payload.ts";
import { proposeReply } from "../intents/propose-reply.ts";
import type { Answer } from "../shared/answer.ts";
import type { EDITED, EDITORS_VOTE } from "./edit-schema.ts";

async function edit(c: GateContext, id: string) {
  const ports = c.env;
  const { settings } = ports;
  const { intent } = await visibleIntent(c, id);
  const body = await readJson(c, proposalBodyBytes(settings.maxPayloadBytes));
  const { approve, ...change } = parseEditRequest(body);
  requirePayloadSize(change.payload, settings.maxPayloadBytes);
  const { note, digest, onBehalfOf } = await parseDecideRequest(c, body);
  if (onBehalfOf !== null) {
    const detail = "on_behalf_of_principal: only a vote can be delegated; leave it out of an edit";
    return refuse({ status: 400, code: "invalid_request", detail });
  }
  if (digest === null) {
    const detail = "digest: send the `intent_digest` of the intent that you edited";
    return refuse({ status: 400, code: "invalid_request", detail });
  }

  const own = await voterFor(c.var, ports);
  if (!own.ok) return refuse(problemOfVote(own.error));
  const wanted = { ...change, voter: own.value, digest, note, link: null };
  const edited = await editAndVote(intent, wanted, approve, ports, Date.now());
  if (!edited.ok) return refuse(problemOfEditFailure(edited.error));
  const { predecessor, successor, decision, request, vote } = edited.value;
  return c.json({
    predecessor: { ...statusSummary(predecessor), successor_id: predecessor.successor },
    successor: { ...proposeReply(successor, decision, request), predecessor_id: successor.terms.predecessor },
    approval: vote === null ? null : await approvalView(vote, note, ports),
  } satisfies Answer<typeof EDITED>);
}

async function approvalView(
  vote: Result<IntentState, VoteFailure>,
  note: string | null,
  ports: Ports,
): Promise<Answer<typeof EDITORS_VOTE>> {
  if (vote.ok) return { ok: true, ...(await decisionReply(vote.value, "approve", note, ports)) };
  const { status, code, detail, more } = problemOfVoteFailure(vote.error);
  return { ok: false, problem: { ...more, status, code, detail } };
}

export const edits = new Hono<GateEnv>().post("/v1/intents/:id/edit", requireRole(["reviewer"]), async (c) =>
  edit(c, c.req.param("id")),
);

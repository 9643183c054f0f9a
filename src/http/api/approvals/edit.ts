import { Hono } from "hono";
import type { IntentState } from "../../../core/intent/state.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import { decideIntent } from "../../../app/approvals/decide-intent.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import { editIntent } from "../../../app/proposals/edit-intent.ts";
import type { Ports } from "../../../ports/ports.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import { proposalBodyBytes, readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { problemOfUndecided, problemOfUnedited } from "../../problem/from-refusal.ts";
import { parseDecideRequest } from "./decide-request.ts";
import { decisionReply, standing } from "../shared/decision-reply.ts";
import { parseEditRequest } from "./edit-request.ts";
import { requirePayloadSize } from "../shared/payload.ts";
import { proposeReply } from "../intents/propose-reply.ts";
import type { Voter } from "../../../core/identity/voter.ts";

async function edit(c: GateContext, id: string) {
  const ports = c.env;
  const { settings } = ports;
  const { intent } = await visibleIntent(c, id);
  const body = await readJson(c, proposalBodyBytes(settings.maxPayloadBytes));
  const { approve, ...change } = parseEditRequest(body);
  requirePayloadSize(change.payload, settings.maxPayloadBytes);
  const { note, digest, onBehalfOf } = await parseDecideRequest(c, body);
  if (onBehalfOf !== null) {
    const detail = "on_behalf_of_principal: a vote can be given for somebody else, a change is one's own";
    return refuse({ status: 400, code: "invalid_request", detail });
  }
  if (digest === null) {
    const detail = "digest: the `intent_digest` of what you changed";
    return refuse({ status: 400, code: "invalid_request", detail });
  }

  const own = await voterFor(c.var, ports);
  if (!own.ok) return refuse(problemOfVote(own.error));
  const voter = own.value;
  const edited = await editIntent(intent, { ...change, voter, digest, note, link: null }, ports, Date.now());
  if (!edited.ok) return refuse(problemOfUnedited(edited.error));
  const { predecessor, decision } = edited.value;
  const voted = approve ? await approveOwn(edited.value.successor, voter, note, ports) : null;
  const successor = voted?.ok === true ? voted.value : edited.value.successor;
  return c.json({
    predecessor: { ...standing(predecessor), successor_id: predecessor.successor },
    successor: { ...proposeReply(successor, decision), predecessor_id: successor.terms.predecessor },
    approval: voted === null ? null : approvalView(voted, note),
  });
}

/** Casts the editor's own vote. Where the policy requires another person's, the change stands without it. */
async function approveOwn(
  { phase, terms }: IntentState,
  voter: Voter,
  note: string | null,
  ports: Ports,
): Promise<Result<IntentState, Problem> | null> {
  const intent = ports.intents.find(terms.id);
  if (phase !== "pending_approval" || intent === null) return null;
  const said = { decision: "approve", voter, digest: terms.digest, note, link: null } as const;
  const decided = await decideIntent(intent, said, ports);
  return decided.ok ? ok(decided.value.state) : err(problemOfUndecided(decided.error));
}

function approvalView(voted: Result<IntentState, Problem>, note: string | null) {
  if (voted.ok) return { ok: true, ...decisionReply(voted.value, "approve", note) };
  const { status, code, detail, more } = voted.error;
  return { ok: false, problem: { ...more, status, code, detail } };
}

export const edits = new Hono<GateEnv>().post("/v1/intents/:id/edit", requireRole(["reviewer"]), async (c) =>
  edit(c, c.req.param("id")),
);

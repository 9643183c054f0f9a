import type { Decision } from "../../core/policy/decision.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { refuse } from "../problem/problem.ts";
import { iso } from "../../core/base/iso-time.ts";
import { keptBack } from "./relay-response.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Asked } from "./outcome-request.ts";

/** What clients are told to wait before they ask again. */
const RETRY_AFTER_SECONDS = 30;

/** Which write an answer is about, and when to ask again. */
export function about({ id }: Pick<Intent, "id">, retryAfter = 5): Readonly<Record<string, string>> {
  return { "X-Gate-Intent-Id": id, "Retry-After": String(retryAfter) };
}

/** 202: it waits for a decision, or is being sent. */
export function pending(state: IntentState): Response {
  const { id, sending, decideBy } = state.terms;
  const isHeld = state.phase === "pending_approval";
  const message = isHeld
    ? HELD[sending ?? "by_gate"]
    : "The write is being sent; ask again for what came of it.";
  const retryAfter = isHeld ? RETRY_AFTER_SECONDS : 1;
  return Response.json(
    {
      status: isHeld ? "pending_approval" : "scheduled",
      state: state.phase,
      intentId: id,
      intent_id: id,
      message,
      retryAfterSeconds: retryAfter,
      responseUrl: `/v1/intents/${id}/response`,
      expiresAt: iso(state.decideBy ?? decideBy),
    },
    { status: 202, headers: { ...about({ id }, retryAfter), Location: `/v1/intents/${id}` } },
  );
}

const HELD = {
  by_gate:
    "Held for approval. Gate sends the request itself once it is approved; repeat it with X-Gate-Intent-Id, or read responseUrl, for the answer.",
  on_repeat:
    "Held for approval. Gate has no credential for this destination: repeat the request with X-Gate-Intent-Id once it is approved, and it is sent on once.",
} as const;

/** It has ended, or waits for a person to say how it did. */
export async function settled(
  intent: Intent,
  state: IntentState,
  { method, route }: Asked,
): Promise<Response> {
  const { phase } = state;
  if (phase === "succeeded" || phase === "failed" || phase === "indeterminate") {
    const response = await intent.response();
    if (response !== null) return keptBack(method, route, intent.id, response, null);
    return refuse({
      status: phase === "indeterminate" ? 502 : 410,
      code: phase === "indeterminate" ? "outcome_unknown" : "no_response",
      detail:
        phase === "indeterminate"
          ? "The request was sent and no answer came: whether it was carried out is for a person to find out."
          : "This write has ended, and its answer is not kept any more.",
      more: { intent_id: intent.id, state: phase },
      headers: { "X-Gate-Intent-Id": intent.id },
    });
  }
  const blocked = await whyBlocked(intent, state);
  return refuse({
    status: 403,
    code: "write_blocked",
    detail: blocked.reason,
    more: {
      intent_id: intent.id,
      intentId: intent.id,
      state: phase,
      reason_code: blocked.code,
      blockReason: blocked.reason,
      destination: state.terms.destination,
      policies: state.terms.policies.map(({ id }) => id),
    },
    headers: { "X-Gate-Intent-Id": intent.id },
  });
}

async function whyBlocked(intent: Intent, { phase, terms }: IntentState) {
  const dossier = await intent.dossier();
  const note = dossier?.notes.findLast(({ kind }) => kind === "note")?.text ?? null;
  if (phase === "blocked") {
    const decision = dossier?.case ? (JSON.parse(dossier.case.decision) as Decision) : null;
    return { code: terms.reasonCode, reason: decision?.reason ?? "Policy does not allow this write." };
  }
  const said = WHAT_BECAME_OF_IT[phase] ?? "The write was not sent.";
  return { code: phase, reason: note === null ? said : `${said} ${note}` };
}

const WHAT_BECAME_OF_IT: Partial<Record<IntentState["phase"], string>> = {
  rejected: "A reviewer rejected this write.",
  cancelled: "A reviewer cancelled this write.",
  withdrawn: "The agent took this write back.",
  revoked: "The approval of this write was taken back.",
  expired: "Nobody decided in time, or it was not sent in time.",
};

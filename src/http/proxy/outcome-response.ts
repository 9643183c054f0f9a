import { iso } from "../../core/base/iso-time.ts";
import { currentOrder, type IntentState, type UnsentReason } from "../../core/intent/state.ts";
import type { AwaitedOutcome } from "../../app/execution/await-outcome.ts";
import type { BlockReason } from "../../app/execution/final-outcome.ts";
import { INTENT_NOT_FOUND, problemOfVoteFailure } from "../problem/from-refusal.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import { replayStoredResponse, problemOfCall, type Relocate } from "./relay-response.ts";
import type { Answer } from "../api/shared/answer.ts";
import type { PENDING_WRITE } from "./pending-schema.ts";

/** `Retry-After` in seconds: a person takes longer to decide than Gate takes to send. */
const RETRY_WHILE_HELD_SECONDS = 30;
const RETRY_WHILE_SENDING_SECONDS = 1;
const RETRY_AFTER_FAILURE_SECONDS = 5;

/** @throws the problem of an outcome that is an error */
export function outcomeResponse(
  outcome: Exclude<AwaitedOutcome<never>, { readonly kind: "unauthenticated" }>,
  method: string,
  relocate: Relocate,
): Response {
  switch (outcome.kind) {
    case "answered":
      return replayStoredResponse(method, relocate, outcome.intent, outcome.response, outcome.rest);
    case "pending":
      return pendingResponse(outcome.state);
    case "no_response":
      return refuse(problemOfLostResponse(outcome.state));
    case "blocked":
      return refuse(problemOfBlocked(outcome.state, outcome.why));
    case "no_answer": {
      const { intent, failure } = outcome;
      const problem = problemOfCall(failure);
      return refuse({
        ...problem,
        more: { ...problem.more, intent_id: intent },
        headers: intentHeaders(intent),
      });
    }
    case "not_executed": {
      const problem = problemOfVoteFailure(outcome.reason);
      const more = { ...problem.more, intent_id: outcome.intent };
      return refuse({ ...problem, more, headers: intentHeaders(outcome.intent) });
    }
    case "not_found":
      return refuse(INTENT_NOT_FOUND);
  }
}

/** Headers with the intent's id and the client's next poll, in seconds. */
function intentHeaders(
  intent: string,
  retryAfter = RETRY_AFTER_FAILURE_SECONDS,
): Readonly<Record<string, string>> {
  return { "X-Gate-Intent-Id": intent, "Retry-After": String(retryAfter) };
}

/** 202: the write is held for approval, or is being sent. */
function pendingResponse(state: IntentState): Response {
  const { id, sending, decideBy } = state.terms;
  const isHeld = state.phase === "pending_approval";
  const unsent = state.phase === "scheduled" ? (currentOrder(state)?.undone?.why ?? null) : null;
  const message = isHeld ? HELD[sending ?? "by_gate"] : unsent === null ? SENDING : UNSENT[unsent];
  const retryAfter = isHeld ? RETRY_WHILE_HELD_SECONDS : RETRY_WHILE_SENDING_SECONDS;
  return Response.json(
    {
      status: isHeld ? "pending_approval" : "scheduled",
      state: state.phase,
      intentId: id,
      intent_id: id,
      message,
      ...(unsent !== null && { problem: unsent }),
      retryAfterSeconds: retryAfter,
      responseUrl: `/v1/intents/${id}/response`,
      expiresAt: iso(state.decideBy ?? decideBy),
    } satisfies Answer<typeof PENDING_WRITE>,
    { status: 202, headers: { ...intentHeaders(id, retryAfter), Location: `/v1/intents/${id}` } },
  );
}

const HELD = {
  by_gate:
    "Held for approval. Gate sends the request once it is approved. For the response, repeat the request with X-Gate-Intent-Id, or read responseUrl.",
  on_repeat:
    "Held for approval. Gate has no credential for this destination. Once approved, repeat the request with X-Gate-Intent-Id: Gate forwards it once.",
} as const;

const SENDING = "The write is being sent. Poll responseUrl for the outcome.";

/** The last attempt of a write that Gate sends again by itself. */
const UNSENT = {
  credential_unavailable:
    "Not sent yet: the destination's credential can't be used now. Gate tries again by itself; poll responseUrl.",
  request_not_sent:
    "Not sent yet: the request can't be sent as the destination is configured. Gate tries again; poll responseUrl.",
} as const satisfies Record<UnsentReason, string>;

const LOST =
  "The request may have been sent, and no response is known. The outcome is unknown until a person resolves it.";

const RESTORED =
  "Gate's data were restored from a backup: the request may have been sent since. A person resolves the outcome.";

function problemOfLostResponse({ phase, restoredAt, terms: { id } }: IntentState): Problem {
  const more = { intent_id: id, state: phase };
  const headers = { "X-Gate-Intent-Id": id };
  if (phase === "indeterminate") {
    const detail = restoredAt === undefined ? LOST : RESTORED;
    return { status: 502, code: "outcome_unknown", detail, more, headers };
  }
  const detail = "This write has ended, and its response is no longer stored.";
  return { status: 410, code: "no_response", detail, more, headers };
}

function problemOfBlocked({ phase, terms }: IntentState, { code, text }: BlockReason): Problem {
  return {
    status: 403,
    code: "write_blocked",
    detail: text,
    more: {
      intent_id: terms.id,
      intentId: terms.id,
      state: phase,
      reason_code: code,
      blockReason: text,
      destination: terms.destination,
      policies: terms.policies.map(({ id }) => id),
    },
    headers: { "X-Gate-Intent-Id": terms.id },
  };
}

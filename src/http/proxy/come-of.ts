import { carryOut, type CarriedOut } from "../../carry-out.ts";
import type { Decision } from "../../core/decision.ts";
import { isToBeSent, maySend } from "../../core/intent/sending.ts";
import type { IntentState, Terms } from "../../core/intent/state.ts";
import type { Header } from "../../core/proxy/header-names.ts";
import type { Intent } from "../../ports.ts";
import type { GateContext } from "../context.ts";
import { refuse } from "../problem.ts";
import { INTENT_NOT_FOUND, problemOfUndecided } from "../refusals.ts";
import type { ProxyRoute } from "./route.ts";
import { keptBack, problemOfCall } from "./sent-back.ts";
import { iso } from "../wire/times.ts";

/** The connection that asks what came of a write, and how long it stays. */
export interface Asked {
  readonly method: string;
  readonly route: ProxyRoute;
  /** See `Incoming.own`. */
  readonly own: readonly Header[];
  readonly body: Uint8Array | null;
  readonly waitMs: number;
  /** True: the same was asked before, and what came of that may be worth another attempt. */
  readonly isRepeat: boolean;
}

/** What the contract promises to hold a connection for, in seconds. */
const MAX_WAIT_SECONDS = 900;

/** Asked again this often, so that a wait ends where the object was lost with it. */
const WAIT_STEP_MS = 25_000;

/** Somebody else is sending it just now: worth waiting for, whoever asks. */
const SENDING_WAIT_MS = 5_000;

/** Another call may be faster, and its attempt come to nothing; more than a few of them is something else. */
const MAX_TRIES = 3;

/** What clients are told to wait before they ask again. */
const RETRY_AFTER_SECONDS = 30;

/** `X-Gate-Wait: true`, or RFC 7240's `Prefer: wait=N`. Milliseconds. */
export function waitingFor(c: GateContext): number {
  if (c.req.header("X-Gate-Wait")?.trim().toLowerCase() === "true") return MAX_WAIT_SECONDS * 1000;
  const seconds = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,6})"?\s*(?:$|[,;])/i.exec(
    c.req.header("Prefer") ?? "",
  )?.[1];
  return Math.min(Number(seconds ?? 0), MAX_WAIT_SECONDS) * 1000;
}

/**
 * Waits as long as the agent does, sends what is approved, and answers with what came of it. A request whose payload a
 * reviewer changed is answered with what came of the changed one.
 */
export async function comeOf(
  c: GateContext,
  first: Intent,
  known: IntentState,
  asked: Asked,
): Promise<Response> {
  const until = Date.now() + asked.waitMs;
  const sendingUntil = Date.now() + Math.max(asked.waitMs, SENDING_WAIT_MS);
  let intent = first;
  let state = known;
  let tries = 0;
  for (;;) {
    const { phase, successor } = state;
    // Whoever is told that it failed makes the write anew: not while Gate itself goes on.
    const isUnderWay = phase === "scheduled" || phase === "claimed" || isToBeSent(state, Date.now());
    const leftMs = (isUnderWay ? sendingUntil : until) - Date.now();
    if (isToSendNow(state, asked.isRepeat && state === known) && tries < MAX_TRIES) {
      tries += 1;
      const carried = await sendNow(c, intent, state.terms, asked);
      if (carried instanceof Response) return carried;
    } else if (phase === "cancelled" && successor !== null) {
      intent = c.env.intents.find(successor) ?? refuse(INTENT_NOT_FOUND);
    } else if (phase !== "pending_approval" && phase !== "approved" && !isUnderWay) {
      return settled(intent, state, asked);
    } else if (leftMs <= 0 || phase === "approved") {
      return pending(state);
    } else {
      await intent.waitWhile(phase, Math.min(leftMs, WAIT_STEP_MS));
    }
    state = (await intent.look()) ?? refuse(INTENT_NOT_FOUND);
  }
}

/** Approved: now. What came to nothing is Gate's to try again, at its own pace, or the agent's, whenever it repeats it. */
function isToSendNow(state: IntentState, isRepeat: boolean): boolean {
  if (!maySend(state, Date.now())) return false;
  return state.phase === "approved" || (isRepeat && state.terms.sending === "on_repeat");
}

/** Null: another call sends it, or Gate goes on by itself; what comes of that is worth waiting for. */
async function sendNow(c: GateContext, intent: Intent, terms: Terms, asked: Asked): Promise<Response | null> {
  const admitAgain = async () => c.var.admitAgain?.();
  const { own, body } = asked;
  const sending = carryOut(intent, c.env, { terms, own, body, admitAgain });
  // An agent that hangs up must not leave a write that was begun without its end.
  c.executionCtx.waitUntil(sending.catch(() => undefined));
  return answerTo(await sending, intent, terms.sending === "by_gate", asked);
}

function answerTo(
  carried: CarriedOut,
  intent: Intent,
  isByGate: boolean,
  { method, route }: Asked,
): Response | null {
  switch (carried.kind) {
    case "answered":
      if (isToBeSent(carried.state, Date.now())) {
        void carried.rest?.cancel().catch(() => undefined);
        return null;
      }
      return keptBack(method, route, intent.id, carried.response, carried.rest);
    case "unsent":
    case "unknown": {
      if (carried.kind === "unsent" ? isByGate : isToBeSent(carried.state, Date.now())) return null;
      const problem = problemOfCall(carried.failure);
      return refuse({ ...problem, more: { ...problem.more, intent_id: intent.id }, headers: about(intent) });
    }
    case "refused": {
      const { reason } = carried.refusal;
      if (PASSING.has(reason)) return null;
      break;
    }
    default:
  }
  return refuse({ ...problemOfUndecided(carried), headers: about(intent) });
}

/** Somebody else was faster, or the clock was. */
const PASSING: ReadonlySet<string> = new Set([
  "already_claimed",
  "wrong_phase",
  "expired",
  "attempts_exhausted",
]);

function about({ id }: Pick<Intent, "id">, retryAfter = 5): Readonly<Record<string, string>> {
  return { "X-Gate-Intent-Id": id, "Retry-After": String(retryAfter) };
}

function pending(state: IntentState): Response {
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
async function settled(intent: Intent, state: IntentState, asked: Asked): Promise<Response> {
  const { phase } = state;
  if (phase === "succeeded" || phase === "failed" || phase === "indeterminate") {
    const response = await intent.response();
    if (response !== null) return keptBack(asked.method, asked.route, intent.id, response, null);
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

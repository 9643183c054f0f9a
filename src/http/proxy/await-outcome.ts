import { carryOut, type CarriedOut } from "../../app/execution/execute-write.ts";
import { isToBeSent, maySend } from "../../core/intent/sending.ts";
import type { Phase } from "../../core/intent/phase.ts";
import type { IntentState, Terms } from "../../core/intent/state.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, problemOfUndecided } from "../problem/from-refusal.ts";
import { keptBack, problemOfCall } from "./relay-response.ts";
import { about, pending, settled } from "./outcome-response.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Asked } from "./outcome-request.ts";

/** What the contract promises to hold a connection for, in seconds. */
const MAX_WAIT_SECONDS = 900;

/** Asked again this often, so that a wait ends where the object was lost with it. */
const WAIT_STEP_MS = 25_000;

/** Somebody else is sending it just now: worth waiting for, whoever asks. */
const SENDING_WAIT_MS = 5_000;

/**
 * An object that has too many waiting already, or was restarted, answers at once. Asked again this often, a wait of
 * fifteen minutes stays far below the calls that the platform gives a request.
 */
const LEAST_STEP_MS = 5_000;

/** Another call may be faster, and its attempt come to nothing; more than a few of them is something else. */
const MAX_TRIES = 3;

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
  // From here on an answer that fails must say which write it was about.
  c.set("intent", first.id);
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
      // Whoever waits for a person would hold ten megabytes for a quarter of an hour, and others wait beside them.
      asked.body = null;
      await change(c, intent, phase, leftMs);
    }
    state = (await intent.look()) ?? refuse(INTENT_NOT_FOUND);
  }
}

/** Waits for it, or for a while. */
async function change(c: GateContext, intent: Intent, phase: Phase, leftMs: number): Promise<void> {
  const since = Date.now();
  const state = await intent.waitWhile(phase, Math.min(leftMs, WAIT_STEP_MS));
  const early = Math.min(leftMs, LEAST_STEP_MS) - (Date.now() - since);
  if (state?.phase === phase && early > 0) await new Promise((resolve) => setTimeout(resolve, early));
  // Whose key was suspended or rotated meanwhile is told so, and not how the write came out.
  await c.var.reauthenticate?.();
}

/** Approved: now. What came to nothing is Gate's to try again, at its own pace, or the agent's, whenever it repeats it. */
function isToSendNow(state: IntentState, isRepeat: boolean): boolean {
  if (!maySend(state, Date.now())) return false;
  return state.phase === "approved" || (isRepeat && state.terms.sending === "on_repeat");
}

/** Null: another call sends it, or Gate goes on by itself; what comes of that is worth waiting for. */
async function sendNow(c: GateContext, intent: Intent, terms: Terms, asked: Asked): Promise<Response | null> {
  const admitAgain = async () => c.var.reauthenticate?.();
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
    case "refused":
      if (PASSING.has(carried.refusal.reason)) return null;
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

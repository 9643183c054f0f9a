import { isSendDue, maySend } from "../../core/intent/sending.ts";
import type { Phase } from "../../core/intent/phase.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import type { Result } from "../../core/base/result.ts";
import type { CallFailure } from "../../ports/upstream.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import type { VoteFailure } from "../approvals/decide-intent.ts";
import { executeWrite, type ExecutionResult, type ExecutePorts } from "./execute-write.ts";
import { finalOutcome, type FinalOutcome } from "./final-outcome.ts";

/** An agent's request for the outcome of its write. */
export interface OutcomeRequest {
  readonly waitMs: number;
  /** True: the agent made this request before, so that a write that failed may be worth another attempt. */
  readonly isRepeat: boolean;
  /** The agent's own credentials, where Gate injects none: sent on, and never stored. */
  readonly agentCredentials: readonly Header[];
  /**
   * The payload as it came with the request; null: the intent's object has it. Set to null while the request waits for
   * a person, which many do at once for minutes, so the caller must keep no other reference to the bytes.
   */
  body: Uint8Array | null;
}

/** The door's part in a request that waits. `Failure` is the door's own; it is returned unread. */
export interface WaitingConnection<Failure> {
  /** Authenticates the agent again: a key that was suspended or rotated during the wait must not learn the outcome. */
  readonly reauthenticate: () => Promise<Result<void, Failure>>;
  /** Keeps work running after the agent hung up. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** How far a write has come when its agent gets a response. */
export type AwaitedOutcome<Failure> =
  /** The intent that was asked about, or the one that replaced it, is not there. */
  | { readonly kind: "not_found" }
  | { readonly kind: "unauthenticated"; readonly failure: Failure }
  /** It waits for a person, or is being sent. */
  | { readonly kind: "pending"; readonly state: IntentState }
  /** This request's attempt got no response of the upstream. */
  | { readonly kind: "no_answer"; readonly intent: string; readonly failure: CallFailure }
  /** It is approved and may not be sent now. */
  | { readonly kind: "not_executed"; readonly intent: string; readonly reason: VoteFailure }
  | FinalOutcome;

export type OutcomePorts = ExecutePorts & Pick<Ports, "intents">;

/** A wait is renewed this often, so that it ends where the object was lost with it. */
const WAIT_STEP_MS = 25_000;

/** Another call is sending the write just now: its outcome is worth waiting for, even for an agent that asked for no wait. */
const SENDING_WAIT_MS = 5_000;

/**
 * An object with too many waiting calls, or one that was restarted, returns at once. With this pause a wait of fifteen
 * minutes stays far below the number of calls that the platform gives a request.
 */
const LEAST_STEP_MS = 5_000;

/** Attempts of one request: another call may be faster and then fail, which happens rarely more than once. */
const MAX_TRIES = 3;

/**
 * Waits as long as the agent does, sends the write once it is approved, and returns how far it has come. Where a
 * reviewer edited the payload, the outcome is that of the edited intent.
 */
export async function awaitOutcome<Failure>(
  first: Intent,
  known: IntentState,
  request: OutcomeRequest,
  connection: WaitingConnection<Failure>,
  ports: OutcomePorts,
): Promise<AwaitedOutcome<Failure>> {
  const until = Date.now() + request.waitMs;
  const sendingUntil = Date.now() + Math.max(request.waitMs, SENDING_WAIT_MS);
  let intent = first;
  let state = known;
  let tries = 0;
  for (;;) {
    const { phase, successor } = state;
    // An agent that is told of a failure makes the write anew, so no failure is reported while Gate still retries.
    const isUnderWay = phase === "scheduled" || phase === "claimed" || isSendDue(state, Date.now());
    const leftMs = (isUnderWay ? sendingUntil : until) - Date.now();
    if (isToSendNow(state, request.isRepeat && state === known) && tries < MAX_TRIES) {
      tries += 1;
      const outcome = await sendNow(intent, state, request, connection, ports);
      if (outcome !== null) return outcome;
    } else if (phase === "cancelled" && successor !== null) {
      const edited = ports.intents.find(successor);
      if (edited === null) return { kind: "not_found" };
      intent = edited;
    } else if (phase !== "pending_approval" && phase !== "approved" && !isUnderWay) {
      return finalOutcome(intent, state);
    } else if (leftMs <= 0 || phase === "approved") {
      return { kind: "pending", state };
    } else {
      request.body = null;
      await waitForChange(intent, phase, leftMs);
      const admitted = await connection.reauthenticate();
      if (!admitted.ok) return { kind: "unauthenticated", failure: admitted.error };
    }
    const next = await intent.getState();
    if (next === null) return { kind: "not_found" };
    state = next;
  }
}

/** Returns once the phase has changed, or after a while. */
async function waitForChange(intent: Intent, phase: Phase, leftMs: number): Promise<void> {
  const since = Date.now();
  const state = await intent.waitWhile(phase, Math.min(leftMs, WAIT_STEP_MS));
  const early = Math.min(leftMs, LEAST_STEP_MS) - (Date.now() - since);
  if (state?.phase === phase && early > 0) await new Promise((resolve) => setTimeout(resolve, early));
}

/**
 * An approved write is sent by any request for its outcome. A write that failed is retried by Gate at its own pace, or,
 * where only the agent has the credential, by a repeat of the agent's request.
 */
function isToSendNow(state: IntentState, isRepeat: boolean): boolean {
  if (!maySend(state, Date.now())) return false;
  return state.phase === "approved" || (isRepeat && state.terms.sending === "on_repeat");
}

/** Null: another call sends the write, or Gate retries by itself, and the outcome of that is worth waiting for. */
async function sendNow<Failure>(
  intent: Intent,
  { terms }: IntentState,
  { agentCredentials: own, body }: OutcomeRequest,
  { reauthenticate, waitUntil }: WaitingConnection<Failure>,
  ports: OutcomePorts,
): Promise<AwaitedOutcome<Failure> | null> {
  const sending = executeWrite(intent, ports, { terms, own, body, reauthenticate });
  // An agent that hangs up must not leave a claimed write without its report.
  waitUntil(sending.catch(() => undefined));
  return outcomeOfAttempt(await sending, intent.id, terms.sending === "by_gate");
}

function outcomeOfAttempt<Failure>(
  attempt: ExecutionResult<Failure>,
  intent: string,
  isByGate: boolean,
): AwaitedOutcome<Failure> | null {
  switch (attempt.kind) {
    case "answered": {
      const { state, response, rest } = attempt;
      if (!isSendDue(state, Date.now())) return { kind: "answered", intent, response, rest };
      void rest?.cancel().catch(() => undefined);
      return null;
    }
    case "unsent":
      return isByGate ? null : { kind: "no_answer", intent, failure: attempt.failure };
    case "unknown":
      if (isSendDue(attempt.state, Date.now())) return null;
      return { kind: "no_answer", intent, failure: attempt.failure };
    case "unauthenticated":
      return attempt;
    case "refused":
      if (RACE_REFUSALS.has(attempt.refusal.reason)) return null;
  }
  return { kind: "not_executed", intent, reason: attempt };
}

/** Another call was faster, or a deadline passed. */
const RACE_REFUSALS: ReadonlySet<string> = new Set([
  "already_claimed",
  "wrong_phase",
  "expired",
  "attempts_exhausted",
]);

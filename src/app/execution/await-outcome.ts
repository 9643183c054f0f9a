import { isSendDue, maySend } from "../../core/intent/sending.ts";
import type { Phase } from "../../core/intent/phase.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Header } from "../../core/outbound/header-names.ts";
import type { Result } from "../../core/base/result.ts";
import type { CallFailure } from "../../ports/upstream.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import type { VoteFailure } from "../approvals/decide-intent.ts";
import { isBoundCredential } from "./agent-credential.ts";
import { executeWrite, type ExecutionResult, type ExecutePorts } from "./execute-write.ts";
import { finalOutcome, type FinalOutcome } from "./final-outcome.ts";

/** An agent's request for the outcome of its write. */
export interface OutcomeRequest {
  readonly waitMs: number;
  /** True: the agent made this request before, so that a write that failed may be worth another attempt. */
  readonly isRepeat: boolean;
  /** The agent's own credentials, where Gate injects none: forwarded, and never stored. */
  readonly agentCredentials: readonly Header[];
  /**
   * The payload as it came with the request; null: the intent's object has it. Set to null while the request waits for
   * a person, which many do at once for minutes, so the caller must keep no other reference to the bytes.
   */
  body: Uint8Array | null;
}

/** The door's part in a request that waits. `Failure` is the door's own type, returned unchanged. */
export interface WaitingConnection<Failure> {
  /** Authenticates the agent again: a key that was suspended or rotated during the wait must not learn the outcome. */
  readonly reauthenticate: () => Promise<Result<void, Failure>>;
  /** Keeps work running after the agent hung up. */
  readonly waitUntil: (work: Promise<unknown>) => void;
}

/** How far a write has come when its agent gets a response. */
export type AwaitedOutcome<Failure> =
  /** The intent, or its successor, does not exist. */
  | { readonly kind: "not_found" }
  | { readonly kind: "unauthenticated"; readonly failure: Failure }
  /** The intent waits for a person, or is being sent. */
  | { readonly kind: "pending"; readonly state: IntentState }
  /** This request's attempt got no response from the upstream. */
  | { readonly kind: "no_answer"; readonly intent: string; readonly failure: CallFailure }
  /** The intent is approved, and may not be sent now. */
  | { readonly kind: "not_executed"; readonly intent: string; readonly reason: VoteFailure }
  | FinalOutcome;

export type OutcomePorts = ExecutePorts & Pick<Ports, "intents">;

/** Interval at which a wait is renewed: one whose object was lost must not last until the agent's deadline. */
const WAIT_STEP_MS = 25_000;

/** How long even an agent that requested no wait waits for a send that another call has begun. */
const SENDING_WAIT_MS = 5_000;

/**
 * An object with too many waiting calls, or one that was restarted, returns at once. With this pause a wait of fifteen
 * minutes stays far below the number of calls that the platform gives a request.
 */
const LEAST_STEP_MS = 5_000;

/** Send attempts of one request: a concurrent call may claim first and then fail, rarely more than once. */
const MAX_TRIES = 3;

/**
 * Waits at most `request.waitMs`, sends the write once it is approved, and returns its outcome so far. Where a reviewer
 * edited the payload, the outcome is the successor's.
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
    if (isWaiting(phase) && !isBoundCredential(state.terms, request.agentCredentials, ports)) {
      const refusal = { reason: "credential_changed" } as const;
      return { kind: "not_executed", intent: intent.id, reason: { kind: "refused", refusal } };
    }
    // An agent that receives a failure proposes the write again, so none is reported while Gate still retries.
    const isInProgress = phase === "scheduled" || phase === "claimed" || isSendDue(state, Date.now());
    const leftMs = (isInProgress ? sendingUntil : until) - Date.now();
    if (shouldSendNow(state, request.isRepeat && state === known) && tries < MAX_TRIES) {
      tries += 1;
      const outcome = await sendNow(intent, state, request, connection, ports);
      if (outcome !== null) return outcome;
    } else if (phase === "cancelled" && successor !== null) {
      const edited = ports.intents.find(successor);
      if (edited === null) return { kind: "not_found" };
      intent = edited;
    } else if (phase !== "pending_approval" && phase !== "approved" && !isInProgress) {
      return finalOutcome(intent, state);
    } else if (leftMs <= 0 || phase === "approved") {
      return { kind: "pending", state };
    } else {
      request.body = null;
      await waitForChange(intent, phase, leftMs);
      const authenticated = await connection.reauthenticate();
      if (!authenticated.ok) return { kind: "unauthenticated", failure: authenticated.error };
    }
    const next = await intent.getState();
    if (next === null) return { kind: "not_found" };
    state = next;
  }
}

/** Not sent yet, and possibly never with another account's credential. */
function isWaiting(phase: Phase): boolean {
  return phase === "pending_approval" || phase === "approved";
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
function shouldSendNow(state: IntentState, isRepeat: boolean): boolean {
  if (!maySend(state, Date.now())) return false;
  return state.phase === "approved" || (isRepeat && state.terms.sending === "on_repeat");
}

/** Null: another call sends the write, or Gate retries it, so that the caller waits for that outcome. */
async function sendNow<Failure>(
  intent: Intent,
  { terms }: IntentState,
  { agentCredentials, body }: OutcomeRequest,
  { reauthenticate, waitUntil }: WaitingConnection<Failure>,
  ports: OutcomePorts,
): Promise<AwaitedOutcome<Failure> | null> {
  const sending = executeWrite(intent, ports, { terms, agentCredentials, body, reauthenticate });
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

/** Refusals of a lost race: another call claimed first, a deadline passed, or voters left and the intent waits again. */
const RACE_REFUSALS: ReadonlySet<string> = new Set([
  "already_claimed",
  "approval_lapsed",
  "wrong_phase",
  "expired",
  "attempts_exhausted",
]);

import { ok, type Result } from "../base/result.ts";
import { approve, cancel, reject, revoke, supersede, withdraw } from "./approval.ts";
import type { IntentCommand } from "./command.ts";
import type { Command } from "./command-result.ts";
import { erase } from "./erasure.ts";
import { GATE, type RecordedEvent, type IntentEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { begin, claim, heartbeat, order, report, resolve, unclaim } from "./execution.ts";
import { DEFAULT_EXECUTION_LIMITS, type ExecutionLimits } from "./limits.ts";
import { recountApproval } from "./lapsed-approval.ts";
import { recheck } from "./recheck.ts";
import type { Refusal } from "./refusal.ts";
import { restoredEvents } from "./restored.ts";
import { nextTimedEvent } from "./settle.ts";
import { confirmSilence } from "./silence.ts";
import type { Instant, IntentState } from "./state.ts";

export interface HandledCommand {
  /** The object commits these after a refusal too: a deadline may have moved the intent. */
  readonly events: readonly RecordedEvent[];
  readonly state: IntentState;
  /** False when the command's effect already held. */
  readonly changed: boolean;
  readonly refusal: Refusal | null;
}

/** The whole behaviour of an existing intent: first the events of due deadlines, then the command. */
export function handle(
  before: IntentState,
  command: IntentCommand,
  now: Instant,
  limits: ExecutionLimits = DEFAULT_EXECUTION_LIMITS,
  restoredAt: Instant | null = null,
): HandledCommand {
  const settled = settle(before, now, restoredAt);
  const applied = applyCommand(settled.state, command, now, limits);
  const actor = actorOf(command);
  if (!applied.ok) {
    const event = refusalEvent(settled.state, command, applied.error);
    const events = event === null ? [] : [{ event, actor, at: now }];
    const state = events.reduce<IntentState>(evolve, settled.state);
    return { events: [...settled.events, ...events], state, changed: false, refusal: applied.error };
  }
  if (!isEvents(applied.value)) {
    return { events: settled.events, state: applied.value, changed: true, refusal: null };
  }
  const events = applied.value.map((event) => ({ event, actor: actorFor(event, actor), at: now }));
  return {
    events: [...settled.events, ...events],
    state: events.reduce<IntentState>(evolve, settled.state),
    changed: events.length > 0,
    refusal: null,
  };
}

/** Else the command changed only the state, and a later event records it. */
function isEvents(applied: IntentState | readonly IntentEvent[]): applied is readonly IntentEvent[] {
  return Array.isArray(applied);
}

/** The next vote reveals that an earlier voter is inactive; the actor of that withdrawal is Gate, not the voter. */
function actorFor(event: IntentEvent, actor: string): string {
  const isSideEffect =
    event.type === "approval_vote_withdrawn" &&
    (event.why === "credential_inactive" || event.why === "not_eligible");
  return isSideEffect ? GATE : actor;
}

/** The event of a refusal that belongs on the ledger; null: the refusal is for the caller alone. */
function refusalEvent(state: IntentState, command: IntentCommand, { reason }: Refusal): IntentEvent | null {
  switch (reason) {
    case "digest_mismatch":
    case "approval_stale":
      // Of parallel evaluations one took effect.
      if (command.type === "recheck") return null;
      if (state.bindingsRefused.includes(`${command.type} ${reason}`)) return null;
      return { type: "binding_refused", command: command.type, reason };
    case "intent_revoked":
      return command.type === "report" ? reportedLate(command) : null;
    default:
      return null;
  }
}

function reportedLate(command: Command<"report">): IntentEvent {
  const { order: id, by, outcome, executedAt, result, proof } = command;
  return { type: "execution_reported_late", order: id, by, outcome, executedAt, result, proof };
}

/** Applies the effect of a restored backup, and the events of all due deadlines. */
export function settle(
  before: IntentState,
  now: Instant,
  restoredAt: Instant | null = null,
): Pick<HandledCommand, "events" | "state"> {
  // First: a deadline that passed in the time the backup does not know says nothing of what happened then.
  const events: RecordedEvent[] = [...restoredEvents(before, restoredAt, now)];
  let state = events.reduce<IntentState>(evolve, before);
  for (let event = nextTimedEvent(state, now); event !== null; event = nextTimedEvent(state, now)) {
    events.push(event);
    state = evolve(state, event);
  }
  return { events, state };
}

function applyCommand(
  state: IntentState,
  command: IntentCommand,
  now: Instant,
  limits: ExecutionLimits,
): Result<IntentState | readonly IntentEvent[], Refusal> {
  switch (command.type) {
    case "approve":
      return approve(state, command, now);
    case "reject":
      return reject(state, command);
    case "cancel":
      return cancel(state, command);
    case "supersede":
      return supersede(state, command);
    case "withdraw":
      return withdraw(state, command);
    case "revoke":
      return revoke(state, command);
    case "order":
      return order(state, command, now, limits);
    case "claim":
      return claim(state, command, now, limits);
    case "begin":
      return begin(state, command, now, limits);
    case "unclaim":
      return unclaim(state, command);
    case "heartbeat":
      return heartbeat(state, command, now, limits);
    case "report":
      return report(state, command);
    case "resolve":
      return resolve(state, command);
    case "erase":
      return erase(state, command, now);
    case "recheck":
      return recheck(state, command);
    case "recount":
      return recountApproval(state, command);
    case "confirm_silence":
      return confirmSilence(state, command, now);
    case "tick":
      return ok([]);
  }
}

function actorOf(command: IntentCommand): string {
  switch (command.type) {
    case "approve":
    case "reject":
    case "cancel":
    case "supersede":
      return command.voter.principal;
    case "withdraw":
    case "order":
      return command.agent;
    case "revoke":
    case "claim":
    case "heartbeat":
    case "report":
    case "resolve":
    case "erase":
      return command.by;
    case "begin":
    case "unclaim":
    case "recheck":
    case "recount":
    case "confirm_silence":
    case "tick":
      return GATE;
  }
}

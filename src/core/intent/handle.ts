import { ok, type Result } from "../base/result.ts";
import { approve, cancel, reject, revoke, supersede, withdraw } from "./approval.ts";
import type { IntentCommand } from "./command.ts";
import type { Command } from "./command-result.ts";
import { erase } from "./erasure.ts";
import { GATE, type RecordedEvent, type IntentEvent } from "./event.ts";
import { evolve } from "./evolve.ts";
import { begin, claim, heartbeat, order, report, resolve, unclaim } from "./execution.ts";
import type { Refusal } from "./refusal.ts";
import { nextTimedEvent } from "./settle.ts";
import type { Instant, IntentState } from "./state.ts";

export interface HandledCommand {
  /** To be committed, also when the command was refused: the clock may have moved the intent. */
  readonly events: readonly RecordedEvent[];
  readonly state: IntentState;
  /** False when what the command asks for held already. */
  readonly changed: boolean;
  readonly refusal: Refusal | null;
}

/** The whole behaviour of an existing intent: first what the clock made true, then the command. */
export function handle(before: IntentState, command: IntentCommand, now: Instant): HandledCommand {
  const settled = settle(before, now);
  const decided = applyCommand(settled.state, command, now);
  const actor = actorOf(command);
  if (!decided.ok) {
    const event = recordOf(settled.state, command, decided.error);
    const events = event === null ? [] : [{ event, actor, at: now }];
    const state = events.reduce<IntentState>(evolve, settled.state);
    return { events: [...settled.events, ...events], state, changed: false, refusal: decided.error };
  }
  const events = decided.value.map((event) => ({ event, actor: causeOf(event, actor), at: now }));
  return {
    events: [...settled.events, ...events],
    state: events.reduce<IntentState>(evolve, settled.state),
    changed: events.length > 0,
    refusal: null,
  };
}

/** That a credential is gone is noticed when the next one votes, and is not that one's doing. */
function causeOf(event: IntentEvent, actor: string): string {
  const isNoticed = event.type === "approval_vote_withdrawn" && event.why === "credential_inactive";
  return isNoticed ? GATE : actor;
}

/** Refusals that the ledger has to know of; the others are between Gate and the caller. */
function recordOf(state: IntentState, command: IntentCommand, { reason }: Refusal): IntentEvent | null {
  switch (reason) {
    case "digest_mismatch":
    case "approval_stale":
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

/** Applies everything that is due. */
export function settle(before: IntentState, now: Instant): Pick<HandledCommand, "events" | "state"> {
  const events: RecordedEvent[] = [];
  let state = before;
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
): Result<readonly IntentEvent[], Refusal> {
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
      return order(state, command, now);
    case "claim":
      return claim(state, command, now);
    case "begin":
      return begin(state, command, now);
    case "unclaim":
      return unclaim(state, command);
    case "heartbeat":
      return heartbeat(state, command, now);
    case "report":
      return report(state, command);
    case "resolve":
      return resolve(state, command);
    case "erase":
      return erase(state, command, now);
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
    case "tick":
      return GATE;
  }
}

import { err, ok, type Result } from "../base/result.ts";
import { eligibility, isStale } from "./approval.ts";
import type { IntentCommand } from "./command.ts";
import { GATE } from "./event.ts";
import { CLAIM_TTL_MS, MAX_ATTEMPTS, ORDER_TTL_MS } from "./limits.ts";
import { nextAttemptAt } from "./send-backoff.ts";
import { wrongPhase, type Command, type CommandResult } from "./command-result.ts";
import type { Refusal } from "./refusal.ts";
import {
  currentOrder,
  needsClaim,
  undoneClaims,
  type Instant,
  type IntentState,
  type Order,
} from "./state.ts";

/** An order's id names its intent, so that whoever holds it finds the object without a look-up. */
export function orderId(intentId: string, fence: number): string {
  return `exe_${intentId.slice("int_".length)}_${fence}`;
}

export function order(state: IntentState, command: Command<"order">, now: Instant): CommandResult {
  const { terms } = state;
  if (command.agent !== terms.agent) return err({ reason: "not_proposer" });
  // Never both sent on by Gate and carried out by somebody else.
  if (terms.sending !== null) return err({ reason: "wrong_executor", executor: terms.executor ?? "forward" });
  if (terms.executor !== null && terms.executor !== command.mode) {
    return err({ reason: "wrong_executor", executor: terms.executor });
  }
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  const live = currentOrder(state);
  if (state.phase === "scheduled" && live !== undefined) {
    // The same caller gets the same order again; asking for another way to execute is not the same.
    return live.mode === command.mode ? ok([]) : wrongPhase(state, command);
  }
  return issue(state, command, { mode: command.mode, issuedTo: command.agent }, now);
}

/** The next order of the intent, with the next fencing number. */
function issue(
  state: IntentState,
  command: Command<"order" | "begin">,
  whose: Pick<Order, "mode" | "issuedTo">,
  now: Instant,
): CommandResult {
  if (!mayOrder(state, now)) return wrongPhase(state, command);
  if (state.orders.length >= MAX_ATTEMPTS) return err({ reason: "attempts_exhausted" });
  if (isStale(state, command.inForce)) return err({ reason: "approval_stale" });
  const fence = state.orders.length + 1;
  const id = orderId(state.terms.id, fence);
  return ok([{ type: "execution_requested", order: id, fence, ...whose, expiresAt: now + ORDER_TTL_MS }]);
}

/** Order and claim at once, by Gate. An order whose claim was undone is claimed again. */
export function begin(state: IntentState, command: Command<"begin">, now: Instant): CommandResult {
  const { executor, sending } = state.terms;
  if (sending === null || (executor !== "gate" && executor !== "forward")) {
    return err({ reason: "wrong_executor", executor: executor ?? "runner" });
  }
  if (state.phase === "claimed") return err({ reason: "already_claimed" });
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  const held = currentOrder(state);
  const expiresAt = now + CLAIM_TTL_MS;
  if (state.phase === "scheduled" && held !== undefined) {
    if (isStale(state, command.inForce)) return err({ reason: "approval_stale" });
    const until = nextAttemptAt(held);
    if (now < until) return err({ reason: "retry_later", until });
    return ok([{ type: "execution_claimed", order: held.id, by: GATE, expiresAt }]);
  }
  const issued = issue(state, command, { mode: executor, issuedTo: GATE }, now);
  if (!issued.ok) return issued;
  const id = orderId(state.terms.id, state.orders.length + 1);
  return ok([...issued.value, { type: "execution_claimed", order: id, by: GATE, expiresAt }]);
}

/** The first order, a retry the worker itself called safe, or another try where the provider de-duplicates. */
export function mayOrder(state: IntentState, now: Instant): boolean {
  // What was erased is not there to be sent.
  const inTime = state.executeBy !== null && now < state.executeBy && state.erasedAt === null;
  switch (state.phase) {
    case "approved":
      return inTime;
    case "failed":
      return inTime && currentOrder(state)?.report?.retryable === true;
    case "indeterminate":
      return inTime && state.terms.idempotent;
    default:
      return false;
  }
}

export function claim(state: IntentState, command: Command<"claim">, now: Instant): CommandResult {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  // Gate claims what it sends when it begins, and in no other way.
  const isGates = found.value.issuedTo === GATE;
  if (isGates || !mayCarryOut(state, found.value, command.by)) return err({ reason: "not_runner" });
  if (state.phase === "claimed") return err({ reason: "already_claimed" });
  if (state.phase !== "scheduled") return lateFor(state, command);
  if (isStale(state, command.inForce)) return err({ reason: "approval_stale" });
  const expiresAt = now + CLAIM_TTL_MS;
  return ok([{ type: "execution_claimed", order: command.order, by: command.by, expiresAt }]);
}

export function unclaim(state: IntentState, command: Command<"unclaim">): CommandResult {
  const held = currentOrder(state);
  const isIts = held?.id === command.order && undoneClaims(held) === command.undone;
  if (state.phase !== "claimed" || !isIts) return wrongPhase(state, command);
  return ok([{ type: "execution_claim_undone", order: command.order }]);
}

export function heartbeat(state: IntentState, command: Command<"heartbeat">, now: Instant): CommandResult {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  if (state.phase !== "claimed") return lateFor(state, command);
  if (found.value.claim?.by !== command.by) return err({ reason: "not_runner" });
  return ok([{ type: "execution_extended", order: command.order, expiresAt: now + CLAIM_TTL_MS }]);
}

export function report(state: IntentState, command: Command<"report">): CommandResult {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  const { claim: claimed, report: reported } = found.value;
  if (!mayCarryOut(state, found.value, command.by)) return err({ reason: "not_runner" });
  if (reported !== null) return err({ reason: "already_reported" });
  if (claimed !== null && claimed.by !== command.by) return err({ reason: "not_runner" });
  if (state.phase === "scheduled" && needsClaim(state, found.value)) return err({ reason: "claim_required" });
  const revoked = state.phase === "revoked" && !needsClaim(state, found.value);
  if (state.phase !== "scheduled" && state.phase !== "claimed" && !revoked) return lateFor(state, command);

  const { order: id, by, executedAt, retryable, result, proof } = command;
  if (state.terms.proofRequired && proof === null) return err({ reason: "proof_required" });
  if (revoked) return err({ reason: "intent_revoked" });
  switch (command.outcome) {
    case "succeeded":
      return ok([
        { type: "execution_succeeded", order: id, by, executedAt, retryable: false, result, proof },
      ]);
    case "failed":
      return ok([{ type: "execution_failed", order: id, by, executedAt, retryable, result, proof }]);
    case "indeterminate":
      return ok([{ type: "execution_indeterminate", order: id, by, why: "reported", result, proof }]);
  }
}

export function resolve(state: IntentState, command: Command<"resolve">): CommandResult {
  if (state.phase !== "indeterminate") return wrongPhase(state, command);
  const refusal = command.voter === null ? null : eligibility(state, command.voter);
  if (refusal) return err(refusal);
  return ok([{ type: "outcome_resolved", by: command.by, outcome: command.outcome, note: command.note }]);
}

/** The order a worker names must be the latest: an older fencing number may not act any more. */
function heldOrder(state: IntentState, id: string): Result<Order, Refusal> {
  const latest = currentOrder(state);
  if (latest?.id === id) return ok(latest);
  const known = state.orders.some((past) => past.id === id);
  return err({ reason: known ? "order_superseded" : "not_found" });
}

/** What Gate sends is nobody else's; where the destination names runners only they act; else who ordered it. */
function mayCarryOut(state: IntentState, held: Order, by: string): boolean {
  const { runners } = state.terms;
  if (held.issuedTo === GATE || by === GATE) return held.issuedTo === by;
  return runners.length > 0 ? runners.includes(by) : held.issuedTo === by;
}

/** After a lapse the answer is "too late", not "wrong". */
function lateFor(state: IntentState, command: IntentCommand): CommandResult {
  const lapsed = state.phase === "indeterminate" || state.phase === "expired" || state.phase === "approved";
  return lapsed ? err({ reason: "expired", what: "order" }) : wrongPhase(state, command);
}

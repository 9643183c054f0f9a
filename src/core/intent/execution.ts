import { err, ok, type Result } from "../base/result.ts";
import { eligibility, isStale } from "./approval.ts";
import type { IntentCommand } from "./command.ts";
import { GATE, type IntentEvent } from "./event.ts";
import { type ExecutionLimits, MAX_ATTEMPTS } from "./limits.ts";
import { nextAttemptAt } from "./send-backoff.ts";
import { wrongPhase, type Command, type CommandResult } from "./command-result.ts";
import type { Refusal } from "./refusal.ts";
import {
  currentOrder,
  needsClaim,
  undoneClaims,
  unrecordedHeartbeats,
  withOrder,
  type Instant,
  type IntentState,
  type Order,
} from "./state.ts";

/** An order's id contains its intent's id, so that Gate finds the object without a look-up. */
export function orderId(intentId: string, fence: number): string {
  return `exe_${intentId.slice("int_".length)}_${fence}`;
}

export function order(
  state: IntentState,
  command: Command<"order">,
  now: Instant,
  limits: ExecutionLimits,
): CommandResult {
  const { terms } = state;
  if (command.agent !== terms.agent) return err({ reason: "not_proposer" });
  // A write that Gate sends is never ordered by a runner or a download: the upstream would get it twice.
  if (terms.sending !== null) return err({ reason: "wrong_executor", executor: terms.executor ?? "forward" });
  if (terms.executor !== null && terms.executor !== command.mode) {
    return err({ reason: "wrong_executor", executor: terms.executor });
  }
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  const live = currentOrder(state);
  if (state.phase === "scheduled" && live !== undefined) {
    // A retry by the same caller gets the same order; another execution mode conflicts with it.
    return live.mode === command.mode ? ok([]) : wrongPhase(state, command);
  }
  return issue(state, command, { mode: command.mode, issuedTo: command.agent }, now, limits);
}

/** The next order of the intent, with the next fencing number. */
function issue(
  state: IntentState,
  command: Command<"order" | "begin">,
  issuance: Pick<Order, "mode" | "issuedTo">,
  now: Instant,
  { orderMs }: ExecutionLimits,
): CommandResult {
  if (!mayOrder(state, now)) return wrongPhase(state, command);
  if (state.orders.length >= MAX_ATTEMPTS) return err({ reason: "attempts_exhausted" });
  if (isStale(state, command.bindings)) return err({ reason: "approval_stale" });
  const fence = state.orders.length + 1;
  const id = orderId(state.terms.id, fence);
  return ok([{ type: "execution_requested", order: id, fence, ...issuance, expiresAt: now + orderMs }]);
}

/** Order and claim at once, by Gate. Gate claims an order again whose earlier claim was undone. */
export function begin(
  state: IntentState,
  command: Command<"begin">,
  now: Instant,
  limits: ExecutionLimits,
): CommandResult {
  const { executor, sending } = state.terms;
  if (sending === null || (executor !== "gate" && executor !== "forward")) {
    return err({ reason: "wrong_executor", executor: executor ?? "runner" });
  }
  if (state.phase === "claimed") return err({ reason: "already_claimed" });
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  const held = currentOrder(state);
  const expiresAt = now + limits.claimMs;
  if (state.phase === "scheduled" && held !== undefined) {
    if (isStale(state, command.bindings)) return err({ reason: "approval_stale" });
    const until = nextAttemptAt(held);
    if (now < until) return err({ reason: "retry_later", until });
    return ok([{ type: "execution_claimed", order: held.id, by: GATE, expiresAt }]);
  }
  const issued = issue(state, command, { mode: executor, issuedTo: GATE }, now, limits);
  if (!issued.ok) return issued;
  const id = orderId(state.terms.id, state.orders.length + 1);
  return ok([...issued.value, { type: "execution_claimed", order: id, by: GATE, expiresAt }]);
}

/** The first order, a retry that the executor reported as safe, or another attempt at an upstream that deduplicates. */
export function mayOrder(state: IntentState, now: Instant): boolean {
  // After erasure there is no payload to send.
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

export function claim(
  state: IntentState,
  command: Command<"claim">,
  now: Instant,
  { claimMs }: ExecutionLimits,
): CommandResult {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  // Gate claims its own orders with `begin` alone.
  const isGateOrder = found.value.issuedTo === GATE;
  if (isGateOrder || !mayExecute(state, found.value, command.by)) return err({ reason: "not_runner" });
  if (state.phase === "claimed") return err({ reason: "already_claimed" });
  if (state.phase !== "scheduled") return refuseLate(state, command);
  if (isStale(state, command.bindings)) return err({ reason: "approval_stale" });
  const expiresAt = now + claimMs;
  return ok([{ type: "execution_claimed", order: command.order, by: command.by, expiresAt }]);
}

export function unclaim(state: IntentState, command: Command<"unclaim">): CommandResult {
  const held = currentOrder(state);
  const isCurrentClaim = held?.id === command.order && undoneClaims(held) === command.undone;
  if (state.phase !== "claimed" || !isCurrentClaim) return wrongPhase(state, command);
  const { order: id, why } = command;
  const undone = { type: "execution_claim_undone", order: id, ...(why !== undefined && { why }) } as const;
  return ok([...foldedHeartbeats(held), undone]);
}

/** Moves the claim's end: with an entry at once, or with a count that a later entry records. */
export function heartbeat(
  state: IntentState,
  command: Command<"heartbeat">,
  now: Instant,
  { claimMs }: ExecutionLimits,
): Result<IntentState | readonly IntentEvent[], Refusal> {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  if (state.phase !== "claimed") return refuseLate(state, command);
  const { claim: current } = found.value;
  if (current?.by !== command.by) return err({ reason: "not_runner" });
  const expiresAt = now + claimMs;
  const { heartbeats } = current;
  if (heartbeats !== undefined && now < heartbeats.windowEndsAt) {
    const counted = { ...heartbeats, unrecorded: heartbeats.unrecorded + 1 };
    return ok(withOrder(state, { claim: { ...current, expiresAt, heartbeats: counted } }));
  }
  const count = unrecordedHeartbeats(found.value) + 1;
  return ok([{ type: "execution_extended", order: command.order, expiresAt, count }]);
}

/** The entry of the heartbeats that the ledger lacks when a claim ends: it then shows how long the claim was valid. */
export function foldedHeartbeats(held: Order): readonly IntentEvent[] {
  const count = unrecordedHeartbeats(held);
  if (held.claim === null || count === 0) return [];
  return [{ type: "execution_extended", order: held.id, expiresAt: held.claim.expiresAt, count }];
}

export function report(state: IntentState, command: Command<"report">): CommandResult {
  const found = heldOrder(state, command.order);
  if (!found.ok) return found;
  const { claim: claimed, report: reported } = found.value;
  if (!mayExecute(state, found.value, command.by)) return err({ reason: "not_runner" });
  if (reported !== null) return err({ reason: "already_reported" });
  if (claimed !== null && claimed.by !== command.by) return err({ reason: "not_runner" });
  if (state.phase === "scheduled" && needsClaim(state, found.value)) return err({ reason: "claim_required" });
  const revoked = state.phase === "revoked" && !needsClaim(state, found.value);
  if (state.phase !== "scheduled" && state.phase !== "claimed" && !revoked) return refuseLate(state, command);

  const { order: id, by, executedAt, retryable, result, proof } = command;
  const earlier = foldedHeartbeats(found.value);
  if (state.terms.proofRequired && proof === null) return err({ reason: "proof_required" });
  if (revoked) return err({ reason: "intent_revoked" });
  switch (command.outcome) {
    case "succeeded":
      return ok([
        ...earlier,
        { type: "execution_succeeded", order: id, by, executedAt, retryable: false, result, proof },
      ]);
    case "failed":
      return ok([
        ...earlier,
        { type: "execution_failed", order: id, by, executedAt, retryable, result, proof },
      ]);
    case "indeterminate":
      return ok([
        ...earlier,
        { type: "execution_indeterminate", order: id, by, why: "reported", result, proof },
      ]);
  }
}

export function resolve(state: IntentState, command: Command<"resolve">): CommandResult {
  if (state.phase !== "indeterminate") return wrongPhase(state, command);
  const refusal = command.voter === null ? null : eligibility(state, command.voter);
  if (refusal) return err(refusal);
  return ok([{ type: "outcome_resolved", by: command.by, outcome: command.outcome, note: command.note }]);
}

/** The order that a caller names must be the latest: a higher fence invalidates all lower ones. */
function heldOrder(state: IntentState, id: string): Result<Order, Refusal> {
  const latest = currentOrder(state);
  if (latest?.id === id) return ok(latest);
  const known = state.orders.some((past) => past.id === id);
  return err({ reason: known ? "order_superseded" : "not_found" });
}

/** Gate alone executes its orders; the destination's `runners` execute the others, or the orderer if it names none. */
function mayExecute(state: IntentState, held: Order, by: string): boolean {
  const { runners } = state.terms;
  if (held.issuedTo === GATE || by === GATE) return held.issuedTo === by;
  return runners.length > 0 ? runners.includes(by) : held.issuedTo === by;
}

/** After a lapse the refusal is `expired`, which tells a late runner more than `wrong_phase`. */
function refuseLate(state: IntentState, command: IntentCommand): CommandResult {
  const lapsed = state.phase === "indeterminate" || state.phase === "expired" || state.phase === "approved";
  return lapsed ? err({ reason: "expired", what: "order" }) : wrongPhase(state, command);
}

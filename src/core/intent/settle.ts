import { erasureDeadline } from "./erasure.ts";
import { GATE, type RecordedEvent, type IntentEvent } from "./event.ts";
import { foldedHeartbeats } from "./execution.ts";
import { firstReminder, nextReminder } from "./reminders.ts";
import { currentOrder, needsClaim, type Instant, type IntentState } from "./state.ts";

const MINUTE_MS = 60_000;

/**
 * The next event that time alone causes, or null when nothing is due. Gate computes expiry before every command and
 * read, so that a timer that never fires keeps no approval alive; timers only make expiry visible in time.
 *
 * Callers repeat it: a lapsed order returns to `approved`, which may itself be past its window.
 */
export function nextTimedEvent(state: IntentState, now: Instant): RecordedEvent | null {
  const event = dueEvent(state, now);
  return event === null ? null : { event, actor: GATE, at: now };
}

function dueEvent(state: IntentState, now: Instant): IntentEvent | null {
  const { duplicates } = state;
  if (duplicates.unrecorded > 0 && duplicates.windowEndsAt !== null && now >= duplicates.windowEndsAt) {
    return { type: "duplicate_blocked", count: duplicates.unrecorded };
  }
  switch (state.phase) {
    case "pending_approval":
      // The deadline first: a reminder or escalation that is overdue at the deadline is dropped.
      if (state.decideBy !== null && now >= state.decideBy) return noResponse(state, now);
      return escalation(state, now) ?? reminder(state, now);
    case "approved":
      return state.executeBy !== null && now >= state.executeBy
        ? { type: "expired", from: "approved" }
        : null;
    case "scheduled":
      return lapsedOrder(state, now);
    case "claimed":
      return lapsedClaim(state, now);
    default:
      return overRetention(state, now);
  }
}

function overRetention(state: IntentState, now: Instant): IntentEvent | null {
  const erasure = erasureDeadline(state);
  return erasure !== null && now >= erasure ? { type: "payload_erased", why: "retention", note: null } : null;
}

/** The policy's `on_no_response`, applied by expiry itself, so that it does not depend on a later caller. */
function noResponse(state: IntentState, now: Instant): IntentEvent {
  const { onNoResponse, risk, heldByContent } = state.terms;
  // A rejection below the required number is a response all the same.
  // Nor is an approval that was taken back.
  const isSilence = state.rejections.length === 0 && state.lapsedAt === undefined;
  // The rules that changed while it waited would block it: it waits for nobody's answer.
  if (state.terms.outcome === "block") return { type: "expired", from: "pending_approval" };
  switch (onNoResponse) {
    case "reject":
      return { type: "expired", from: "pending_approval" };
    case "auto_approve_if_low_risk":
      // A content rule held for what the payload contains, so missing responses never override it.
      // Nor does silence count in a wait that a backup interrupted: the answer may be what was lost.
      // What is left waits on until `confirmSilence` has proof that it was silence.
      return risk.level === "low" && !heldByContent && isSilence && state.restoredAt === undefined
        ? { type: "expiry_deferred" }
        : { type: "expired", from: "pending_approval" };
    case "defer":
      return { type: "expiry_deferred" };
    case "escalate":
      return state.isExtended ? { type: "expired", from: "pending_approval" } : secondWait(state, now);
  }
}

/** The second wait is as long as the first: the people notified now get the same time. */
function secondWait({ terms }: IntentState, now: Instant): IntentEvent {
  const decideBy = now + (terms.decideBy - terms.createdAt);
  const to = [...new Set(terms.escalate.map((step) => step.to))];
  return { type: "expiry_escalated", to, decideBy, remindAt: firstReminder(now, decideBy) };
}

/** The next step of `escalate`, and when it is due; null: no step is left. */
function nextEscalation({
  terms,
  escalated,
}: IntentState): { readonly at: Instant; readonly to: string } | null {
  const step = terms.outcome === "block" ? undefined : terms.escalate[escalated];
  return step === undefined ? null : { at: terms.createdAt + step.afterMinutes * MINUTE_MS, to: step.to };
}

function escalation(state: IntentState, now: Instant): IntentEvent | null {
  const next = nextEscalation(state);
  if (next === null || now < next.at) return null;
  return { type: "approval_escalated", step: state.escalated, to: next.to };
}

function reminder({ remindAt, decideBy }: IntentState, now: Instant): IntentEvent | null {
  if (remindAt === null || now < remindAt) return null;
  return { type: "approval_reminded", next: nextReminder(now, decideBy) };
}

function lapsedOrder(state: IntentState, now: Instant): IntentEvent | null {
  const order = currentOrder(state);
  if (order === undefined || now < order.expiresAt) return null;
  // Where a claim is needed, an unclaimed order wrote nothing. Without that rule its holder may have written.
  return needsClaim(state, order)
    ? { type: "execution_lapsed", order: order.id }
    : {
        type: "execution_indeterminate",
        order: order.id,
        by: GATE,
        why: "order_lapsed",
        result: null,
        proof: null,
      };
}

function lapsedClaim(state: IntentState, now: Instant): IntentEvent | null {
  const order = currentOrder(state);
  const claim = order?.claim;
  if (order === undefined || !claim || now < claim.expiresAt) return null;
  const [earlier] = foldedHeartbeats(order);
  if (earlier !== undefined) return earlier;
  return {
    type: "execution_indeterminate",
    order: order.id,
    by: GATE,
    why: "claim_lapsed",
    result: null,
    proof: null,
  };
}

/** When time next changes the phase or the hold's deadline; null: never. */
export function phaseDeadline(state: IntentState): Instant | null {
  const order = currentOrder(state);
  switch (state.phase) {
    case "pending_approval":
      return state.decideBy;
    case "approved":
      return state.executeBy;
    case "scheduled":
      return order?.expiresAt ?? null;
    case "claimed":
      return order?.claim?.expiresAt ?? null;
    default:
      return null;
  }
}

/** When time next changes the phase or is due to notify approvers: the deadlines that people and runners wait on. */
export function nextVisibleDeadline(state: IntentState): Instant | null {
  if (state.phase !== "pending_approval") return phaseDeadline(state);
  return earliest([phaseDeadline(state), state.remindAt, nextEscalation(state)?.at ?? null]);
}

/** When time next causes any event: those of `nextVisibleDeadline`, recording of repeats, or erasure. */
export function nextDeadline(state: IntentState): Instant | null {
  const { unrecorded, windowEndsAt } = state.duplicates;
  return earliest([
    nextVisibleDeadline(state),
    unrecorded === 0 ? null : windowEndsAt,
    erasureDeadline(state),
  ]);
}

function earliest(times: readonly (Instant | null)[]): Instant | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.min(...known);
}

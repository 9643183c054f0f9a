import type { FinalVote, RecordedEvent } from "./event.ts";
import { foldingWindowMs } from "./limits.ts";
import { afterRecheck } from "./recheck.ts";
import { firstReminder, LONGEST_REMINDER_MS } from "./reminders.ts";
import {
  currentOrder,
  undoneClaims,
  withOrder,
  type Instant,
  type IntentState,
  type Order,
  type UnsentReason,
} from "./state.ts";

/**
 * Folds one recorded event into the state. Total: `handle` validated the event before its commit, so nothing is checked
 * again here.
 *
 * @throws {Error} for any first event but `proposed`, and for an execution event without an order: bugs
 */
export function evolve(state: IntentState | null, { event, actor, at }: RecordedEvent): IntentState {
  if (event.type === "proposed") {
    return {
      terms: event.terms,
      phase: "pending_approval",
      decideBy: event.terms.decideBy,
      executeBy: null,
      votes: [],
      rejections: [],
      remindAt: null,
      escalated: 0,
      isExtended: false,
      linksUsed: [],
      successor: null,
      decidedBy: null,
      approvedAt: null,
      orders: [],
      duplicates: { unrecorded: 0, windowEndsAt: null },
      erasedAt: null,
      bindingsRefused: [],
      updatedAt: at,
    };
  }
  if (state === null) throw new Error(`invariant: the first event is proposed, not ${event.type}`);
  const next: IntentState = { ...state, updatedAt: at };
  switch (event.type) {
    case "policy_checked":
      return next;
    case "approval_requested":
      return { ...next, remindAt: firstReminder(at, event.decideBy) };
    case "policy_rechecked":
      return afterRecheck(state, event, at);
    case "blocked":
      return closed({ ...next, phase: "blocked", decidedBy: "policy" });
    case "duplicate_blocked":
      // Not `next`: a repeat is no change of the intent, so `updatedAt` stays.
      return { ...state, duplicates: { unrecorded: 0, windowEndsAt: state.duplicates.windowEndsAt } };
    case "approval_vote_recorded": {
      const { person, acting, principal, assurance, counts, mandate } = event;
      const vote = { person, acting, principal, assurance, counts, mandate, at };
      return { ...next, votes: [...state.votes, vote] };
    }
    case "approval_vote_withdrawn":
      return { ...next, votes: state.votes.filter(({ person }) => person !== event.person) };
    case "rejection_vote_recorded": {
      const { person, acting } = event;
      return { ...next, rejections: [...state.rejections, { person, acting }] };
    }
    case "approval_link_used":
      return { ...next, linksUsed: [...state.linksUsed, event.link] };
    case "approval_reminded":
      return { ...next, remindAt: event.next };
    case "approval_escalated":
      return { ...next, escalated: event.step + 1 };
    case "expiry_escalated": {
      // This event notifies everyone the steps name, so no step is left.
      const escalated = state.terms.escalate.length;
      return { ...next, isExtended: true, escalated, decideBy: event.decideBy, remindAt: event.remindAt };
    }
    case "superseded":
      return closed({ ...next, phase: "cancelled", decidedBy: event.person, successor: event.successor });
    case "approved":
      return closed({
        ...next,
        phase: "approved",
        decidedBy: event.by,
        approvedAt: at,
        executeBy: event.executeBy,
      });
    case "approval_lapsed":
      return {
        ...next,
        phase: "pending_approval",
        decideBy: event.decideBy,
        remindAt: firstReminder(at, event.decideBy),
        executeBy: null,
        decidedBy: null,
        approvedAt: null,
        lapsedAt: at,
      };
    case "rejected":
      return closed({
        ...next,
        phase: "rejected",
        decidedBy: event.person,
        endedBy: event.person,
        ...endingOf(event.person, event, actor, at),
      });
    case "cancelled":
      return closed({ ...next, phase: "cancelled", decidedBy: event.person, endedBy: event.person });
    case "withdrawn":
      return closed({ ...next, phase: "withdrawn", decidedBy: state.terms.agent });
    case "revoked":
      return closed({
        ...next,
        phase: "revoked",
        executeBy: null,
        endedBy: event.by,
        ...endingOf(event.by, event, actor, at),
      });
    case "expired":
      return closed({ ...next, phase: "expired", executeBy: null });
    case "expiry_deferred":
      return { ...next, decideBy: null, remindAt: at + LONGEST_REMINDER_MS, ...silenceAt(state, at) };
    case "silence_not_counted":
      return state.silence === undefined
        ? next
        : { ...next, silence: { ...state.silence, notCounted: event.why } };
    case "execution_requested": {
      const { order: id, fence, mode, issuedTo, expiresAt } = event;
      const order: Order = { id, fence, mode, issuedTo, issuedAt: at, expiresAt, claim: null, report: null };
      return { ...next, phase: "scheduled", orders: [...state.orders, order] };
    }
    case "execution_lapsed":
      return { ...next, phase: "approved" };
    case "execution_claimed":
      return withOrder(
        { ...next, phase: "claimed" },
        { claim: { by: event.by, at, expiresAt: event.expiresAt } },
      );
    case "execution_claim_undone":
      return withOrder(
        { ...next, phase: "scheduled" },
        { claim: null, undone: { count: claimsUndone(state) + 1, at, ...whyUnsent(event) } },
      );
    case "execution_extended": {
      const claim = currentOrder(state)?.claim;
      if (!claim) return next;
      const heartbeats = { unrecorded: 0, windowEndsAt: at + foldingWindowMs(at - claim.at) };
      return withOrder(next, { claim: { ...claim, expiresAt: event.expiresAt, heartbeats } });
    }
    case "execution_succeeded":
    case "execution_failed": {
      const outcome = event.type === "execution_succeeded" ? "succeeded" : "failed";
      const { by, executedAt, retryable } = event;
      const proof = event.proof === null ? "none" : "verified";
      return withOrder(
        { ...next, phase: outcome },
        { report: { outcome, by, at, executedAt, retryable, proof } },
      );
    }
    case "execution_indeterminate": {
      const lapsed = event.why !== "reported";
      const proof = event.proof === null ? "none" : "verified";
      const report = {
        outcome: "indeterminate",
        by: event.by,
        at,
        executedAt: null,
        retryable: false,
        proof,
      } as const;
      return withOrder({ ...next, phase: "indeterminate" }, lapsed ? {} : { report });
    }
    case "binding_refused":
      return { ...state, bindingsRefused: [...state.bindingsRefused, `${event.command} ${event.reason}`] };
    case "payload_erased": {
      // An attacker could brute-force the digest of a short payload; the ledger's commitments lost their salt.
      const { credential: _, earlierSubjects: __, profile, ...retained } = state.terms;
      const terms = {
        ...retained,
        ...(profile !== undefined && { profile: { id: profile.id, fieldsHash: null } }),
        payloadDigest: null,
        requestDigest: "",
        subject: "",
      };
      return { ...next, terms, erasedAt: at };
    }
    case "execution_reported_late": {
      const { outcome, by, executedAt } = event;
      const proof = event.proof === null ? "none" : "verified";
      // The phase stays `revoked`: a late report doesn't undo a person's revocation.
      return withOrder(next, { report: { outcome, by, at, executedAt, retryable: false, proof } });
    }
    case "restored": {
      const { phase } = state;
      const mayHaveBeenSent = phase === "approved" || phase === "scheduled" || phase === "claimed";
      return {
        ...next,
        phase: mayHaveBeenSent ? "indeterminate" : phase,
        // No attempt begins any more: an approval from before the backup counts for none.
        executeBy: null,
        restoredAt: event.restoredAt,
      };
    }
    case "outcome_resolved":
      return { ...next, phase: event.outcome === "executed" ? "succeeded" : "failed" };
  }
}

/** The wait that is over, where the policy takes silence for approval. */
function silenceAt({ terms, decideBy, waitsSince }: IntentState, at: Instant): Pick<IntentState, "silence"> {
  if (terms.onNoResponse !== "auto_approve_if_low_risk") return {};
  const since = waitsSince ?? terms.createdAt;
  return { silence: { since, until: decideBy ?? at, noticedAt: at, notCounted: null } };
}

function endingOf(
  by: string,
  { acting, assurance, mandate = null }: Partial<FinalVote>,
  principal: string,
  at: Instant,
): Pick<IntentState, "ending"> {
  if (acting === undefined || assurance === undefined) return {};
  return { ending: { at, by, acting, principal, assurance, mandate } };
}

function whyUnsent({ why }: { readonly why?: UnsentReason }): { readonly why?: UnsentReason } {
  return why === undefined ? {} : { why };
}

function claimsUndone(state: IntentState): number {
  const order = currentOrder(state);
  return order === undefined ? 0 : undoneClaims(order);
}

/** Ends the hold: no deadline, no reminder. */
function closed(state: IntentState): IntentState {
  return { ...state, decideBy: null, remindAt: null };
}

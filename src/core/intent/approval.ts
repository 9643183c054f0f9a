import { ASSURANCE_RANK } from "../identity/assurance.ts";
import type { PolicyRef } from "../policy/decision.ts";
import { err, ok } from "../base/result.ts";
import type { VoteContext, CurrentBindings } from "./command.ts";
import { wrongPhase, type Command, type CommandResult } from "./command-result.ts";
import { admits, admittingPolicies, isComplete, isLapsed, recount, voteWithdrawn } from "./vote-count.ts";
import type { FinalVote, IntentEvent } from "./event.ts";
import { type Phase, wasOrdered } from "./phase.ts";
import type { Refusal } from "./refusal.ts";
import type { Instant, IntentState, RecordedVote } from "./state.ts";
import type { Voter } from "../identity/voter.ts";

/** Null when this person may vote on the intent. */
export function eligibility(state: IntentState, voter: Voter): Refusal | null {
  const { approval, excluded } = state.terms;
  if (voter.handles.some((handle) => excluded.includes(handle))) return { reason: "self_approval_forbidden" };
  if (!admits(approval, voter)) return { reason: "not_eligible" };
  if (ASSURANCE_RANK[voter.assurance] < ASSURANCE_RANK[approval.minAssurance]) {
    return { reason: "assurance_too_low", required: approval.minAssurance };
  }
  return null;
}

/**
 * An approval binds what its policies mean and an exact destination entry; a change of either invalidates it. A comment
 * in a policy changes nothing.
 */
export function isStale(state: IntentState, bindings: CurrentBindings): boolean {
  const { policies, configHash } = state.terms;
  if (configHash !== bindings.configHash || policies.length !== bindings.policies.length) return true;
  return policies.some((bound) => !bindings.policies.some((now) => isSamePolicy(bound, now)));
}

function isSamePolicy(bound: PolicyRef, now: PolicyRef): boolean {
  if (bound.id !== now.id) return false;
  return bound.hash === now.hash || (bound.meaning !== undefined && bound.meaning === now.meaning);
}

export function approve(state: IntentState, command: Command<"approve">, now: Instant): CommandResult {
  const { terms } = state;
  const { voter, lapsed } = command;
  const ineligible = eligibility(state, voter);
  if (ineligible) return err(ineligible);
  const isRepeated = state.votes.some((vote) => isSameVote(vote, voter));
  if (isRepeated && wasOrdered(state.phase)) return asBefore(state, command);
  const refusal = isRepeated ? null : linkRefusal(state, command);
  if (refusal) return err(refusal);
  // The contract answers 200 to an approval of what is approved, which then records nothing.
  if (state.phase === "approved") {
    const isAnother = command.digest !== null && command.digest !== terms.digest;
    return isAnother ? err({ reason: "digest_mismatch" }) : ok([]);
  }
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  if (state.phase !== "pending_approval") return wrongPhase(state, command);
  if (command.digest !== null && command.digest !== terms.digest) return err({ reason: "digest_mismatch" });
  if (isStale(state, command.bindings)) return err({ reason: "approval_stale" });
  if (terms.outcome === "block") return err({ reason: "blocked_by_rules", code: terms.reasonCode });
  if (state.rejections.some((earlier) => isFrom(earlier, voter))) return err({ reason: "already_rejected" });
  // An admin suspended the voter after authentication: the earlier vote lapses, and no new vote may replace it.
  if (isLapsed(voter, lapsed)) return err({ reason: "not_eligible" });
  const { withdrawn, votes: activeVotes } = recount(state, lapsed, command.standings);
  if (activeVotes.some((vote) => isSameVote(vote, voter))) return ok(withdrawn);
  const replaced = activeVotes.filter((vote) => isReplacedBy(vote, voter));
  const counted = activeVotes.filter((vote) => !replaced.includes(vote));
  const other = counted.find((vote) => isFrom(vote, voter));
  if (other !== undefined) return err(notCounted(other));
  // The vote that used the link lapsed: another one needs another link.
  const used = linkRefusal(state, command);
  if (used) return err(used);

  const { person, acting, principal, assurance, mandate } = voter;
  const counts = admittingPolicies(terms.approval, voter);
  const vote = {
    type: "approval_vote_recorded",
    person,
    acting,
    principal,
    assurance,
    counts,
    mandate,
    note: command.note,
  } as const;
  const freed = replaced.map((earlier) => voteWithdrawn(earlier.person, "replaced"));
  const voted = [...withdrawn, ...linkUsed(command), ...freed, vote];
  if (!isComplete(terms.approval, [...counted, { person, counts }])) return ok(voted);
  return ok([...voted, { type: "approved", by: person, executeBy: now + terms.executionWindowMs }]);
}

/** May a reviewer still reject an intent in this phase? Rejecting an approved intent revokes it. */
export function mayReject(phase: Phase): boolean {
  return phase === "pending_approval" || isRevocable(phase);
}

/** Approved, and no executor has claimed it. */
function isRevocable(phase: Phase): boolean {
  return phase === "approved" || phase === "scheduled";
}

/**
 * A pending intent needs as many rejections as the policy requires; one rejection revokes an approved intent that no
 * executor has claimed.
 */
export function reject(state: IntentState, command: Command<"reject">): CommandResult {
  const { voter, note } = command;
  const ineligible = eligibility(state, voter);
  if (ineligible) return err(ineligible);
  if (isEndedBy(state, voter, "rejected") || isEndedBy(state, voter, "revoked")) {
    return asBefore(state, command);
  }
  const others = state.rejections.filter((earlier) => isFrom(earlier, voter));
  // A person's no counts once, whoever gives it; a second one of the same human does not count beside it.
  const isRepeated = others.some(({ person: rejecter }) => rejecter === voter.person);
  const refusal = isRepeated && state.phase === "pending_approval" ? null : linkRefusal(state, command);
  if (refusal) return err(refusal);
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  if (!mayReject(state.phase)) return wrongPhase(state, command);
  if (command.digest !== null && command.digest !== state.terms.digest) {
    return err({ reason: "digest_mismatch" });
  }
  const isSilent = note === null && state.terms.approval.reasonRequired === true;
  if (isRevocable(state.phase)) {
    if (isSilent) return err({ reason: "reason_required" });
    return ok([...linkUsed(command), { type: "revoked", by: voter.person, note, ...finalVote(voter) }]);
  }
  if (isRepeated) return ok([]);
  if (isSilent) return err({ reason: "reason_required" });
  const [counted] = others;
  if (counted !== undefined) return err(notCounted(counted));

  const { person, acting, principal, assurance, mandate } = voter;
  const earlierVotes = state.votes.filter((vote) => isFrom(vote, voter));
  const events = [
    ...linkUsed(command),
    ...earlierVotes.map((vote) => voteWithdrawn(vote.person, "changed_mind")),
  ];
  const isLast = state.rejections.length + 1 >= state.terms.approval.rejections;
  return isLast
    ? ok([...events, { type: "rejected", person, note, ...finalVote(voter) }])
    : ok([
        ...events,
        { type: "rejection_vote_recorded", person, acting, principal, assurance, mandate, note },
      ]);
}

/** One eligible reviewer ends a hold or an approval; the others need not vote. */
export function cancel(state: IntentState, command: Command<"cancel">): CommandResult {
  const { voter, note } = command;
  const refusal = eligibility(state, voter);
  if (refusal) return err(refusal);
  // A successor's predecessor is cancelled as well, by the edit.
  const isCancelled = isEndedBy(state, voter, "cancelled") && state.successor === null;
  if (isCancelled || isEndedBy(state, voter, "revoked")) return ok([]);
  switch (state.phase) {
    case "pending_approval":
      return ok([{ type: "cancelled", person: voter.person, note }]);
    case "approved":
    case "scheduled":
      return ok([{ type: "revoked", by: voter.person, note }]);
    case "expired":
      return err({ reason: "expired", what: "intent" });
    default:
      return wrongPhase(state, command);
  }
}

/** The command runs before Gate creates the successor, so that at most one of the two can ever be approved. */
export function supersede(state: IntentState, command: Command<"supersede">): CommandResult {
  const { voter, successor, note } = command;
  const refusal = eligibility(state, voter);
  if (refusal) return err(refusal);
  if (!state.terms.edit.allow) return err({ reason: "edit_not_allowed" });
  // This check precedes the link's, which the first attempt used up: a retry after a lost response must succeed.
  if (state.successor === successor && state.decidedBy === voter.person) return ok([]);
  const used = linkRefusal(state, command);
  if (used) return err(used);
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  if (state.phase !== "pending_approval") return wrongPhase(state, command);
  if (command.digest !== state.terms.digest) return err({ reason: "digest_mismatch" });
  return ok([...linkUsed(command), { type: "superseded", successor, person: voter.person, note }]);
}

function finalVote({ acting, assurance, mandate }: Voter): FinalVote {
  return { acting, assurance, mandate };
}

/** A person who says the same of the same digest again hears what they heard first: a double click is no second wish. */
function asBefore(state: IntentState, command: Command<"approve" | "reject">): CommandResult {
  const isSame = command.digest === null || command.digest === state.terms.digest;
  return isSame ? ok([]) : wrongPhase(state, command);
}

/** Did this person end the intent this way? Intents of version 0.1 do not know who revoked them. */
function isEndedBy({ phase, endedBy }: IntentState, { person }: Voter, by: Phase): boolean {
  return phase === by && endedBy === person;
}

/** The same vote again: of the same person, by the same human. A standing approval's and a personal one are one. */
function isSameVote(earlier: VoteIdentity, voter: Voter): boolean {
  if (earlier.person === voter.person && earlier.acting === voter.acting) return true;
  // A principal whose person gate.yaml renamed since.
  return earlier.principal === voter.principal && earlier.person === earlier.acting && isPersonal(voter);
}

/**
 * A personal vote takes the place of one under a delegation that its human is part of: it frees the delegate, or the
 * delegator, to vote in person as well.
 */
function isReplacedBy(earlier: VoteIdentity, voter: Voter): boolean {
  return isPersonal(voter) && !isPersonal(earlier) && isFrom(earlier, voter);
}

function isPersonal({ person, acting }: Pick<Voter, "person" | "acting">): boolean {
  return person === acting;
}

function notCounted({ person, acting }: Pick<Voter, "person" | "acting">): Refusal {
  return { reason: "vote_not_counted", person, acting };
}

type VoteIdentity = Pick<RecordedVote, "person" | "acting"> & Partial<Pick<RecordedVote, "principal">>;

/**
 * One person has one vote. A vote under a delegation uses up the delegator's and the delegate's, so that a delegation
 * moves a vote and never adds one. A principal has one vote as well, even if gate.yaml renamed its person since.
 */
function isFrom(earlier: VoteIdentity, voter: Voter): boolean {
  if (earlier.principal === voter.principal) return true;
  return [earlier.person, earlier.acting].some((known) => known === voter.person || known === voter.acting);
}

function linkRefusal(state: IntentState, { link }: Pick<VoteContext, "link">): Refusal | null {
  return link !== null && state.linksUsed.includes(link) ? { reason: "link_used" } : null;
}

function linkUsed({ link }: Pick<VoteContext, "link">): readonly IntentEvent[] {
  return link === null ? [] : [{ type: "approval_link_used", link }];
}

export function withdraw(state: IntentState, command: Command<"withdraw">): CommandResult {
  if (command.agent !== state.terms.agent) return err({ reason: "not_proposer" });
  if (state.phase === "withdrawn") return ok([]);
  if (state.phase !== "pending_approval") return wrongPhase(state, command);
  return ok([{ type: "withdrawn", note: command.note }]);
}

export function revoke(state: IntentState, command: Command<"revoke">): CommandResult {
  switch (state.phase) {
    case "pending_approval":
    case "approved":
    case "scheduled":
      return ok([{ type: "revoked", by: command.by, note: command.note }]);
    case "revoked":
      return ok([]);
    default:
      return wrongPhase(state, command);
  }
}

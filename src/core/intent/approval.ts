import { ASSURANCE_RANK } from "../assurance.ts";
import type { ApprovalRequirements, Quorum } from "../decision.ts";
import { err, ok } from "../result.ts";
import type { InForce, Voter } from "./command.ts";
import { wrongPhase, type Command, type Decided } from "./decided.ts";
import type { Refusal } from "./refusal.ts";
import type { Instant, IntentState, Vote } from "./state.ts";

/** May this person decide this intent at all? */
export function eligibility(state: IntentState, voter: Voter): Refusal | null {
  const { approval, excluded } = state.terms;
  if (voter.handles.some((handle) => excluded.includes(handle))) return { reason: "own_intent" };
  if (!admits(approval, voter)) return { reason: "not_eligible" };
  if (ASSURANCE_RANK[voter.assurance] < ASSURANCE_RANK[approval.minAssurance]) {
    return { reason: "assurance_too_low", required: approval.minAssurance };
  }
  return null;
}

/**
 * Lists of groups and people admit whoever is on one of them; with neither, everybody. Only the person's id
 * counts: handles hold display names too, which exclude their bearer and must not admit a namesake.
 */
function admits({ groups, people }: Pick<Quorum, "groups" | "people">, voter: Voter): boolean {
  if (groups.length === 0 && people.length === 0) return true;
  return people.includes(voter.person) || groups.some((group) => voter.groups.includes(group));
}

/** Complete when every policy's quorum is met by distinct persons; one person counts wherever admitted. */
function isComplete(
  { require, quorums }: ApprovalRequirements,
  votes: readonly Pick<Vote, "person" | "counts">[],
): boolean {
  const persons = new Set(votes.map(({ person }) => person));
  if (persons.size < require) return false;
  return quorums.every((quorum) => {
    const counted = votes.filter(({ counts }) => counts.includes(quorum.policy));
    return new Set(counted.map(({ person }) => person)).size >= quorum.require;
  });
}

/** An approval is of exact policies and an exact destination entry; when either changed it no longer holds. */
export function isStale(state: IntentState, inForce: InForce): boolean {
  const { policies, configHash } = state.terms;
  if (configHash !== inForce.configHash || policies.length !== inForce.policies.length) return true;
  return policies.some(({ id, hash }) => !inForce.policies.some((now) => now.id === id && now.hash === hash));
}

export function approve(state: IntentState, command: Command<"approve">, now: Instant): Decided {
  const { terms } = state;
  const { voter } = command;
  const refusal = eligibility(state, voter);
  if (refusal) return err(refusal);
  // Told again what already holds: the contract answers 200 to a repeated approval.
  if (state.phase === "approved") return ok([]);
  if (state.phase === "expired") return err({ reason: "expired", what: "intent" });
  if (state.phase !== "pending_approval") return wrongPhase(state, command);
  if (command.digest !== null && command.digest !== terms.digest) return err({ reason: "digest_mismatch" });
  if (isStale(state, command.inForce)) return err({ reason: "approval_stale" });
  if (state.votes.some((vote) => vote.person === voter.person)) return ok([]);

  const { person, principal, assurance } = voter;
  const counts = terms.approval.quorums.filter((quorum) => admits(quorum, voter)).map(({ policy }) => policy);
  const vote = {
    type: "approval_vote_recorded",
    person,
    principal,
    assurance,
    counts,
    note: command.note,
  } as const;
  if (!isComplete(terms.approval, [...state.votes, { person, counts }])) return ok([vote]);
  return ok([vote, { type: "approved", by: person, executeBy: now + terms.executionWindowMs }]);
}

/** One "no" decides; of what is approved and not yet carried out it takes the approval back. */
export function reject(state: IntentState, command: Command<"reject" | "cancel">): Decided {
  const { voter, note } = command;
  const refusal = eligibility(state, voter);
  if (refusal) return err(refusal);
  switch (state.phase) {
    case "pending_approval":
      return ok([{ type: command.type === "reject" ? "rejected" : "cancelled", person: voter.person, note }]);
    case "approved":
    case "scheduled":
      return ok([{ type: "revoked", by: voter.person, note }]);
    case "expired":
      return err({ reason: "expired", what: "intent" });
    default:
      return wrongPhase(state, command);
  }
}

export function withdraw(state: IntentState, command: Command<"withdraw">): Decided {
  if (command.agent !== state.terms.agent) return err({ reason: "not_proposer" });
  if (state.phase !== "pending_approval") return wrongPhase(state, command);
  return ok([{ type: "withdrawn", note: command.note }]);
}

export function revoke(state: IntentState, command: Command<"revoke">): Decided {
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

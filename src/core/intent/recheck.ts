import type { Decision } from "../policy/decision.ts";
import { canonicalJson } from "../base/json.ts";
import { err, ok } from "../base/result.ts";
import type { Command, CommandResult } from "./command-result.ts";
import type { IntentEvent } from "./event.ts";
import type { Phase } from "./phase.ts";
import { appliedRules } from "./propose.ts";
import { firstReminder } from "./reminders.ts";
import type { Instant, IntentState, IntentTerms } from "./state.ts";

/*
 * The rules changed under an intent that waits, or is approved and not ordered: its old approval binds what applies no
 * longer. Gate evaluates it again, and what was said so far counts no more.
 */

export type PolicyRechecked = Extract<IntentEvent, { type: "policy_rechecked" }>;

/** May changed rules still stop an intent in this phase? An order ends within minutes, and is refused as stale before. */
export function isRecheckable(phase: Phase): boolean {
  return phase === "pending_approval" || phase === "approved";
}

/**
 * Records an evaluation under the rules in force. `command.digest` is the digest it was made from, so that of parallel
 * evaluations one takes effect.
 */
export function recheck(state: IntentState, command: Command<"recheck">): CommandResult {
  if (!isRecheckable(state.phase)) return ok([]);
  if (command.digest !== state.terms.digest) return err({ reason: "digest_mismatch" });
  const { terms, rules, facts } = command;
  // Evaluated by a call that read it after another one had recorded the same.
  if (terms.digest === state.terms.digest) return ok([]);
  return ok([
    {
      type: "policy_rechecked",
      terms,
      previousDigest: state.terms.digest,
      phase: staysApproved(state, terms.outcome) ? "approved" : "pending_approval",
      outcome: terms.outcome,
      reasonCode: terms.reasonCode,
      rules,
      facts,
      records: terms.records,
    },
  ]);
}

/** What policy approved and would approve again needs nobody; a person's approval was one of the old digest. */
function staysApproved(state: IntentState, outcome: Decision["outcome"]): boolean {
  return outcome === "approve" && state.phase === "approved" && isApprovedByPolicy(state);
}

function isApprovedByPolicy({ decidedBy, terms }: IntentState): boolean {
  // An edited payload waits for another person, whatever the policies say.
  return decidedBy === "policy" && terms.predecessor === null;
}

/**
 * The decision that counts for an intent that was evaluated again. Rules that would approve it now approve nothing that
 * waits for a person: the person decides, and no deadline in their place.
 */
export function decisionOnRecheck(state: IntentState, decision: Decision): Decision {
  const isUnseen = state.terms.editor !== null && !decision.edit.editorMayApprove;
  const heldByContent = decision.heldByContent || state.terms.heldByContent || isUnseen;
  if (decision.outcome !== "approve" || staysApproved(state, "approve")) {
    return { ...decision, heldByContent };
  }
  return {
    ...decision,
    outcome: "hold",
    reasonCode: "rules_changed",
    reason: "The rules changed while it waited. They would approve it now; a person still decides.",
    heldByContent: true,
  };
}

/** The parts of a `recheck` command that a decision gives. */
export function recheckedBy(decision: Decision): Pick<Command<"recheck">, "rules" | "facts"> {
  return { rules: appliedRules(decision), facts: canonicalJson(decision.facts) };
}

/** The state under the new terms: nobody voted on them. */
export function afterRecheck(state: IntentState, event: PolicyRechecked, at: Instant): IntentState {
  const { terms } = event;
  // Silence about the earlier rules says nothing of these.
  const { silence: _, ...others } = state;
  const next = {
    ...others,
    terms,
    votes: [],
    rejections: [],
    bindingsRefused: [],
    updatedAt: at,
    waitsSince: at,
  };
  if (event.phase === "approved") return next;
  const decideBy = waitsUntil(state, terms);
  return {
    ...next,
    phase: "pending_approval",
    decideBy,
    executeBy: null,
    decidedBy: null,
    approvedAt: null,
    remindAt: decideBy === null || terms.outcome === "block" ? null : firstReminder(at, decideBy),
    // Steps that were taken are not taken again.
    escalated: Math.min(state.escalated, terms.escalate.length),
  };
}

/** The deadline only gets shorter. One that `on_no_response` moved or lifted stays. */
function waitsUntil({ phase, decideBy, isExtended }: IntentState, terms: IntentTerms): Instant | null {
  if (phase === "approved") return terms.decideBy;
  return decideBy === null || isExtended ? decideBy : Math.min(decideBy, terms.decideBy);
}

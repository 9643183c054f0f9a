import type { Phase } from "../../core/intent/phase.ts";
import { statusOf } from "../../core/intent/phase.ts";
import type { VoteFailure } from "../../app/approvals/decide-intent.ts";
import type { EditFailure } from "../../app/proposals/edit-intent.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import { refuse, type Problem } from "./problem.ts";

/** Throws the problem of a refusal by an intent's object. */
export function refuseWith(refusal: Refusal): never {
  return refuse(problemOf(refusal));
}

/** The problem of a vote that was not cast. */
export function problemOfVoteFailure(undecided: VoteFailure): Problem {
  switch (undecided.kind) {
    case "refused":
      return problemOf(undecided.refusal);
    case "reason_required":
      return conflict(400, "reason_required", "A rejection says why: send `reason`.");
    case "stopped":
      return problemOfStop(undecided.stop);
    case "proposer_inactive":
      return {
        ...conflict(409, "proposer_inactive", "The agent that proposed this is suspended or revoked."),
        more: { principal_status: undecided.status },
      };
  }
}

/** The problem of a request that a kill switch stops. */
export function problemOfStop({ scope, target }: SwitchTarget): Problem {
  return {
    status: 409,
    code: "kill_switch_engaged",
    detail: "A kill switch is engaged; what is still in time goes on once it is lifted.",
    more: { scope, target },
  };
}

/** The problem of an edit that was not made. */
export function problemOfEditFailure(unedited: EditFailure): Problem {
  switch (unedited.kind) {
    case "edit_blocked": {
      const { reasonCode, reason, remedy } = unedited.decision;
      return {
        ...conflict(422, "edit_blocked", `Policy would block this: ${reason}`),
        more: { reason_code: reasonCode, remedy },
      };
    }
    case "edit_unchanged":
      return conflict(422, "edit_unchanged", "This is the payload that waits already; nothing was changed.");
    case "reason_required":
      return conflict(400, "reason_required", "A change says why: send `reason`.");
    case "refused":
    case "stopped":
    case "proposer_inactive":
      return problemOfVoteFailure(unedited);
  }
}

export const INTENT_NOT_FOUND: Problem = {
  status: 404,
  code: "intent_not_found",
  detail: "There is no such intent, or it is not yours.",
  error: "Proposal not found",
};

export function problemOf(refusal: Refusal): Problem {
  switch (refusal.reason) {
    case "not_found":
      return INTENT_NOT_FOUND;
    case "wrong_phase":
      return wrongPhase(refusal.command, refusal.phase);
    case "expired":
      return refusal.what === "intent"
        ? {
            status: 410,
            code: "intent_expired",
            detail: "The intent has expired.",
            error: "Proposal has expired",
          }
        : {
            status: 410,
            code: "order_expired",
            detail: "The order has lapsed; a person resolves what came of it.",
          };
    case "key_reused":
      return conflict(422, "idempotency_key_reused", "This key was used for another request.");
    case "self_approval_forbidden":
      return conflict(
        403,
        "self_approval_forbidden",
        "You cannot approve or reject an intent that you or an agent you own proposed.",
      );
    case "not_eligible":
      return conflict(403, "not_eligible", "The policy names other people or groups to decide this.");
    case "assurance_too_low":
      return conflict(
        403,
        "assurance_too_low",
        `The policy asks for a decision by ${refusal.required} or stronger.`,
      );
    case "digest_mismatch":
      return conflict(409, "digest_mismatch", "The intent is not the one this decision names.");
    case "already_rejected":
      return conflict(409, "already_rejected", "You already rejected this intent.");
    case "link_used":
      return conflict(410, "link_already_used", "This link has decided already; it works once.");
    case "edit_not_allowed":
      return conflict(403, "edit_not_allowed", "The policy does not let reviewers change what was proposed.");
    case "approval_stale":
      return conflict(
        409,
        "approval_stale",
        "A policy or the destination's configuration has changed since; propose it again.",
      );
    case "not_proposer":
      return INTENT_NOT_FOUND;
    case "wrong_executor":
      return conflict(409, "wrong_executor", `This write is carried out by: ${refusal.executor}.`);
    case "not_runner":
      return conflict(403, "not_runner", "This order is another worker's.");
    case "claim_required":
      return conflict(
        409,
        "claim_required",
        "This destination wants an order claimed before it is reported.",
      );
    case "proof_required":
      return conflict(
        409,
        "proof_required",
        "This destination takes reports only when the worker has signed them.",
      );
    case "already_claimed":
      return conflict(409, "already_claimed", "A worker has claimed this order.");
    case "retry_later":
      return {
        ...conflict(
          503,
          "retry_later",
          "The last send attempt failed. Retry after the delay in Retry-After.",
        ),
        headers: { "Retry-After": "5" },
      };
    case "intent_revoked":
      return conflict(
        409,
        "intent_revoked",
        "The intent was revoked after this order; the report is recorded, and the revocation stands.",
      );
    case "already_reported":
      return conflict(409, "already_reported", "This order was reported; a report counts once.");
    case "order_superseded":
      return conflict(409, "order_superseded", "A later order has taken the place of this one.");
    case "attempts_exhausted":
      return conflict(409, "attempts_exhausted", "Every attempt this intent had is used up.");
    case "bad_token":
      return conflict(401, "invalid_execution_token", "The token is not this order's.");
    case "ledger_unavailable":
      return {
        ...conflict(
          503,
          "ledger_unavailable",
          "The ledger can't be written right now, so nothing leaves. Try again.",
        ),
        headers: { "Retry-After": "5" },
      };
  }
}

function wrongPhase(command: string, phase: Phase): Problem {
  const intentStatus = statusOf(phase, false);
  return {
    status: 409,
    code: "wrong_state",
    detail: `Cannot ${command} an intent in state ${phase}.`,
    error: command === "cancel" ? "cannot_cancel" : `Intent is ${intentStatus}`,
    more: { state: phase, intent_status: intentStatus },
  };
}

function conflict(status: Problem["status"], code: Problem["code"], detail: string): Problem {
  return { status, code, detail };
}

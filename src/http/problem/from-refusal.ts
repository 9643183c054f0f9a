import type { Phase } from "../../core/intent/phase.ts";
import { statusOf, wasOrdered } from "../../core/intent/phase.ts";
import type { VoteFailure } from "../../app/approvals/decide-intent.ts";
import type { EditFailure } from "../../app/proposals/edit-intent.ts";
import { SUPPORTED_FACTORS, type DemandProblem } from "../../core/policy/approval-demand.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import { refuse, type Problem } from "./problem.ts";

/** Throws the problem of a refusal by an intent's object. */
export function refuseWith(refusal: Refusal): never {
  return refuse(problemOf(refusal));
}

/** The problem of a vote that was not cast. */
export function problemOfVoteFailure(failure: VoteFailure): Problem {
  switch (failure.kind) {
    case "refused":
      return problemOfVoteRefusal(failure.refusal);
    case "stopped":
      return problemOfStop(failure.stop);
    case "proposer_inactive":
      return {
        ...problem(
          409,
          "proposer_inactive",
          "The agent that proposed this is suspended or revoked, or has another role now.",
        ),
        more: { principal_status: failure.status },
      };
  }
}

function problemOfVoteRefusal(refusal: Refusal): Problem {
  const isLate = refusal.reason === "expired" && refusal.what === "intent";
  return isLate ? { ...INTENT_EXPIRED, error: "approval_expired" } : problemOf(refusal);
}

/** The problem of a request that a kill switch stops. */
export function problemOfStop({ scope, target }: SwitchTarget): Problem {
  return {
    status: 409,
    code: "kill_switch_engaged",
    detail: "A kill switch is engaged. Intents whose deadlines have not passed continue once it is lifted.",
    more: { scope, target },
  };
}

/** The problem of an edit that was not made. */
export function problemOfEditFailure(failure: EditFailure): Problem {
  switch (failure.kind) {
    case "edit_blocked": {
      const { reasonCode, reason, remedy } = failure.decision;
      return {
        ...problem(422, "edit_blocked", `The policies would block the edited payload: ${reason}`),
        more: { reason_code: reasonCode, remedy },
      };
    }
    case "edit_unchanged":
      return problem(
        422,
        "edit_unchanged",
        "The edited payload equals the pending one; nothing was changed.",
      );
    case "reason_required":
      return problem(400, "reason_required", "An edit needs a reason: send `reason`.");
    case "refused":
    case "stopped":
    case "proposer_inactive":
      return problemOfVoteFailure(failure);
  }
}

export const INTENT_NOT_FOUND: Problem = {
  status: 404,
  code: "intent_not_found",
  detail: "There is no such intent, or it is not yours.",
  error: "Proposal not found",
};

/** The problem of a refusal by an intent's object. */
export function problemOf(refusal: Refusal): Problem {
  switch (refusal.reason) {
    case "wrong_phase":
      return wrongPhase(refusal.command, refusal.phase);
    case "expired":
      return refusal.what === "intent" ? INTENT_EXPIRED : ORDER_EXPIRED;
    case "assurance_too_low":
      return problem(
        403,
        "assurance_too_low",
        `The policy requires assurance ${refusal.required} or stronger.`,
      );
    case "blocked_by_rules":
      return {
        ...problem(
          409,
          "blocked_by_rules",
          `The rules changed while it waited, and would block it now: ${refusal.code}. A person can reject it; it can be approved once the rules allow it.`,
        ),
        more: { reason_code: refusal.code },
      };
    case "vote_not_counted":
      return voteNotCounted(refusal);
    case "invalid_provider":
    case "unsupported_factor":
      return unmetDemand(refusal);
    case "wrong_executor":
      return {
        ...problem(409, "wrong_executor", `The executor of this write is ${refusal.executor}.`),
        more: { executor: refusal.executor, remedy: WRONG_EXECUTOR_REMEDY[refusal.executor] },
      };
    default:
      return FIXED[refusal.reason];
  }
}

function voteNotCounted({ person, acting }: { readonly person: string; readonly acting: string }): Problem {
  const vote = person === acting ? `${person} has voted in person` : `${acting} has voted for ${person}`;
  return {
    ...problem(
      409,
      "vote_not_counted",
      `Not counted, because ${vote}, and one human has one vote. A personal vote takes the place of one under a delegation.`,
    ),
    more: { voted_person: person, voted_by: acting },
  };
}

const INTENT_EXPIRED: Problem = {
  ...problem(410, "intent_expired", "The intent has expired."),
  error: "Proposal has expired",
};

const ORDER_EXPIRED = problem(410, "order_expired", "The order has expired; a person resolves the outcome.");

/** What a caller does that wants to execute the write itself. */
const WRONG_EXECUTOR_REMEDY = {
  gate: "Gate sends this destination's writes itself: propose, and wait for the outcome.",
  forward: "Call the provider through Gate's address: docs/reverse-proxy.md.",
  external_pull: "Propose, and have the payload downloaded once: POST /v1/deliver.",
  runner: "Order the write: POST /v1/intents/:id/execute.",
} as const;
function unmetDemand(
  demand: Extract<DemandProblem, { readonly reason: "invalid_provider" | "unsupported_factor" }>,
): Problem {
  if (demand.reason === "invalid_provider") {
    const detail =
      "gate.yaml does not have this approval provider asked about this destination, and a request chooses none: leave `approval_provider` out, or send `dashboard`.";
    return { ...problem(400, "invalid_provider", detail), more: { provider: demand.provider } };
  }
  const { provider, capabilities, riskLevel } = demand;
  const detail = `Nobody can approve it with the factors or the level that it requires. \`required_factors\` takes ${SUPPORTED_FACTORS.join(" and ")}; \`level\` goes up to HIGH. Ask for one of these, or leave it to the policy.`;
  return {
    ...problem(400, "unsupported_factor", detail),
    more: { provider, capabilities: [...capabilities], risk_level: riskLevel },
  };
}

type FixedReason = Exclude<
  Refusal["reason"],
  | "wrong_phase"
  | "expired"
  | "assurance_too_low"
  | "vote_not_counted"
  | "wrong_executor"
  | "blocked_by_rules"
  | "invalid_provider"
  | "unsupported_factor"
>;

/** The problems that depend on the refusal's reason alone. */
const FIXED: Readonly<Record<FixedReason, Problem>> = {
  not_found: INTENT_NOT_FOUND,
  key_reused: problem(
    422,
    "idempotency_key_reused",
    "This key was used for another request: send the same request to repeat it, or use another key for another write.",
  ),
  self_approval_forbidden: problem(
    403,
    "self_approval_forbidden",
    "You cannot approve or reject an intent that you or an agent you own proposed.",
  ),
  not_eligible: problem(403, "not_eligible", "The policy names other people or groups to decide this."),
  digest_mismatch: problem(
    409,
    "digest_mismatch",
    "The vote names another digest than the intent's; read the intent again before you vote.",
  ),
  reason_required: problem(
    400,
    "reason_required",
    "The policy wants every rejection to say why: send `reason`.",
  ),
  invalid_channel: problem(
    400,
    "invalid_channel",
    "approval_channel: give its `address`, or leave it out; gate.yaml says how people are reached.",
  ),
  already_rejected: problem(409, "already_rejected", "You already rejected this intent."),
  link_used: problem(410, "link_already_used", "The link has already been used to vote; it works once."),
  edit_not_allowed: problem(403, "edit_not_allowed", "The policy does not let reviewers edit the payload."),
  approval_stale: problem(
    409,
    "approval_stale",
    "A policy or the destination's entry changed, and the intent was evaluated again: read it again, and decide on what it is now.",
  ),
  approval_lapsed: problem(
    409,
    "approval_lapsed",
    "A person whose vote completed the approval may vote no longer, so the intent waits for a decision again: wait for it, and execute then.",
  ),
  credential_changed: problem(
    409,
    "credential_changed",
    "The request carries another credential than the one it was proposed with, and an approval is for one account. Repeat it with the first credential, or withdraw the intent and propose the write anew.",
  ),
  not_proposer: INTENT_NOT_FOUND,
  not_runner: {
    ...problem(403, "not_runner", "The destination names other runners, or another worker holds the claim."),
    more: { remedy: "Propose: the runners that the registry names execute this destination's writes." },
  },
  claim_required: problem(
    409,
    "claim_required",
    "The destination requires a claim before the report; claim the order first.",
  ),
  proof_required: {
    ...problem(
      409,
      "proof_required",
      "The destination accepts signed reports only; send the signed report as `proof`.",
    ),
    more: { remedy: "Register a report key, order the write, and sign its report: docs/api.md." },
  },
  already_claimed: problem(409, "already_claimed", "A worker has already claimed this order."),
  retry_later: {
    ...problem(503, "retry_later", "The last send attempt failed. Retry after the delay in Retry-After."),
    headers: { "Retry-After": "5" },
  },
  intent_revoked: problem(
    409,
    "intent_revoked",
    "The intent was revoked after this order; the report is recorded, and the revocation stands.",
  ),
  already_reported: problem(
    409,
    "already_reported",
    "This order was already reported, and a report is made once: read what it says with GET /v1/executions/:id.",
  ),
  order_superseded: problem(409, "order_superseded", "A later order replaced this one."),
  attempts_exhausted: problem(409, "attempts_exhausted", "The intent's attempts are used up."),
  bad_token: problem(
    401,
    "invalid_execution_token",
    "The token belongs to another order, or to a key that was rotated since: read the order with the new key.",
  ),
  ledger_unavailable: {
    ...problem(
      503,
      "ledger_unavailable",
      "The ledger can't be written, so this call lets nothing leave Gate. Try again.",
    ),
    headers: { "Retry-After": "5" },
  },
};

/** Commands of people and agents that answer a waiting intent. */
const ANSWERS: ReadonlySet<string> = new Set([
  "approve",
  "reject",
  "cancel",
  "decide",
  "supersede",
  "withdraw",
  "revoke",
]);

function wrongPhase(command: string, phase: Phase): Problem {
  const intentStatus = statusOf(phase, false);
  const isAnswered = ANSWERS.has(command) && phase !== "pending_approval";
  return {
    status: 409,
    code: isAnswered ? "already_answered" : "wrong_state",
    detail: isAnswered
      ? `The intent is ${phase.replace("_", " ")} already.`
      : `Cannot ${command} an intent in state ${phase}.`,
    error: contractError(command, phase, intentStatus),
    ...(command === "order" && { statusWord: intentStatus }),
    more: {
      state: phase,
      intent_status: intentStatus,
      ...(isAnswered && { decision: wasOrdered(phase) || phase === "approved" ? "APPROVE" : "REJECT" }),
      ...(command === "order" && phase === "pending_approval" && { hint: WAIT_FOR_APPROVAL }),
    },
  };
}

const WAIT_FOR_APPROVAL =
  "A reviewer has not decided yet: wait with GET /v1/intents/:id/wait, and execute once it is approved.";

/** The text that clients of the contract compare. */
function contractError(command: string, phase: Phase, intentStatus: string): string {
  if (command === "cancel") return "cannot_cancel";
  if (!VOTES.has(command)) return `Intent is ${intentStatus}`;
  switch (phase) {
    case "cancelled":
    case "withdrawn":
      return "approval_cancelled";
    case "blocked":
      return "approval_failed";
    default:
      return "already_answered";
  }
}

const VOTES: ReadonlySet<string> = new Set(["approve", "reject", "decide"]);

function problem(status: Problem["status"], code: Problem["code"], detail: string): Problem {
  return { status, code, detail };
}

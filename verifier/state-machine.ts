import type { JsonObject } from "../src/core/base/json.ts";
import { emptyTally, countVote, votesOf, type Vote } from "./vote-tally.ts";
import type { BundleEntry } from "./bundle.ts";
import { quoted } from "./finding.ts";
import { member, numberMember, textMember } from "./read-json.ts";

/*
 * Replays an intent's entries. The state machine is defined here a second time, independently of the code that writes
 * the entries, so that the verifier detects a mistake there.
 */

export type Stage =
  | "start"
  | "proposed"
  | "checked"
  | "pending"
  | "approved"
  | "scheduled"
  | "claimed"
  | "failed_retryable"
  | "indeterminate"
  /** Restored from a backup with an unknown outcome: no further order. */
  | "restored"
  | "final";

const OPEN_ORDER = ["scheduled", "claimed"] as const;

/** The executor that orders and entries name when Gate itself sends the write. */
const GATE = "gate";

/** The stages in which an event is allowed, and the next stage; null: the stage stays. */
const STEPS: Readonly<Record<string, { readonly from: readonly Stage[]; readonly to: Stage | null }>> = {
  proposed: { from: ["start"], to: "proposed" },
  policy_checked: { from: ["proposed"], to: "checked" },
  blocked: { from: ["checked"], to: "final" },
  approval_requested: { from: ["checked"], to: "pending" },
  policy_rechecked: { from: ["pending", "approved"], to: "pending" },
  approval_vote_recorded: { from: ["pending"], to: null },
  approval_vote_withdrawn: { from: ["pending"], to: null },
  rejection_vote_recorded: { from: ["pending"], to: null },
  approval_link_used: { from: ["pending", "approved", "scheduled"], to: null },
  approval_reminded: { from: ["pending"], to: null },
  approval_escalated: { from: ["pending"], to: null },
  approved: { from: ["checked", "pending"], to: "approved" },
  approval_lapsed: { from: ["approved"], to: "pending" },
  rejected: { from: ["pending"], to: "final" },
  cancelled: { from: ["pending"], to: "final" },
  superseded: { from: ["pending"], to: "final" },
  withdrawn: { from: ["pending"], to: "final" },
  expiry_deferred: { from: ["pending"], to: null },
  silence_not_counted: { from: ["pending"], to: null },
  expiry_escalated: { from: ["pending"], to: null },
  expired: { from: ["pending", "approved"], to: "final" },
  revoked: { from: ["pending", "approved", "scheduled"], to: "final" },
  execution_requested: { from: ["approved", "failed_retryable", "indeterminate"], to: "scheduled" },
  execution_lapsed: { from: ["scheduled"], to: "approved" },
  execution_claimed: { from: ["scheduled"], to: "claimed" },
  execution_claim_undone: { from: ["claimed"], to: "scheduled" },
  execution_extended: { from: ["claimed"], to: null },
  execution_succeeded: { from: OPEN_ORDER, to: "final" },
  execution_failed: { from: OPEN_ORDER, to: "final" },
  execution_indeterminate: { from: OPEN_ORDER, to: "indeterminate" },
  outcome_resolved: { from: ["indeterminate", "restored"], to: "final" },
};

/** Allowed at any time after the proposal. */
const ANY_STAGE = new Set([
  "binding_refused",
  "duplicate_blocked",
  "execution_reported_late",
  "payload_erased",
]);

export interface IssuedOrder {
  readonly id: string;
  readonly fence: number;
  readonly expiresAt: number;
  /** The intent digest that the entry of the order names. */
  readonly digest: string | null;
  /** Gate sends the write itself: only Gate claims and reports it, and no report precedes the claim. */
  readonly isForGate: boolean;
}

export interface StateHistory {
  /** The first transition that is not allowed; null: all are. */
  readonly problem: string | null;
  /** Events that this verifier does not know, whose effect it can't check. */
  readonly unknown: readonly string[];
  /** The approval in force: by a person, `policy` or `timeout`, with the votes until then. */
  readonly approval: {
    readonly by: string;
    readonly votes: readonly Vote[];
    readonly rejectionVotes: number;
    /** The verdict in force, and the body of the entry that has it with the required votes. */
    readonly outcome: string;
    readonly evaluated: JsonObject;
  } | null;
  readonly orders: readonly IssuedOrder[];
  readonly isErased: boolean;
}

/** @param bodies the entries' bodies, in their order */
export function replayStates(entries: readonly BundleEntry[], bodies: readonly JsonObject[]): StateHistory {
  let stage: Stage = "start";
  let problem: string | null = null;
  let approval: StateHistory["approval"] = null;
  let isErased = false;
  const unknown: string[] = [];
  let evaluated = bodies[0] ?? {};
  let outcome = "";
  let tally = emptyTally(evaluated);
  const orders: IssuedOrder[] = [];
  entries.forEach((entry, at) => {
    const body = bodies[at] ?? {};
    const before = stage;
    const next = stageAfter(stage, entry.event, body);
    const label = `Entry ${entry.seq} (${quoted(entry.event)})`;
    if (next === "unknown") unknown.push(entry.event);
    else if (next === null) problem ??= `${label} is not allowed after the entries before it.`;
    else stage = next;
    isErased ||= entry.event === "payload_erased";
    if (entry.event === "policy_checked" || entry.event === "policy_rechecked") {
      outcome = textMember(body, "outcome") ?? "";
    }
    if (entry.event === "policy_rechecked") {
      // Nobody voted under the rules that apply now. Only what policy alone approved stays approved.
      const mayStay = before === "approved" && approval?.by === "policy" && outcome === "approve";
      if (stage === "approved" && !mayStay) problem ??= `${label} leaves approved what it would not approve.`;
      evaluated = body;
      const { links } = tally;
      tally = { ...emptyTally(body), links };
      approval = stage === "approved" && approval !== null ? { ...approval, outcome, evaluated } : null;
    }
    const violation = countVote(tally, entry.event, body);
    if (violation !== null) problem ??= `${label} ${violation}.`;
    switch (entry.event) {
      case "approved":
        approval ??= {
          by: textMember(body, "by") ?? "",
          votes: votesOf(tally),
          rejectionVotes: tally.rejectionVotes,
          outcome,
          evaluated,
        };
        break;
      case "approval_lapsed":
        // Those who vote again complete another approval.
        if (approval?.by === "policy" || approval?.by === "timeout") {
          problem ??= `${label} takes back an approval that nobody voted for.`;
        }
        approval = null;
        break;
      case "execution_requested": {
        const order = orderOf(body);
        if (order.fence !== orders.length + 1) problem ??= `${label} has a fencing number out of sequence.`;
        orders.push(order);
        break;
      }
      default:
        // A claim or report must name the latest order: a higher fence invalidates older ones.
        if (entry.event.startsWith("execution_") && STEPS[entry.event] !== undefined) {
          const latest = orders.at(-1);
          const isLatest = textMember(body, "order") === latest?.id;
          if (!isLatest) problem ??= `${label} does not name the latest order.`;
          if (latest !== undefined && isWrongExecutor(latest, entry.event, body, before)) {
            problem ??= `${label} is not by the executor that the order was issued to.`;
          }
        }
    }
  });
  return { problem, unknown, approval, orders, isErased };
}

/** The stage of an unfinished intent after a restored backup. */
const RESTORED: Partial<Record<Stage, Stage>> = {
  pending: "pending",
  approved: "restored",
  scheduled: "restored",
  claimed: "restored",
  indeterminate: "restored",
  restored: "restored",
  failed_retryable: "final",
};

/** Null: the event is not allowed in this stage. */
export function stageAfter(stage: Stage, event: string, body: JsonObject): Stage | "unknown" | null {
  if (ANY_STAGE.has(event)) return stage === "start" ? null : stage;
  if (event === "restored") return RESTORED[stage] ?? null;
  const step = Object.hasOwn(STEPS, event) ? STEPS[event] : undefined;
  if (step === undefined) return stage === "start" ? null : "unknown";
  if (!step.from.includes(stage)) return null;
  if (event === "execution_failed" && member(body, "retryable") === true) return "failed_retryable";
  if (event === "policy_rechecked" && textMember(body, "phase") === "approved") return "approved";
  return step.to ?? stage;
}

function orderOf(body: JsonObject): IssuedOrder {
  return {
    id: textMember(body, "order") ?? "",
    fence: numberMember(body, "fence") ?? Number.NaN,
    expiresAt: numberMember(body, "expires_at") ?? Number.NaN,
    digest: textMember(body, "intent_digest"),
    isForGate: textMember(body, "issued_to") === GATE,
  };
}

const REPORTS = new Set(["execution_succeeded", "execution_failed", "execution_indeterminate"]);

/** Detects an order of Gate that a runner claimed or reported, and the reverse: exactly one executor may act. */
function isWrongExecutor({ isForGate }: IssuedOrder, event: string, body: JsonObject, stage: Stage): boolean {
  // Gate itself records a missing report, for any executor's order.
  const isReport = REPORTS.has(event) && (textMember(body, "why") ?? "reported") === "reported";
  if (!isReport && event !== "execution_claimed") return false;
  const isUnclaimed = isReport && isForGate && stage !== "claimed";
  return isUnclaimed || (textMember(body, "by") === GATE) !== isForGate;
}

import type { JsonObject } from "../src/core/base/json.ts";
import { emptyTally, countVote, type Vote } from "./vote-tally.ts";
import type { BundleEntry } from "./bundle.ts";
import { quoted } from "./finding.ts";
import { member, numberMember, textMember } from "./read-json.ts";

/*
 * The life of an intent as its entries tell it. What may follow what is written down here a second time, apart
 * from the code that writes the entries, so that a mistake there is seen.
 */

export type Stage =
  | "start"
  | "asked"
  | "checked"
  | "pending"
  | "approved"
  | "scheduled"
  | "claimed"
  | "failed_retryable"
  | "indeterminate"
  | "over";

const OPEN_ORDER = ["scheduled", "claimed"] as const;

/** Whom orders and entries name for what Gate does itself. */
const GATE = "gate";

/** Which stages an event may come in, and where it leads; null: it changes nothing. */
const STEPS: Readonly<Record<string, { readonly from: readonly Stage[]; readonly to: Stage | null }>> = {
  proposed: { from: ["start"], to: "asked" },
  policy_checked: { from: ["asked"], to: "checked" },
  blocked: { from: ["checked"], to: "over" },
  approval_requested: { from: ["checked"], to: "pending" },
  approval_vote_recorded: { from: ["pending"], to: null },
  approval_vote_withdrawn: { from: ["pending"], to: null },
  rejection_vote_recorded: { from: ["pending"], to: null },
  approval_link_used: { from: ["pending", "approved", "scheduled"], to: null },
  approval_reminded: { from: ["pending"], to: null },
  approval_escalated: { from: ["pending"], to: null },
  approved: { from: ["checked", "pending"], to: "approved" },
  rejected: { from: ["pending"], to: "over" },
  cancelled: { from: ["pending"], to: "over" },
  superseded: { from: ["pending"], to: "over" },
  withdrawn: { from: ["pending"], to: "over" },
  expiry_deferred: { from: ["pending"], to: null },
  expiry_escalated: { from: ["pending"], to: null },
  expired: { from: ["pending", "approved"], to: "over" },
  revoked: { from: ["pending", "approved", "scheduled"], to: "over" },
  execution_requested: { from: ["approved", "failed_retryable", "indeterminate"], to: "scheduled" },
  execution_lapsed: { from: ["scheduled"], to: "approved" },
  execution_claimed: { from: ["scheduled"], to: "claimed" },
  execution_claim_undone: { from: ["claimed"], to: "scheduled" },
  execution_extended: { from: ["claimed"], to: null },
  execution_succeeded: { from: OPEN_ORDER, to: "over" },
  execution_failed: { from: OPEN_ORDER, to: "over" },
  execution_indeterminate: { from: OPEN_ORDER, to: "indeterminate" },
  outcome_resolved: { from: ["indeterminate"], to: "over" },
};

/** May come at any time after the proposal. */
const ASIDE = new Set(["binding_refused", "duplicate_blocked", "execution_reported_late", "payload_erased"]);

export interface IssuedOrder {
  readonly id: string;
  readonly fence: number;
  readonly expiresAt: number;
  /** Gate sends it itself: only Gate claims and reports it, and nobody's report comes before the claim. */
  readonly isGates: boolean;
}

export interface StateHistory {
  /** The first thing that can't have happened; null: everything follows. */
  readonly problem: string | null;
  /** Kinds of events this verifier does not know: they may mean anything. */
  readonly unknown: readonly string[];
  /** Set once approved: by a person, `policy` or `timeout`, and who was for and against it until then. */
  readonly approval: {
    readonly by: string;
    readonly votes: readonly Vote[];
    readonly noes: number;
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
  const ballot = emptyTally(bodies[0] ?? {});
  const orders: IssuedOrder[] = [];
  entries.forEach((entry, at) => {
    const body = bodies[at] ?? {};
    const before = stage;
    const next = stageAfter(stage, entry.event, body);
    const place = `Entry ${entry.seq} (${quoted(entry.event)})`;
    if (next === "unknown") unknown.push(entry.event);
    else if (next === null) problem ??= `${place} can't come where it stands.`;
    else stage = next;
    isErased ||= entry.event === "payload_erased";
    const odd = countVote(ballot, entry.event, body);
    if (odd !== null) problem ??= `${place} ${odd}.`;
    switch (entry.event) {
      case "approved":
        approval ??= { by: textMember(body, "by") ?? "", votes: ballot.votes, noes: ballot.noes };
        break;
      case "execution_requested": {
        const order = orderOf(body);
        if (order.fence !== orders.length + 1) problem ??= `${place} has a fencing number out of turn.`;
        orders.push(order);
        break;
      }
      default:
        // Whoever claims or reports must name the latest order: an older one may not act any more.
        if (entry.event.startsWith("execution_") && STEPS[entry.event] !== undefined) {
          const latest = orders.at(-1);
          const isLatest = textMember(body, "order") === latest?.id;
          if (!isLatest) problem ??= `${place} is about another order than the latest.`;
          if (latest !== undefined && isByAnother(latest, entry.event, body, before)) {
            problem ??= `${place} is not by who was to carry it out.`;
          }
        }
    }
  });
  return { problem, unknown, approval, orders, isErased };
}

/** Null: the event can't happen at this stage. */
export function stageAfter(stage: Stage, event: string, body: JsonObject): Stage | "unknown" | null {
  if (ASIDE.has(event)) return stage === "start" ? null : stage;
  const step = Object.hasOwn(STEPS, event) ? STEPS[event] : undefined;
  if (step === undefined) return stage === "start" ? null : "unknown";
  if (!step.from.includes(stage)) return null;
  if (event === "execution_failed" && member(body, "retryable") === true) return "failed_retryable";
  return step.to ?? stage;
}

function orderOf(body: JsonObject): IssuedOrder {
  return {
    id: textMember(body, "order") ?? "",
    fence: numberMember(body, "fence") ?? Number.NaN,
    expiresAt: numberMember(body, "expires_at") ?? Number.NaN,
    isGates: textMember(body, "issued_to") === GATE,
  };
}

const REPORTS = new Set(["execution_succeeded", "execution_failed", "execution_indeterminate"]);

/** Never both sent by Gate and carried out by somebody else. */
function isByAnother({ isGates }: IssuedOrder, event: string, body: JsonObject, stage: Stage): boolean {
  // That nobody reported in time is Gate's word on anybody's order.
  const isReport = REPORTS.has(event) && (textMember(body, "why") ?? "reported") === "reported";
  if (!isReport && event !== "execution_claimed") return false;
  const isUnclaimed = isReport && isGates && stage !== "claimed";
  return isUnclaimed || (textMember(body, "by") === GATE) !== isGates;
}

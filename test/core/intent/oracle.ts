import type { InForce, IntentCommand, Voter } from "../../../src/core/intent/command.ts";
import type { Fact } from "../../../src/core/intent/event.ts";
import type { Phase } from "../../../src/core/intent/phase.ts";
import type { Assurance } from "../../../src/core/assurance.ts";
import { CLAIM_TTL_MS, MAX_ATTEMPTS, ORDER_TTL_MS } from "../../../src/core/intent/limits.ts";
import { AGENT, DIGEST } from "./fixtures.ts";
import { groupsOf, isFresh, OWNER, type Setup } from "./model.ts";

/*
 * What must be true of any sequence of facts, told a second time and in another way than the code under test: by
 * reading the ledger from the start, with no state but what it says. Every function returns complaints.
 */

export interface Committed {
  readonly fact: Fact;
  /** The command it came from; null for what the clock did before that command. */
  readonly command: IntentCommand | null;
}

export const NEVER_MOVES: ReadonlySet<Phase> = new Set<Phase>([
  "blocked",
  "rejected",
  "expired",
  "cancelled",
  "withdrawn",
  "revoked",
  "succeeded",
]);

const RANK: readonly Assurance[] = ["link", "slack", "key", "sso", "passkey"];

interface Attempt {
  readonly order: string;
  readonly fence: number;
  /** Without a claim nothing can have left. */
  readonly underClaim: boolean;
  /** When the order itself lapses; a claim has a deadline of its own. */
  readonly orderDeadline: number;
  deadline: number;
  claimedBy: string | null;
  /** Null while nothing is known of it. */
  end: "unclaimed" | "unknown" | "reported unknown" | "failed" | "failed, safe to retry" | "succeeded" | null;
}

export function complaints({ outcome, terms }: Setup, committed: readonly Committed[]): readonly string[] {
  const found: string[] = [];
  const complain = (bad: boolean, text: string) => {
    if (bad) found.push(text);
  };
  const voted = new Set<string>();
  const attempts: Attempt[] = [];
  let open = true;
  let approvedAt: number | null = null;
  let closed: string | null = null;

  for (const { fact, command } of committed) {
    const { event, at } = fact;
    const live = attempts.at(-1);
    const late = event.type === "execution_reported_late" && closed === "revoked";
    complain(closed !== null && !late, `${event.type} after ${closed}`);
    switch (event.type) {
      case "approval_vote_recorded": {
        if (command?.type !== "approve") complain(true, "a vote nobody cast");
        else complain(!mayVote(terms, command.voter), `${command.voter.person} voted`);
        complain(command?.type === "approve" && !sawTheSame(command), "a vote for something else");
        complain(!open || (deadlineOf(terms) ?? at + 1) <= at, "a vote after the decision was due");
        complain(voted.has(event.person), "one person voted twice");
        voted.add(event.person);
        break;
      }
      case "approved": {
        complain(!open, "approved twice");
        const byPolicy = event.by === "policy" && outcome === "approve" && command === null;
        complain(
          !byPolicy && !bySilence(terms, fact, command) && !byQuorum(terms, voted),
          `approved by ${event.by}`,
        );
        complain(event.executeBy !== at + terms.executionWindowMs, "another execution window");
        open = false;
        approvedAt = at;
        break;
      }
      case "execution_requested": {
        complain(approvedAt === null, "ordered without an approval");
        complain(at >= (approvedAt ?? 0) + terms.executionWindowMs, "ordered after the approval's window");
        complain(event.fence !== (live?.fence ?? 0) + 1, "the fence did not grow by one");
        complain(event.fence > MAX_ATTEMPTS, "too many attempts");
        complain(command?.type !== "order" || !isFresh(command.inForce), "ordered under other rules");
        complain(event.issuedTo !== AGENT, "ordered by another");
        complain(terms.executor !== null && terms.executor !== event.mode, "another executor");
        complain(
          live !== undefined && !mayFollow(live, terms.idempotent),
          `ordered again after ${live?.end}`,
        );
        complain(event.expiresAt !== at + ORDER_TTL_MS, "another order deadline");
        attempts.push({
          order: event.order,
          fence: event.fence,
          underClaim: terms.claimRequired || event.mode !== "runner",
          orderDeadline: event.expiresAt,
          deadline: event.expiresAt,
          claimedBy: null,
          end: null,
        });
        break;
      }
      case "execution_claimed":
      case "execution_extended": {
        complain(
          live === undefined || live.end !== null || live.order !== event.order,
          "claimed what is not live",
        );
        if (live === undefined) break;
        complain(at >= live.deadline, "claimed after the deadline");
        complain(
          (live.claimedBy === null) !== (event.type === "execution_claimed"),
          "claimed twice or not at all",
        );
        complain(event.expiresAt !== at + CLAIM_TTL_MS, "another claim deadline");
        if (event.type === "execution_claimed") {
          complain(!mayExecute(terms.runners, event.by), `claimed by ${event.by}`);
          complain(command?.type !== "claim" || !isFresh(command.inForce), "claimed under other rules");
          live.claimedBy = event.by;
        } else {
          complain(command?.type !== "heartbeat" || command.by !== live.claimedBy, "another's heartbeat");
        }
        live.deadline = event.expiresAt;
        break;
      }
      case "execution_reported_late":
        complain(closed !== "revoked", "late for what is still open");
        complain(live === undefined || live.order !== event.order || live.end !== null, "late for nothing");
        complain(live?.underClaim === true, "late without the claim that would have let it write");
        complain(!mayExecute(terms.runners, event.by), `reported late by ${event.by}`);
        if (live) live.end = event.outcome === "indeterminate" ? "reported unknown" : event.outcome;
        break;
      case "execution_claim_undone":
        complain(live === undefined || live.end !== null || live.claimedBy === null, "undid no claim");
        complain(command?.type !== "unclaim", "a claim undone by somebody else");
        if (live) {
          live.claimedBy = null;
          live.deadline = live.orderDeadline;
        }
        break;
      case "execution_lapsed":
        complain(live === undefined || live.end !== null || at < live.deadline, "lapsed too soon");
        complain(live?.underClaim !== true || isClaimed(live), "called unwritten what may be written");
        if (live) live.end = "unclaimed";
        break;
      case "execution_indeterminate":
      case "execution_succeeded":
      case "execution_failed": {
        complain(
          live === undefined || live.end !== null || live.order !== event.order,
          "reported what is not live",
        );
        if (live === undefined) break;
        const lapsed = event.type === "execution_indeterminate" && event.why !== "reported";
        complain(lapsed !== at >= live.deadline, lapsed ? "lapsed too soon" : "reported too late");
        complain(!lapsed && !mayExecute(terms.runners, event.by), `reported by ${event.by}`);
        complain(!lapsed && live.claimedBy !== null && live.claimedBy !== event.by, "reported for another");
        complain(!lapsed && live.underClaim && live.claimedBy === null, "reported without the claim");
        complain(
          lapsed && live.underClaim && live.claimedBy === null,
          "called unknown what was never claimed",
        );
        if (event.type === "execution_succeeded") live.end = "succeeded";
        else if (event.type === "execution_indeterminate") live.end = lapsed ? "unknown" : "reported unknown";
        else live.end = event.retryable ? "failed, safe to retry" : "failed";
        if (live.end === "succeeded") closed = event.type;
        break;
      }
      case "outcome_resolved":
        complain(live?.end !== "unknown" && live?.end !== "reported unknown", "resolved what was known");
        complain(
          command?.type !== "resolve" || !mayResolve(terms, command.voter),
          "resolved by the wrong person",
        );
        closed = event.type;
        break;
      case "rejected":
      case "cancelled":
        complain(
          command === null ||
            !("voter" in command) ||
            command.voter === null ||
            !mayVote(terms, command.voter),
          "refused by the wrong person",
        );
        complain(!open, "refused what was decided");
        closed = event.type;
        break;
      case "expired":
        complain(
          event.from === "approved" && at < (approvedAt ?? 0) + terms.executionWindowMs,
          "expired too soon",
        );
        complain(event.from === "pending_approval" && (!open || at < terms.decideBy), "expired too soon");
        closed = event.type;
        break;
      case "revoked":
        complain(
          (command?.type === "reject" || command?.type === "cancel") && !mayVote(terms, command.voter),
          "taken back by the wrong person",
        );
        complain(isClaimed(live) && live?.end === null, "revoked what was claimed");
        complain(live?.end === "succeeded" || live?.end === "unknown", "revoked what may be written");
        closed = event.type;
        break;
      case "withdrawn":
        complain(command?.type !== "withdraw" || command.agent !== AGENT || !open, "withdrawn by another");
        closed = event.type;
        break;
      case "blocked":
        closed = event.type;
        break;
      case "binding_refused":
        complain(command === null || !("inForce" in command), "a binding refused that nobody named");
        if (command !== null && "inForce" in command) {
          const digest = command.type === "approve" ? command.digest : null;
          complain(sawTheSame({ digest, inForce: command.inForce }), "a binding refused that held");
        }
        break;
      case "proposed":
      case "policy_checked":
      case "approval_requested":
      case "expiry_deferred":
      case "duplicate_blocked":
        break;
    }
  }
  return found;
}

function isClaimed(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.claimedBy !== null;
}

/** Null where the policy lets a held intent wait past its time. */
function deadlineOf({ onNoResponse, decideBy }: Setup["terms"]): number | null {
  return onNoResponse === "defer" || onNoResponse === "escalate" ? null : decideBy;
}

function sawTheSame({
  digest,
  inForce,
}: {
  readonly digest: string | null;
  readonly inForce: InForce;
}): boolean {
  return (digest === null || digest === DIGEST) && isFresh(inForce);
}

function mayVote({ approval }: Setup["terms"], { person, assurance }: Voter): boolean {
  if (person === OWNER || RANK.indexOf(assurance) < RANK.indexOf(approval.minAssurance)) return false;
  return approval.quorums.some((quorum) => isIn(quorum, person));
}

function mayResolve(terms: Setup["terms"], voter: Voter | null): boolean {
  return voter === null || mayVote(terms, voter);
}

function isIn({ groups, people }: Setup["terms"]["approval"]["quorums"][number], person: string): boolean {
  if (groups.length + people.length === 0) return true;
  return people.includes(person) || groupsOf(person).some((group) => groups.includes(group));
}

function byQuorum({ approval }: Setup["terms"], voted: ReadonlySet<string>): boolean {
  return approval.quorums.every(
    (quorum) => [...voted].filter((person) => isIn(quorum, person)).length >= quorum.require,
  );
}

function bySilence(terms: Setup["terms"], { event, at }: Fact, command: IntentCommand | null): boolean {
  return (
    command === null &&
    event.type === "approved" &&
    event.by === "timeout" &&
    terms.onNoResponse === "auto_approve_if_low_risk" &&
    terms.risk.level === "low" &&
    !terms.heldByContent &&
    at >= terms.decideBy
  );
}

function mayExecute(runners: readonly string[], by: string): boolean {
  return runners.length === 0 ? by === AGENT : runners.includes(by);
}

function mayFollow({ end }: Attempt, idempotent: boolean): boolean {
  if (end === "unclaimed" || end === "failed, safe to retry") return true;
  return idempotent && (end === "unknown" || end === "reported unknown");
}

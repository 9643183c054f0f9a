import type { CurrentBindings, IntentCommand } from "../../src/core/intent/command.ts";
import { GATE, type RecordedEvent } from "../../src/core/intent/event.ts";
import type { Phase } from "../../src/core/intent/phase.ts";
import type { Assurance } from "../../src/core/identity/assurance.ts";
import { CLAIM_TTL_MS, MAX_ATTEMPTS, ORDER_TTL_MS } from "../../src/core/intent/limits.ts";
import { AGENT, DIGEST, MINUTE_MS, T0 } from "./intent-fixtures.ts";
import { groupsOf, isFresh, OWNER, type Setup } from "./intent-model.ts";
import type { Voter } from "../../src/core/identity/voter.ts";

/*
 * Properties of every sequence of events, checked independently of the code under test: by reading the ledger from the
 * start, with no other state. Every function returns the violations.
 */

/** A heartbeat that moved a claim's end without an event of its own. */
export interface Heartbeat {
  /** How many events were committed before it. */
  readonly after: number;
  readonly at: number;
  readonly by: string;
}

export interface Committed {
  readonly fact: RecordedEvent;
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

/** The decisions that a link from a message can cause. */
const DECISIONS: ReadonlySet<string> = new Set([
  "approval_vote_recorded",
  "rejection_vote_recorded",
  "approved",
  "rejected",
  "revoked",
  "superseded",
]);

const DAY_MS = 24 * 60 * MINUTE_MS;

/** Half of the first pause. */
const LEAST_PAUSE_MS = 2_500;

interface Voices {
  readonly person: string;
  readonly acting: string;
}

interface Vote extends Voices {
  readonly principal: string;
  readonly mandate: string | null;
}

const RANK: readonly Assurance[] = ["link", "slack", "key", "sso", "passkey"];

interface Attempt {
  readonly order: string;
  readonly fence: number;
  /** Without a claim nothing can have left. */
  readonly underClaim: boolean;
  /** Gate sends it itself: no runner may claim or report it. */
  readonly isGates: boolean;
  /** Claims that were undone, and when the last one was. */
  undone: { readonly count: number; readonly at: number } | null;
  /** When the order itself lapses; a claim has a deadline of its own. */
  readonly orderDeadline: number;
  deadline: number;
  claimedBy: string | null;
  /** Heartbeats that no event has counted yet. */
  uncounted: number;
  /** Null while nothing is known of it. */
  end: "unclaimed" | "unknown" | "reported unknown" | "failed" | "failed, safe to retry" | "succeeded" | null;
}

export function complaints(
  { outcome, terms }: Setup,
  committed: readonly Committed[],
  heartbeats: readonly Heartbeat[] = [],
): readonly string[] {
  const found: string[] = [];
  const complain = (bad: boolean, text: string) => {
    if (bad) found.push(text);
  };
  const votes = new Map<string, Vote>();
  const noes: Vote[] = [];
  const links = new Map<string, IntentCommand | null>();
  const wait = {
    deadline: terms.decideBy as number | null,
    since: T0,
    length: terms.decideBy - T0,
    again: false,
  };
  const silence: { wait: SilentWait | null } = { wait: null };
  let remindedAt: number | null = null;
  let steps = 0;
  const attempts: Attempt[] = [];
  let open = true;
  let approvedAt: number | null = null;
  let approvedBy: string | null = null;
  let lapsedAt: number | null = null;
  let closed: string | null = null;

  for (const [index, { fact, command }] of committed.entries()) {
    const { event, at } = fact;
    const live = attempts.at(-1);
    for (const beat of heartbeats.filter(({ after }) => after === index)) {
      complain(live?.claimedBy !== beat.by || live.end !== null, "a heartbeat of what is not claimed");
      if (live === undefined) continue;
      complain(beat.at >= live.deadline, "a heartbeat after the deadline");
      live.deadline = beat.at + CLAIM_TTL_MS;
      live.uncounted += 1;
    }
    const late = event.type === "execution_reported_late" && closed === "revoked";
    complain(closed !== null && !late, `${event.type} after ${closed}`);
    // Half a decision is none: where it came through a link, the link was used up in the same turn.
    if (DECISIONS.has(event.type) && command !== null && "link" in command && command.link !== null) {
      complain(links.get(command.link) !== command, `${event.type} through a link that is still good`);
    }
    switch (event.type) {
      case "approval_vote_recorded": {
        if (command?.type !== "approve") complain(true, "a vote nobody cast");
        else complain(!mayVote(terms, command.voter), `${command.voter.person} voted`);
        complain(command?.type === "approve" && !sawTheSame(command), "a vote for something else");
        complain(!open || (wait.deadline ?? at + 1) <= at, "a vote after the decision was due");
        complain(voiceUsed(votes.values(), event), "one human has two voices");
        complain(voiceUsed(noes, event), "yes after no");
        if (command?.type === "approve") complain(isLapsed(event, command.lapsed), "a vote by who is gone");
        complain(votes.has(event.person), "one person voted twice");
        votes.set(event.person, event);
        break;
      }
      case "approval_vote_withdrawn": {
        const vote = votes.get(event.person);
        complain(vote === undefined || !open, "withdrew what was not there");
        const counted = command?.type === "approve" || command?.type === "recount" ? command.lapsed : [];
        const byLapse = vote !== undefined && isLapsed(vote, counted);
        const byVoter = command?.type === "reject" && vote && voiceUsed([vote], command.voter);
        complain(event.why === "credential_inactive" && !byLapse, "withdrew what still held");
        complain(event.why === "changed_mind" && !byVoter, "withdrew another's vote");
        const byPerson =
          command?.type === "approve" &&
          command.voter.person === command.voter.acting &&
          vote !== undefined &&
          vote.person !== vote.acting &&
          voiceUsed([vote], command.voter);
        complain(event.why === "replaced" && !byPerson, "replaced a vote that was personal or another's");
        complain(event.why === "not_eligible", "withdrew the vote of an eligible person");
        votes.delete(event.person);
        break;
      }
      case "rejection_vote_recorded":
        complain(command?.type !== "reject" || !mayVote(terms, command.voter), "a no by the wrong person");
        complain(!open || (wait.deadline ?? at + 1) <= at, "a no after the decision was due");
        complain(voiceUsed(noes, event), "one human said no twice");
        complain(voiceUsed(votes.values(), event), "a no beside a yes of the same human");
        complain(noes.length + 1 >= terms.approval.rejections, "the last no decided nothing");
        noes.push(event);
        break;
      case "approval_link_used":
        complain(
          command === null || !("link" in command) || command.link !== event.link,
          "another link used",
        );
        complain(links.has(event.link), "a link used twice");
        links.set(event.link, command);
        break;
      case "approval_reminded": {
        complain(command !== null || !open || (wait.deadline ?? at + 1) <= at, "reminded of what is over");
        const from = remindedAt ?? wait.since;
        // Of this wait: one that an approval's end began anew is over when its execution would have been.
        const length = (wait.deadline ?? wait.since) - wait.since;
        const least =
          remindedAt === null && wait.deadline !== null ? Math.min(Math.floor(length / 2), DAY_MS) : DAY_MS;
        complain(at - from < least, "reminded too soon");
        complain(wait.deadline !== null && length < 10 * MINUTE_MS, "reminded in so short a wait");
        remindedAt = at;
        break;
      }
      case "approval_escalated": {
        const step = terms.escalate[event.step];
        complain(command !== null || !open || (wait.deadline ?? at + 1) <= at, "escalated what is over");
        complain(event.step !== steps || step?.to !== event.to, "another step");
        complain(at < T0 + (step?.afterMinutes ?? 1e9) * MINUTE_MS, "escalated too soon");
        steps += 1;
        break;
      }
      case "expiry_deferred":
      case "expiry_escalated": {
        const how = event.type === "expiry_deferred" ? "defer" : "escalate";
        const isSilent = event.type === "expiry_deferred" && mayPassInSilence(terms) && noes.length === 0;
        complain(
          (terms.onNoResponse !== how && !isSilent) || wait.again || !open,
          "waits where it should not",
        );
        if (isSilent) silence.wait = { until: wait.deadline ?? at, noticedAt: at };
        complain(command !== null || at < (wait.deadline ?? at + 1), "waits again too soon");
        wait.again = true;
        wait.since = at;
        wait.deadline = event.type === "expiry_deferred" ? null : at + wait.length;
        complain(
          event.type === "expiry_escalated" && event.decideBy !== wait.deadline,
          "another second wait",
        );
        if (event.type === "expiry_escalated") steps = terms.escalate.length;
        remindedAt = null;
        break;
      }
      case "silence_not_counted":
        complain(command?.type !== "confirm_silence" || !open, "refused silence that nobody questioned");
        complain(silence.wait === null || isProof(command, silence.wait, at), "refused silence with proof");
        silence.wait = null;
        break;
      case "approval_lapsed": {
        const gone = command?.type === "recount" ? command.lapsed : [];
        const left = new Map([...votes].filter(([, vote]) => !isLapsed(vote, gone)));
        complain(
          command?.type !== "recount" || open || approvedBy === null,
          "took back what nobody approved",
        );
        complain(approvedBy !== null && !votes.has(approvedBy), "took back what policy or silence approved");
        complain(byQuorum(terms, left), "took back what enough still approve");
        complain(event.decideBy !== (approvedAt ?? 0) + terms.executionWindowMs, "another wait");
        open = true;
        approvedAt = null;
        approvedBy = null;
        silence.wait = null;
        lapsedAt = at;
        wait.deadline = event.decideBy;
        wait.again = terms.onNoResponse === "escalate" ? wait.again : false;
        wait.since = at;
        remindedAt = null;
        break;
      }
      case "superseded":
        complain(
          command?.type !== "supersede" || !mayVote(terms, command.voter),
          "changed by the wrong person",
        );
        complain(command?.type === "supersede" && command.digest !== DIGEST, "changed what was not seen");
        complain(!open || !terms.edit.allow, "changed what may not be");
        closed = event.type;
        break;
      case "approved": {
        complain(!open, "approved twice");
        const byPolicy = event.by === "policy" && outcome === "approve" && command === null;
        complain(
          !byPolicy && !bySilence(fact, command, silence.wait) && !byQuorum(terms, votes),
          `approved by ${event.by}`,
        );
        complain(event.by === "timeout" && noes.length > 0, "a no taken for silence");
        complain(
          command !== null && event.by !== "timeout" && !votes.has(event.by),
          "approved in another's name",
        );
        if (command?.type === "approve") {
          const { lapsed } = command;
          const gone = [...votes.values()].filter((vote) => isLapsed(vote, lapsed));
          complain(gone.length > 0, "a vote counted that holds no longer");
        }
        complain(event.executeBy !== at + terms.executionWindowMs, "another execution window");
        complain(
          event.by === "timeout" && lapsedAt !== null,
          "silence after an approval that was taken back",
        );
        open = false;
        approvedAt = at;
        approvedBy = event.by;
        break;
      }
      case "execution_requested": {
        complain(approvedAt === null, "ordered without an approval");
        complain(at >= (approvedAt ?? 0) + terms.executionWindowMs, "ordered after the approval's window");
        complain(event.fence !== (live?.fence ?? 0) + 1, "the fence did not grow by one");
        complain(event.fence > MAX_ATTEMPTS, "too many attempts");
        complain(
          (command?.type !== "order" && command?.type !== "begin") || !isFresh(command.bindings),
          "ordered under other rules",
        );
        complain((command?.type === "begin") !== (terms.sending !== null), "ordered by who does not send it");
        complain(event.issuedTo !== (terms.sending === null ? AGENT : GATE), "ordered by another");
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
          isGates: event.issuedTo === GATE,
          undone: null,
          orderDeadline: event.expiresAt,
          deadline: event.expiresAt,
          claimedBy: null,
          uncounted: 0,
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
        complain(
          (live.claimedBy === null) !== (event.type === "execution_claimed"),
          "claimed twice or not at all",
        );
        if (event.type === "execution_extended") {
          const own = command?.type === "heartbeat" ? 1 : 0;
          complain(event.count !== live.uncounted + own || event.count === 0, "another number of heartbeats");
          live.uncounted = 0;
          // At the end of a claim the event only counts: the heartbeats moved the deadline before.
          if (own === 0) {
            complain(event.expiresAt !== live.deadline, "another end than the heartbeats set");
            break;
          }
        }
        complain(at >= live.deadline, "claimed after the deadline");
        complain(event.expiresAt !== at + CLAIM_TTL_MS, "another claim deadline");
        if (event.type === "execution_claimed") {
          complain(!mayExecute(terms.runners, live, event.by), `claimed by ${event.by}`);
          complain(command?.type !== (live.isGates ? "begin" : "claim"), "claimed by the wrong door");
          complain(command === null || !("bindings" in command), "claimed under no rules");
          complain(
            command !== null && "bindings" in command && !isFresh(command.bindings),
            "claimed under other rules",
          );
          complain(live.isGates && at - (live.undone?.at ?? 0) < LEAST_PAUSE_MS, "tried again at once");
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
        complain(
          live === undefined || !mayExecute(terms.runners, live, event.by),
          "reported late by another",
        );
        if (live) live.end = event.outcome === "indeterminate" ? "reported unknown" : event.outcome;
        break;
      case "execution_claim_undone":
        complain(live === undefined || live.end !== null || live.claimedBy === null, "undid no claim");
        complain(command?.type !== "unclaim", "a claim undone by somebody else");
        complain(
          command?.type === "unclaim" && command.undone !== (live?.undone?.count ?? 0),
          "undid the claim of a later attempt",
        );
        if (live) {
          live.claimedBy = null;
          live.undone = { count: (live.undone?.count ?? 0) + 1, at };
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
        complain(live.uncounted > 0, "ended with heartbeats that are not on the ledger");
        const lapsed = event.type === "execution_indeterminate" && event.why !== "reported";
        complain(lapsed !== at >= live.deadline, lapsed ? "lapsed too soon" : "reported too late");
        complain(!lapsed && !mayExecute(terms.runners, live, event.by), `reported by ${event.by}`);
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
        if (event.type === "rejected" && command?.type === "reject") {
          complain(noes.length + 1 < terms.approval.rejections, "too few said no");
          complain(voiceUsed(noes, command.voter), "one human said no twice");
        }
        closed = event.type;
        break;
      case "expired":
        complain(
          event.from === "approved" && at < (approvedAt ?? 0) + terms.executionWindowMs,
          "expired too soon",
        );
        complain(
          event.from === "pending_approval" && (!open || at < (wait.deadline ?? at + 1)),
          "expired too soon",
        );
        complain(
          event.from === "pending_approval" && terms.onNoResponse === "escalate" && !wait.again,
          "expired without the second wait",
        );
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
        complain(command === null || !isBound(command), "a binding refused that nobody named");
        if (command !== null && isBound(command)) {
          const named = "digest" in command && (command.digest !== null || command.type === "supersede");
          const isSame = !named || command.digest === DIGEST;
          complain(
            isSame && (!("bindings" in command) || isFresh(command.bindings)),
            "a binding refused that held",
          );
        }
        break;
      case "proposed":
      case "policy_checked":
      case "approval_requested":
      case "duplicate_blocked":
        break;
    }
  }
  return found;
}

function isClaimed(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.claimedBy !== null;
}

function isBound(
  command: IntentCommand,
): command is Extract<IntentCommand, { bindings: CurrentBindings } | { link: string | null }> {
  return "bindings" in command || "link" in command;
}

/** A vote under a delegation uses up both votes: the delegator's and the delegate's. */
function voiceUsed(earlier: Iterable<Voices>, { person, acting }: Voices): boolean {
  const voters = new Set([...earlier].flatMap((voice) => [voice.person, voice.acting]));
  return voters.has(person) || voters.has(acting);
}

function isLapsed({ principal, mandate }: Vote, lapsed: readonly string[]): boolean {
  return lapsed.some((gone) => gone === principal || gone === mandate);
}

function sawTheSame({
  digest,
  bindings,
}: {
  readonly digest: string | null;
  readonly bindings: CurrentBindings;
}): boolean {
  return (digest === null || digest === DIGEST) && isFresh(bindings);
}

function mayVote({ approval }: Setup["terms"], { person, acting, assurance }: Voter): boolean {
  if (person === OWNER || acting === OWNER) return false;
  if (RANK.indexOf(assurance) < RANK.indexOf(approval.minAssurance)) return false;
  return approval.quorums.some((quorum) => isIn(quorum, person));
}

function mayResolve(terms: Setup["terms"], voter: Voter | null): boolean {
  return voter === null || mayVote(terms, voter);
}

function isIn({ groups, people }: Setup["terms"]["approval"]["quorums"][number], person: string): boolean {
  if (groups.length + people.length === 0) return true;
  return people.includes(person) || groupsOf(person).some((group) => groups.includes(group));
}

function byQuorum({ approval }: Setup["terms"], votes: ReadonlyMap<string, Vote>): boolean {
  return approval.quorums.every(
    (quorum) => [...votes.keys()].filter((person) => isIn(quorum, person)).length >= quorum.require,
  );
}

function mayPassInSilence({ onNoResponse, risk, heldByContent }: Setup["terms"]): boolean {
  return onNoResponse === "auto_approve_if_low_risk" && risk.level === "low" && !heldByContent;
}

/** A wait that ended without an answer. */
interface SilentWait {
  readonly until: number;
  readonly noticedAt: number;
}

function bySilence(
  { event, at }: RecordedEvent,
  command: IntentCommand | null,
  wait: SilentWait | null,
): boolean {
  return event.type === "approved" && event.by === "timeout" && isProof(command, wait, at);
}

/**
 * Gate was up from the start to the end, which it noticed within half of the wait or half a minute, and a channel took the
 * message in the first half of the wait.
 */
function isProof(command: IntentCommand | null, wait: SilentWait | null, at: number): boolean {
  if (command?.type !== "confirm_silence" || wait === null || command.digest !== DIGEST) return false;
  const { upSince, notifiedAt } = command;
  if (upSince === null || notifiedAt === null || at >= wait.noticedAt + 5 * MINUTE_MS) return false;
  const { until, noticedAt } = wait;
  if (noticedAt - until > Math.max((until - T0) / 2, MINUTE_MS / 2)) return false;
  return upSince <= T0 + 2.5 * MINUTE_MS && notifiedAt - T0 <= until - notifiedAt;
}

function mayExecute(runners: readonly string[], { isGates }: Attempt, by: string): boolean {
  if (isGates || by === GATE) return isGates && by === GATE;
  return runners.length === 0 ? by === AGENT : runners.includes(by);
}

function mayFollow({ end }: Attempt, idempotent: boolean): boolean {
  if (end === "unclaimed" || end === "failed, safe to retry") return true;
  return idempotent && (end === "unknown" || end === "reported unknown");
}

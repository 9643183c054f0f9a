import type { Assurance } from "../identity/assurance.ts";
import type { ApprovalRequirements, Decision, OnNoResponse, Outcome, PolicyRef } from "../policy/decision.ts";
import type { Risk } from "../policy/risk.ts";
import type { Phase } from "./phase.ts";
import type { Executor } from "../registry/executor.ts";

/** Milliseconds since the epoch, as of `Date.now()`. */
export type Instant = number;

/** The fields that proposal fixes. Erasure blanks three of them; nothing else changes one. */
export interface IntentTerms {
  readonly id: string;
  /** Principal id of the proposer. */
  readonly agent: string;
  readonly destination: string;
  readonly action: string;
  /** The policy the agent named. */
  readonly policy: string;
  /** Null: the registry names none, and the first order selects a runner or a download. */
  readonly executor: Executor | null;
  /** Principal ids that may claim and report; empty: the proposer. */
  readonly runners: readonly string[];
  readonly claimRequired: boolean;
  readonly proofRequired: boolean;
  readonly idempotent: boolean;
  /**
   * `by_gate`: Gate sends the write once it is approved. `on_repeat`: Gate sends it only on the agent's own connection,
   * the first or that of a repeat. Null: Gate does not send it.
   */
  readonly sending: "by_gate" | "on_repeat" | null;
  /** See `HttpWrite.credential`. */
  readonly credential?: string;
  readonly policies: readonly PolicyRef[];
  /** Digest of the destination's registry entry. */
  readonly configHash: string;
  /** SHA-256 of the payload's bytes; for a reference the declared one; null when there is none. */
  readonly payloadDigest: string | null;
  /** The payload's type as rules saw it; absent: unknown, or of an earlier version. */
  readonly payloadType?: string;
  /** The typed action profile that its metadata fits; absent: none, or of an earlier version. */
  readonly profile?: {
    readonly id: string;
    /** SHA-256 of the profile's fields; null once erased. */
    readonly fieldsHash: string | null;
  };
  /** `v` of the digest and of the ledger entries; absent: 1, in intents of version 0.1. */
  readonly recordVersion?: number;
  /** Binds everything above and the measured facts; see `intentDigest`. */
  readonly digest: string;
  /** SHA-256 of the proposal request: distinguishes a repeat under one idempotency key from another request. */
  readonly requestDigest: string;
  readonly keyed: boolean;
  /**
   * Equal for proposals that the agent's counters take for the same write: pseudonym of the payload digest, else of
   * the request digest. For a request that Gate sends it covers the address, as equal bodies to two addresses are two
   * writes.
   */
  readonly subject: string;
  /** `subject` under the secrets that were in force beside the current one when it was proposed; absent: none was. */
  readonly earlierSubjects?: readonly string[];
  /** True: the agent's counters hold a reservation for it. */
  readonly counted: boolean;
  readonly createdAt: Instant;
  readonly decideBy: Instant;
  readonly executionWindowMs: number;
  readonly onNoResponse: OnNoResponse;
  readonly heldByContent: boolean;
  readonly approval: ApprovalRequirements;
  /** Groups and people that Gate notifies while the hold lasts, earliest first. */
  readonly escalate: Decision["escalate"];
  readonly edit: Decision["edit"];
  /** The intent whose payload a reviewer edited to create this one; null: this is no successor. */
  readonly predecessor: string | null;
  /** The person who edited the predecessor. */
  readonly editor: string | null;
  /** Equal for held intents of one agent, destination, policy and shape, which the queue groups; null: not held. */
  readonly group: string | null;
  /**
   * Equal for intents of one agent, destination, action and shape of the payload; under every secret that was in force
   * when it was proposed, the current one first. Absent: of an earlier version.
   */
  readonly shapes?: readonly string[];
  /** When retention erases the ended intent; null: only at an admin's request. */
  readonly eraseBy: Instant | null;
  /** Handles (principal ids, person ids, e-mails) of those who may not vote, lower case. */
  readonly excluded: readonly string[];
  readonly risk: Risk;
  /** Effective record count and money in US cents; null where unknown. */
  readonly records: number | null;
  readonly valueCents: number | null;
  readonly outcome: Outcome;
  readonly reasonCode: string;
}

export interface RecordedVote {
  /** Person id: a quorum counts these, never names or keys. */
  readonly person: string;
  /** The person who acted; differs from `person` only under a delegation. */
  readonly acting: string;
  /** Id of the standing approval or delegation it was given under; null: none. */
  readonly mandate: string | null;
  readonly principal: string;
  readonly assurance: Assurance;
  /** Ids of the policies whose quorum admitted this person at the time of the vote. */
  readonly counts: readonly string[];
  readonly at: Instant;
}

/** Why nobody's answer by the deadline counts as no answer: `auto_approve_if_low_risk` approves nothing then. */
export type SilenceProblem = "approvers_not_notified" | "gate_was_down";

/** A wait that ended without an answer, where the policy takes silence for approval. */
export interface Silence {
  /** The time that approvers had. */
  readonly since: Instant;
  readonly until: Instant;
  /** When Gate noticed that it was over. */
  readonly noticedAt: Instant;
  /** Null: not confirmed. */
  readonly notCounted: SilenceProblem | null;
}

/** What the dispatcher knows of a wait. */
export interface SilenceWitness {
  /** Since when Gate has been up without a pause; null: not known. */
  readonly upSince: Instant | null;
  /** When an approver's channel first took a message about the intent; null: none did. */
  readonly notifiedAt: Instant | null;
}

/** Why certainly no byte of a write was sent: its credential can't be used now, or the request can't be sent. */
export type UnsentReason = "credential_unavailable" | "request_not_sent";

export interface Order {
  readonly id: string;
  /** 1 for the first order of an intent; every later one is higher. */
  readonly fence: number;
  readonly mode: Executor;
  /** The principal that requested it, or `gate`. */
  readonly issuedTo: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly claim: Claim | null;
  readonly report: Report | null;
  /** How many of its claims were undone, when the last one was, and what kept it from being sent; absent: none. */
  readonly undone?: { readonly count: number; readonly at: Instant; readonly why?: UnsentReason };
}

export interface Claim {
  readonly by: string;
  readonly at: Instant;
  /** Moved by every heartbeat, also by one that is not on the ledger yet. */
  readonly expiresAt: Instant;
  /** Heartbeats that the ledger lacks, and when the next one is recorded at once; absent: there was none. */
  readonly heartbeats?: { readonly unrecorded: number; readonly windowEndsAt: Instant };
}

export interface Report {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  readonly by: string;
  readonly at: Instant;
  /** The time of the write that the executor states; Gate does not verify it. */
  readonly executedAt: Instant | null;
  readonly retryable: boolean;
  /** `verified`: signed with the reporter's registered key. */
  readonly proof: "verified" | "none";
}

/** A voter's no that ended the intent. */
export interface Ending {
  readonly at: Instant;
  /** Person id. */
  readonly by: string;
  /** The person who acted; differs from `by` only under a delegation. */
  readonly acting: string;
  readonly principal: string;
  /** Null: not recorded, as in version 0.1. */
  readonly assurance: Assurance | null;
  readonly mandate: string | null;
}

/** Everything that handling a command on one intent depends on. */
export interface IntentState {
  readonly terms: IntentTerms;
  readonly phase: Phase;
  /** Null once decided, or when the policy sets no end to the hold. */
  readonly decideBy: Instant | null;
  readonly executeBy: Instant | null;
  readonly votes: readonly RecordedVote[];
  /** Rejections so far, where the policy requires more than one. */
  readonly rejections: readonly { readonly person: string; readonly acting: string }[];
  /** When Gate next reminds the approvers; null: it does not. */
  readonly remindAt: Instant | null;
  /** Set once the deadline passed without an answer under `auto_approve_if_low_risk`. */
  readonly silence?: Silence;
  /** When its approval was taken back, because voters may vote no longer; absent: never. */
  readonly lapsedAt?: Instant;
  /** When the rules last changed under it while it waited: approvers are notified anew. Absent: never. */
  readonly waitsSince?: Instant;
  /** Number of `escalate` steps taken. */
  readonly escalated: number;
  /** True once `on_no_response: escalate` set the second deadline. */
  readonly isExtended: boolean;
  /** Ids of the approval links that carried a vote. */
  readonly linksUsed: readonly string[];
  /** Id of the intent that replaced this one. */
  readonly successor: string | null;
  /** A person id, `policy` or `timeout`; null while undecided. */
  readonly decidedBy: string | null;
  /** The person who rejected, cancelled or revoked it; absent: nobody did, or it is of version 0.1. */
  readonly endedBy?: string;
  /** The vote that rejected it, or ended its approval; absent: none did, or it is of version 0.1. */
  readonly ending?: Ending;
  readonly approvedAt: Instant | null;
  readonly orders: readonly Order[];
  readonly duplicates: { readonly unrecorded: number; readonly windowEndsAt: Instant | null };
  readonly erasedAt: Instant | null;
  /** When a backup put this state back, if it was unfinished then; absent: never. */
  readonly restoredAt?: Instant;
  /** Kinds of `binding_refused` on the ledger: each once, so that a caller that repeats one can't flood it. */
  readonly bindingsRefused: readonly string[];
  readonly updatedAt: Instant;
}

/** Number of undone claims of this order; it identifies the current claim among them. */
export function undoneClaims({ undone }: Order): number {
  return undone?.count ?? 0;
}

export function currentOrder(state: IntentState): Order | undefined {
  return state.orders.at(-1);
}

/** @throws {Error} where no order was issued: a bug */
export function withOrder(state: IntentState, change: Partial<Order>): IntentState {
  const order = currentOrder(state);
  if (order === undefined) throw new Error("invariant: an execution event needs a current order");
  return { ...state, orders: [...state.orders.slice(0, -1), { ...order, ...change }] };
}

/**
 * Does this order require a claim before execution? Yes where the destination says so, and for every order but a
 * runner's: those bytes leave Gate itself, and only after the claim.
 */
export function needsClaim(state: IntentState, order: Order): boolean {
  return state.terms.claimRequired || order.mode !== "runner";
}

/** Number of this order's heartbeats that the ledger lacks. */
export function unrecordedHeartbeats({ claim }: Order): number {
  return claim?.heartbeats?.unrecorded ?? 0;
}

/** True where an order before the current one may have led to the write: its outcome is not a failure that was reported. */
export function mayHaveBeenSentBefore({ orders }: Pick<IntentState, "orders">): boolean {
  return orders.slice(0, -1).some(({ claim, report }) => claim !== null && report?.outcome !== "failed");
}

/** Can an executor still execute and report this order? */
export function isLive(state: IntentState, order: Order): boolean {
  return currentOrder(state)?.id === order.id && (state.phase === "scheduled" || state.phase === "claimed");
}

/** True once the executor downloaded the payload. */
export function isPulled(state: IntentState): boolean {
  const order = currentOrder(state);
  return order !== undefined && order.mode === "external_pull" && order.claim !== null;
}

import type { Assurance } from "../identity/assurance.ts";
import type { ApprovalRequirements, Decision, OnNoResponse, Outcome, PolicyRef } from "../policy/decision.ts";
import type { Risk } from "../policy/risk.ts";
import type { Phase } from "./phase.ts";
import type { Executor } from "../registry/executor.ts";

/** Milliseconds since the epoch, as `Date.now()` gives them. */
export type Instant = number;

/** What was decided about at proposal and never changes afterwards. */
export interface IntentTerms {
  readonly id: string;
  /** Principal id of the proposer. */
  readonly agent: string;
  readonly destination: string;
  readonly action: string;
  /** The policy the agent named. */
  readonly policy: string;
  /** Null: the registry names none, and the first order decides between a runner and a download. */
  readonly executor: Executor | null;
  /** Principal ids that may claim and report; empty: the proposer. */
  readonly runners: readonly string[];
  readonly claimRequired: boolean;
  readonly proofRequired: boolean;
  readonly idempotent: boolean;
  /**
   * How a write that Gate sends itself goes out: by Gate as soon as it is approved, or on the agent's own connection,
   * the first or that of a repeat. Null: Gate does not send it.
   */
  readonly sending: "by_gate" | "on_repeat" | null;
  readonly policies: readonly PolicyRef[];
  /** Digest of the destination's registry entry. */
  readonly configHash: string;
  /** SHA-256 of the payload's bytes; for a reference the declared one; null when there is none. */
  readonly payloadDigest: string | null;
  /** Binds everything above and the measured facts; see `intentDigest`. */
  readonly digest: string;
  /** SHA-256 of the request as asked: tells a repeat under one key from another request. */
  readonly requestDigest: string;
  readonly keyed: boolean;
  /**
   * What makes two proposals the same to the agent's counters: payload digest, else request digest; of a request that
   * came to be sent on always that of the request, as equal bodies to two addresses are two writes.
   */
  readonly subject: string;
  /** True: the agent's counters hold a reservation for it. */
  readonly counted: boolean;
  readonly createdAt: Instant;
  readonly decideBy: Instant;
  readonly executionWindowMs: number;
  readonly onNoResponse: OnNoResponse;
  readonly heldByContent: boolean;
  readonly approval: ApprovalRequirements;
  /** Who is told next, earliest first. */
  readonly escalate: Decision["escalate"];
  readonly edit: Decision["edit"];
  /** The intent whose payload a reviewer changed to make this one; null: it is nobody's successor. */
  readonly predecessor: string | null;
  /** The person who changed it. */
  readonly editor: string | null;
  /** Names what is alike among pending intents (agent, destination, policy, shape); null: held by nobody. */
  readonly group: string | null;
  /** When key and payload are destroyed, once the intent has ended; null: when somebody asks for it. */
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
  /** Who acted; another person only under a delegation. */
  readonly acting: string;
  /** The standing approval or delegation it was given under. */
  readonly mandate: string | null;
  readonly principal: string;
  readonly assurance: Assurance;
  /** The policies whose quorum admitted this person when they voted. */
  readonly counts: readonly string[];
  readonly at: Instant;
}

export interface Order {
  readonly id: string;
  /** 1 for the first order of an intent; every later one is higher. */
  readonly fence: number;
  readonly mode: Executor;
  /** Principal that ordered it. */
  readonly issuedTo: string;
  readonly issuedAt: Instant;
  readonly expiresAt: Instant;
  readonly claim: { readonly by: string; readonly at: Instant; readonly expiresAt: Instant } | null;
  readonly report: Report | null;
  /** How many of its claims came to nothing and were undone, and when the last one was; absent: none. */
  readonly undone?: { readonly count: number; readonly at: Instant };
}

export interface Report {
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  readonly by: string;
  readonly at: Instant;
  /** When the worker says it was carried out; its word, not Gate's. */
  readonly executedAt: Instant | null;
  readonly retryable: boolean;
  /** `verified`: signed with the key registered for who reported. */
  readonly proof: "verified" | "none";
}

/** Everything the decisions about one intent depend on. */
export interface IntentState {
  readonly terms: IntentTerms;
  readonly phase: Phase;
  /** Null once decided, or when the policy waits without end. */
  readonly decideBy: Instant | null;
  readonly executeBy: Instant | null;
  readonly votes: readonly RecordedVote[];
  /** Who said no, where the policy wants more than one of them. */
  readonly rejections: readonly { readonly person: string; readonly acting: string }[];
  /** When those who may decide are told again; null: not. */
  readonly remindAt: Instant | null;
  /** Steps of `escalate` that were taken. */
  readonly escalated: number;
  /** True once `on_no_response: escalate` gave it its second wait. */
  readonly isExtended: boolean;
  /** Links that decided something. */
  readonly linksUsed: readonly string[];
  /** The intent that took this one's place. */
  readonly successor: string | null;
  /** Who decided: a person id, `policy`, or `timeout`; null while open. */
  readonly decidedBy: string | null;
  readonly approvedAt: Instant | null;
  readonly orders: readonly Order[];
  readonly duplicates: { readonly unrecorded: number; readonly windowEndsAt: Instant | null };
  readonly erasedAt: Instant | null;
  /** Refusals for a broken binding that are on the ledger: each kind once, so that repeating it can't flood it. */
  readonly bindingsRefused: readonly string[];
  readonly updatedAt: Instant;
}

/** Claims of this order that were undone: tells the one it has now from those before. */
export function undoneClaims({ undone }: Order): number {
  return undone?.count ?? 0;
}

export function currentOrder(state: IntentState): Order | undefined {
  return state.orders.at(-1);
}

/**
 * Can this order only be carried out under a claim? Where the destination says so; and always when it is not a
 * runner's, because then the bytes leave Gate itself, and not before the claim.
 */
export function needsClaim(state: IntentState, order: Order): boolean {
  return state.terms.claimRequired || order.mode !== "runner";
}

/** Is this order still something that can be carried out and reported? */
export function isLive(state: IntentState, order: Order): boolean {
  return currentOrder(state)?.id === order.id && (state.phase === "scheduled" || state.phase === "claimed");
}

/** True once the payload was handed over by a download. */
export function isPulled(state: IntentState): boolean {
  const order = currentOrder(state);
  return order !== undefined && order.mode === "external_pull" && order.claim !== null;
}

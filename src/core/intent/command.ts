import type { PolicyRef } from "../policy/decision.ts";
import type { AppliedRule } from "./event.ts";
import type { Instant, IntentTerms, SilenceWitness, UnsentReason } from "./state.ts";
import type { Voter } from "../identity/voter.ts";
import type { Executor } from "../registry/executor.ts";

/** A person's vote and its circumstances, the same for every door. */
export interface VoteContext {
  readonly voter: Voter;
  /** The intent digest the voter saw; null from clients that don't send one. */
  readonly digest: string | null;
  readonly note: string | null;
  /** Id of the approval link that carried the vote, which works once; null: no link. */
  readonly link: string | null;
}

/** What the registry in force says of a person who voted. */
export interface VoterStanding extends Pick<Voter, "person" | "acting" | "groups"> {
  /** The person, or who acted for them, answers for the proposer by now. */
  readonly isExcluded: boolean;
}

/** The policies and destination entry that apply now; an approval given under others is stale. */
export interface CurrentBindings {
  readonly policies: readonly PolicyRef[];
  readonly configHash: string;
}

/** A caller's request to an existing intent. Plain records, because they cross the Durable Object's RPC border. */
export type IntentCommand =
  | ({
      readonly type: "approve";
      readonly bindings: CurrentBindings;
      /** Inactive principals and revoked mandates of earlier votes: the object withdraws those votes. */
      readonly lapsed: readonly string[];
      /** The earlier voters under the registry in force; absent: they count as when they voted. */
      readonly standings?: readonly VoterStanding[];
    } & VoteContext)
  | ({ readonly type: "reject" } & VoteContext)
  | { readonly type: "cancel"; readonly voter: Voter; readonly note: string | null }
  /** A reviewer edited the payload: the successor, whose id the caller chose beforehand, replaces this intent. */
  | ({ readonly type: "supersede"; readonly successor: string } & VoteContext)
  | { readonly type: "withdraw"; readonly agent: string; readonly note: string | null }
  | { readonly type: "revoke"; readonly by: string; readonly note: string | null }
  | {
      readonly type: "order";
      readonly agent: string;
      readonly mode: Executor;
      readonly bindings: CurrentBindings;
    }
  | {
      readonly type: "claim";
      readonly order: string;
      readonly by: string;
      readonly bindings: CurrentBindings;
    }
  /** Gate sends the write itself: order and claim in one command. */
  | { readonly type: "begin"; readonly bindings: CurrentBindings }
  /**
   * Undoes a claim under which certainly nothing was written: its holder never learned of it, or no byte of the request
   * was sent. The order can then be claimed again. `undone` is the number of claims undone before this one, so that a
   * delayed or repeated message does not undo the claim of a later attempt that is sending.
   */
  | {
      readonly type: "unclaim";
      readonly order: string;
      readonly undone: number;
      /** Why nothing was sent; absent: the claim never reached its caller, or a person's decision stopped it. */
      readonly why?: UnsentReason;
    }
  | { readonly type: "heartbeat"; readonly order: string; readonly by: string }
  | {
      readonly type: "report";
      readonly order: string;
      readonly by: string;
      readonly outcome: "succeeded" | "failed" | "indeterminate";
      readonly retryable: boolean;
      readonly executedAt: Instant | null;
      readonly result: string | null;
      /** The signed report, after the caller verified its signature and claims; null without one. */
      readonly proof: string | null;
    }
  | {
      readonly type: "resolve";
      readonly by: string;
      /** The resolving reviewer, who must be eligible; null for an admin. */
      readonly voter: Voter | null;
      readonly outcome: "executed" | "not_executed";
      readonly note: string | null;
    }
  /** Admin only (the door checks that); the note is the reason. */
  | { readonly type: "erase"; readonly by: string; readonly note: string }
  /** The rules changed: what an evaluation under those in force makes of the intent. */
  | {
      readonly type: "recheck";
      /** The digest that was evaluated. */
      readonly digest: string;
      readonly terms: IntentTerms;
      readonly rules: readonly AppliedRule[];
      /** RFC 8785 text of the measured facts. */
      readonly facts: string;
    }
  /** The write is about to begin: what is known now of those who approved it. */
  | {
      readonly type: "recount";
      readonly digest: string;
      readonly lapsed: readonly string[];
      readonly standings: readonly VoterStanding[];
    }
  /** What the dispatcher knows of a wait that ended in silence. */
  | ({ readonly type: "confirm_silence"; readonly digest: string } & SilenceWitness)
  /** Applies due deadlines and nothing else. */
  | { readonly type: "tick" };

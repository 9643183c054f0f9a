import type { PolicyRef } from "../policy/decision.ts";
import type { Instant } from "./state.ts";
import type { Voter } from "../identity/voter.ts";
import type { Executor } from "../registry/executor.ts";

/** What comes with a person's decision, whatever door it came through. */
export interface VoteContext {
  readonly voter: Voter;
  /** The intent digest the voter saw; null from clients that don't send one. */
  readonly digest: string | null;
  readonly note: string | null;
  /** Id of the approval link it was given through, which works once; null: through none. */
  readonly link: string | null;
}

/** What is in force now; an approval holds only for what it was given under. */
export interface CurrentBindings {
  readonly policies: readonly PolicyRef[];
  readonly configHash: string;
}

/** What somebody wants done to an existing intent. Plain records: they cross the object's border. */
export type IntentCommand =
  | ({
      readonly type: "approve";
      readonly inForce: CurrentBindings;
      /** Principals and mandates of earlier votes that do not hold any more: their votes count no longer. */
      readonly lapsed: readonly string[];
    } & VoteContext)
  | ({ readonly type: "reject" } & VoteContext)
  | { readonly type: "cancel"; readonly voter: Voter; readonly note: string | null }
  /** A reviewer changed the payload: another intent, whose id is chosen beforehand, takes this one's place. */
  | ({ readonly type: "supersede"; readonly successor: string } & VoteContext)
  | { readonly type: "withdraw"; readonly agent: string; readonly note: string | null }
  | { readonly type: "revoke"; readonly by: string; readonly note: string | null }
  | {
      readonly type: "order";
      readonly agent: string;
      readonly mode: Executor;
      readonly inForce: CurrentBindings;
    }
  | { readonly type: "claim"; readonly order: string; readonly by: string; readonly inForce: CurrentBindings }
  /** Gate sends the write itself: order and claim in one. */
  | { readonly type: "begin"; readonly inForce: CurrentBindings }
  /**
   * Of a claim that certainly led to nothing: nobody could be told of it, or nothing of the request was sent. An order
   * can be claimed again after that; `undone` says of how many of its claims that was said before this one, so that a
   * message which comes late, or twice, does not undo the claim of whoever is sending it by then.
   */
  | { readonly type: "unclaim"; readonly order: string; readonly undone: number }
  | { readonly type: "heartbeat"; readonly order: string; readonly by: string }
  | {
      readonly type: "report";
      readonly order: string;
      readonly by: string;
      readonly outcome: "succeeded" | "failed" | "indeterminate";
      readonly retryable: boolean;
      readonly executedAt: Instant | null;
      readonly result: string | null;
      /** The signed report, once its signature and what it names were verified; null without one. */
      readonly proof: string | null;
    }
  | {
      readonly type: "resolve";
      readonly by: string;
      /** Set when a reviewer resolves, who must be eligible; null for an admin. */
      readonly voter: Voter | null;
      readonly outcome: "executed" | "not_executed";
      readonly note: string | null;
    }
  /** Admin only, which the door checks; the note is the reason. */
  | { readonly type: "erase"; readonly by: string; readonly note: string }
  /** Nothing but the clock: makes what is due happen. */
  | { readonly type: "tick" };

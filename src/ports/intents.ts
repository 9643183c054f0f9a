import type { CurrentBindings, IntentCommand } from "../core/intent/command.ts";
import type { NumberedNote } from "../core/intent/entries.ts";
import type { Phase } from "../core/intent/phase.ts";
import type { Refusal } from "../core/intent/refusal.ts";
import type { IntentState, IntentTerms } from "../core/intent/state.ts";
import type { Entry } from "../core/ledger/entry.ts";
import type { HttpWrite } from "../core/outbound/http-write.ts";
import type { Header } from "../core/outbound/header-names.ts";
import type { Result } from "../core/base/result.ts";

/** A waiting intent's evaluation under changed rules. */
export interface Recheck extends Omit<Extract<IntentCommand, { type: "recheck" }>, "type"> {
  /** JSON text of the decision. */
  readonly decision: string;
}

/** A new intent, as the use case hands it to its object. Payload and JSON cross the RPC as bytes and text. */
export interface Proposal {
  readonly terms: IntentTerms;
  readonly salt: Uint8Array;
  /** JSON text of the `ProposalRequest`. */
  readonly request: string;
  /** JSON text of the decision. */
  readonly decision: string;
  readonly payload: {
    readonly kind: "none" | "content" | "reference";
    readonly bytes: Uint8Array;
    readonly name: string | null;
    readonly mediaType: string | null;
  };
  /** True: if policy approves it, the caller begins the send at once, and the entries reach D1 with that commit. */
  readonly attended: boolean;
}

export interface ProposeReply {
  /** True: the key was used before, and no intent was created. */
  readonly repeated: boolean;
  readonly state: IntentState;
}

export interface CommandOutcome {
  readonly state: IntentState;
  /** False: the command's effect was in place already. */
  readonly changed: boolean;
  /** After a worker's command, whose answer shows it. */
  readonly record?: IntentRecord;
}

/** Everything stored about one intent. Callers check who may read it. */
export interface IntentRecord {
  readonly state: IntentState;
  readonly entries: readonly Entry[];
  readonly notes: readonly NumberedNote[];
  /** Key of the commitments; replaced by another on erasure. */
  readonly salt: Uint8Array;
  /** Proposal and decision; null once the intent was erased. */
  readonly case: {
    /** JSON text of the `ProposalRequest`. */
    readonly request: string;
    /** JSON text of the decision in force. */
    readonly decision: string;
    readonly payload: {
      readonly kind: "none" | "content" | "reference";
      readonly bytes: number;
      readonly name: string | null;
      readonly mediaType: string | null;
    };
  } | null;
}

/** A write that Gate may send now: ordered, claimed, and on the ledger. */
export interface SendPermit {
  readonly state: IntentState;
  /** Id of the order under which it is sent. */
  readonly order: string;
  readonly http: HttpWrite;
  /** The payload's bytes; null: none, or the caller has them. */
  readonly body: Uint8Array | null;
}

/** An upstream's response to a write, as the agent gets it: masked, and its body truncated at the configured size. */
export interface StoredResponse {
  readonly status: number;
  /** Lower case. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** True: the body was longer. */
  readonly truncated: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** The message of an object that ended itself because it had nothing to do; whoever reads it calls again. */
export const LEFT_MEMORY = "the object had nothing to do and left memory";

/** One intent, by the interface of its object. */
export interface Intent {
  readonly id: string;
  propose(proposal: Proposal): Promise<Result<ProposeReply, Refusal>>;
  handle(command: IntentCommand): Promise<Result<CommandOutcome, Refusal>>;
  /**
   * Orders and claims a write that Gate sends; the ledger has it when this resolves.
   *
   * @param attempt id chosen by the caller: a repeated call of the same attempt gets the same permit
   * @param hasBody true: the caller has the payload's bytes, and the permit leaves them out
   */
  beginSend(
    bindings: CurrentBindings,
    attempt: string,
    hasBody: boolean,
  ): Promise<Result<SendPermit, Refusal>>;
  /** Reports the outcome and stores the response in one commit. */
  finishSend(
    report: Extract<IntentCommand, { type: "report" }>,
    response: StoredResponse | null,
  ): Promise<Result<CommandOutcome, Refusal>>;
  /** Replaces terms and decision in one commit, if the digest is still the one that was evaluated. */
  recheck(change: Recheck): Promise<Result<CommandOutcome, Refusal>>;
  /** Null: none is stored, or it was erased. */
  response(): Promise<StoredResponse | null>;
  getState(): Promise<IntentState | null>;
  getRecord(): Promise<IntentRecord | null>;
  payload(): Promise<Uint8Array | null>;
  /**
   * One piece of the payload, from 0: who sends a large one on holds a piece of it and not the whole. Null: there is no
   * such piece, or the payload was erased.
   */
  payloadPiece(index: number): Promise<Uint8Array | null>;
  /** Records that an equal proposal without a key was answered with this intent. */
  repeated(by: string): Promise<IntentState | null>;
  /** The state once it has left this phase, or the current state at the timeout; null: never proposed. */
  waitWhile(phase: Phase, timeoutMs: number): Promise<IntentState | null>;
  /** `at`: the deadline that the queue's message names, in milliseconds since the epoch. */
  onDeadline(at?: number | null): Promise<void>;
}

export interface Intents {
  /** An unused intent. */
  create(): Intent;
  /** The only intent of this agent and key, used or not. */
  forKey(agent: string, key: string): Intent;
  /** Null for a text that is no intent id of this deployment; no object is created to check. */
  find(id: string): Intent | null;
}

/** Queue message that applies a deadline when it passes. */
export interface DeadlineMessage {
  readonly type: "deadline";
  readonly intent: string;
  /** Milliseconds since the epoch: its deadline, which may have passed or moved when the message arrives. */
  readonly at: number;
}

/** Queue message for a write that is ready to be sent. */
export interface SendMessage {
  readonly type: "send";
  readonly intent: string;
}

import type { CurrentBindings, IntentCommand } from "../core/intent/command.ts";
import type { NumberedNote } from "../core/intent/entries.ts";
import type { Phase } from "../core/intent/phase.ts";
import type { Refusal } from "../core/intent/refusal.ts";
import type { IntentState, IntentTerms } from "../core/intent/state.ts";
import type { Entry } from "../core/ledger/entry.ts";
import type { HttpWrite } from "../core/outbound/http-write.ts";
import type { Header } from "../core/outbound/header-names.ts";
import type { Result } from "../core/base/result.ts";

/** A fresh intent, as the use case made it. Payload and JSON cross the object's border as bytes and text. */
export interface Proposal {
  readonly terms: IntentTerms;
  readonly salt: Uint8Array;
  /** JSON text of the ask. */
  readonly request: string;
  /** JSON text of the decision. */
  readonly decision: string;
  readonly payload: {
    readonly kind: "none" | "content" | "reference";
    readonly bytes: Uint8Array;
    readonly name: string | null;
    readonly mediaType: string | null;
  };
  /** True: what is approved at once is begun at once by whoever proposes, and goes to D1 with that. */
  readonly attended: boolean;
}

export interface ProposeReply {
  /** True: this key was used before, and nothing new was made. */
  readonly repeated: boolean;
  readonly state: IntentState;
}

export interface CommandOutcome {
  readonly state: IntentState;
  /** False when what was asked for held already. */
  readonly changed: boolean;
}

/** All that is known of one intent, for those who may see it. */
export interface IntentRecord {
  readonly state: IntentState;
  readonly entries: readonly Entry[];
  readonly notes: readonly NumberedNote[];
  /** What commitments are made with; another one once the intent was erased. */
  readonly salt: Uint8Array;
  /** What was asked and how it was decided; null once it was erased. */
  readonly case: {
    /** JSON text of the ask. */
    readonly request: string;
    /** JSON text of the decision. */
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
  /** Id of the order it is sent under. */
  readonly order: string;
  readonly http: HttpWrite;
  /** The payload's bytes; null where there are none, or the caller holds them. */
  readonly body: Uint8Array | null;
}

/** What an upstream answered to a write, as the agent gets it: masked, and its body cut off where it is too long. */
export interface StoredResponse {
  readonly status: number;
  /** Lower case. */
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
  /** True: there was more of it. */
  readonly truncated: boolean;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** One intent, wherever its object lives. */
export interface Intent {
  readonly id: string;
  propose(proposal: Proposal): Promise<Result<ProposeReply, Refusal>>;
  handle(command: IntentCommand): Promise<Result<CommandOutcome, Refusal>>;
  /**
   * Orders and claims a write that Gate sends; the ledger has it when this resolves.
   *
   * @param attempt a text of the caller's own: the same attempt, asked for again, is told the same
   * @param hasBody true: the caller holds the payload's bytes, and is not told them again
   */
  beginSend(
    inForce: CurrentBindings,
    attempt: string,
    hasBody: boolean,
  ): Promise<Result<SendPermit, Refusal>>;
  /** Reports what came of it, and keeps the answer, in one commit. */
  finishSend(
    report: Extract<IntentCommand, { type: "report" }>,
    response: StoredResponse | null,
  ): Promise<Result<CommandOutcome, Refusal>>;
  /** Null: there is none, or none any more. */
  response(): Promise<StoredResponse | null>;
  getState(): Promise<IntentState | null>;
  getRecord(): Promise<IntentRecord | null>;
  payload(): Promise<Uint8Array | null>;
  /** Records that an equal proposal came again, without a key, and was answered with this intent. */
  repeated(by: string): Promise<IntentState | null>;
  /** The state once it has left this phase, or as it is when the time is over; null: never proposed. */
  waitWhile(phase: Phase, timeoutMs: number): Promise<IntentState | null>;
  /** `at`: the deadline that the queue's message was sent for, where it says so. */
  onDeadline(at?: number | null): Promise<void>;
}

export interface Intents {
  /** An intent nobody has used yet. */
  create(): Intent;
  /** The one intent of this agent and key, used or not. */
  forKey(agent: string, key: string): Intent;
  /** Null for text that names no intent of this deployment; no object is made to find out. */
  find(id: string): Intent | null;
}

/** The message that makes a deadline happen in time. */
export interface DeadlineMessage {
  readonly type: "deadline";
  readonly intent: string;
  /** Milliseconds since the epoch: the deadline it is about, which may be over or moved when it arrives. */
  readonly at: number;
}

/** Says that a write waits to be sent. */
export interface SendMessage {
  readonly type: "send";
  readonly intent: string;
}

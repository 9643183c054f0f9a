import type { Decision } from "../../core/policy/decision.ts";
import type { Phase } from "../../core/intent/phase.ts";
import { mayHaveBeenSentBefore, type IntentState } from "../../core/intent/state.ts";
import type { Intent, StoredResponse } from "../../ports/intents.ts";

/** A write that has ended, or whose outcome a person has to resolve. */
export type FinalOutcome =
  | {
      readonly kind: "answered";
      readonly intent: string;
      readonly response: StoredResponse;
      /** The response's bytes beyond the stored ones; the door reads or cancels it. Null: those are all. */
      readonly rest: ReadableStream<Uint8Array> | null;
    }
  /** The write was sent, and no response is stored: none arrived, or it was erased. */
  | { readonly kind: "no_response"; readonly state: IntentState }
  /** The write was not sent, and never will be. */
  | { readonly kind: "blocked"; readonly state: IntentState; readonly why: BlockReason };

export interface BlockReason {
  readonly code: string;
  /** A sentence for the agent. */
  readonly text: string;
}

export async function finalOutcome(intent: Intent, state: IntentState): Promise<FinalOutcome> {
  const { phase } = state;
  if (phase !== "succeeded" && phase !== "failed" && phase !== "indeterminate") {
    return { kind: "blocked", state, why: await blockReason(intent, state) };
  }
  const response = await intent.response();
  if (response === null) return { kind: "no_response", state };
  return { kind: "answered", intent: intent.id, response, rest: null };
}

async function blockReason(intent: Intent, state: IntentState): Promise<BlockReason> {
  const { phase, terms } = state;
  const record = await intent.getRecord();
  if (phase === "blocked") {
    const decision = record?.case ? (JSON.parse(record.case.decision) as Decision) : null;
    return { code: terms.reasonCode, text: decision?.reason ?? "Policy does not allow this write." };
  }
  const ended = OUTCOME_TEXT[phase] ?? "This write has ended.";
  // Sent again after an unknown outcome: how the last attempt ended says nothing of the earlier one.
  const outcome = mayHaveBeenSentBefore(state)
    ? `${ended} An earlier attempt may have reached the upstream.`
    : ended;
  const note = record?.notes.findLast(({ kind }) => kind === "note")?.text ?? null;
  return { code: phase, text: note === null ? outcome : `${outcome} ${note}` };
}

const OUTCOME_TEXT: Partial<Record<Phase, string>> = {
  rejected: "A reviewer rejected this write.",
  cancelled: "A reviewer cancelled this write.",
  withdrawn: "The agent withdrew this write.",
  revoked: "The approval of this write was revoked.",
  expired: "A deadline passed before this write was approved, or before this attempt sent it.",
};

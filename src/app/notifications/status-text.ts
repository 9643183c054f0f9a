import type { IntentState } from "../../core/intent/state.ts";
import { silenceWords } from "../../core/presentation/silence-words.ts";
import { MAX_NAME_CHARACTERS, oneLine } from "./one-line.ts";

/** The intent's status as one sentence for people; `nameOf` maps a person's id to a name. */
export function statusText(state: IntentState, nameOf: (person: string) => string): string {
  const by = state.decidedBy === null ? "" : ` by ${oneLine(nameOf(state.decidedBy), MAX_NAME_CHARACTERS)}`;
  switch (state.phase) {
    case "pending_approval":
      return waitingText(state, nameOf);
    case "approved":
      return `Approved${by}. It has not been carried out yet.`;
    case "scheduled":
    case "claimed":
      return `Approved${by}. It is being carried out.`;
    case "succeeded":
      return `Approved${by}, and carried out.`;
    case "failed":
      return `Approved${by}; carrying it out failed.`;
    case "indeterminate":
      return `Approved${by}. It is unknown whether it was carried out.`;
    case "rejected":
      return `Rejected${by}.`;
    case "cancelled":
      return state.successor === null
        ? `Cancelled${by}.`
        : `Edited${by}: a successor with the new payload replaces it and needs its own approval.`;
    case "withdrawn":
      return "Withdrawn by the agent.";
    case "revoked":
      return "Revoked.";
    case "expired":
      return "Expired: it was not decided or carried out in time.";
    case "blocked":
      return "Blocked by policy.";
  }
}

function waitingText(state: IntentState, nameOf: (person: string) => string): string {
  const { votes, rejections, terms } = state;
  const { require, rejections: rejectionsNeeded } = terms.approval;
  const names = votes.map(({ person }) => oneLine(nameOf(person), MAX_NAME_CHARACTERS));
  const yes = names.length === 0 ? "" : ` Approved by ${names.join(", ")}: ${names.length} of ${require}.`;
  const no = rejections.length === 0 ? "" : ` Rejected: ${rejections.length} of ${rejectionsNeeded}.`;
  const silence = silenceWords(state);
  return `Waiting for a decision.${yes}${no}${silence === null ? "" : ` ${silence}`}`;
}

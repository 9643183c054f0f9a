import { ok } from "../base/result.ts";
import { wrongPhase, type Command, type CommandResult } from "./command-result.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/**
 * True when the intent can't be approved, ordered or resolved any more. Before that its payload is needed: a person who
 * resolves an unknown outcome has to see what may have been written.
 */
export function hasEnded(state: IntentState, now: Instant): boolean {
  switch (state.phase) {
    case "pending_approval":
    case "approved":
    case "scheduled":
    case "claimed":
    case "indeterminate":
      return false;
    case "failed": {
      const mayRetry = currentOrder(state)?.report?.retryable === true;
      return !mayRetry || state.executeBy === null || now >= state.executeBy;
    }
    default:
      return true;
  }
}

export function erase(state: IntentState, command: Command<"erase">, now: Instant): CommandResult {
  if (state.erasedAt !== null) return ok([]);
  if (!hasEnded(state, now)) return wrongPhase(state, command);
  return ok([{ type: "payload_erased", why: "requested", note: command.note }]);
}

/** When retention erases the intent, as far as its state tells now; null: not without a request. */
export function erasureDeadline(state: IntentState): Instant | null {
  const { eraseBy } = state.terms;
  if (eraseBy === null || state.erasedAt !== null) return null;
  if (hasEnded(state, Number.POSITIVE_INFINITY)) {
    return Math.max(eraseBy, state.phase === "failed" ? (state.executeBy ?? 0) : 0);
  }
  return null;
}

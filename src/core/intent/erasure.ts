import { ok } from "../base/result.ts";
import { wrongPhase, type Command, type CommandResult } from "./command-result.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/**
 * Has it ended for good? What may still be approved, ordered or resolved needs what would be erased: a person who
 * resolves an unknown outcome has to see what was written.
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

/** When retention will erase it, as far as is known now; null: not by itself. */
export function erasureDeadline(state: IntentState): Instant | null {
  const { eraseBy } = state.terms;
  if (eraseBy === null || state.erasedAt !== null) return null;
  if (hasEnded(state, Number.POSITIVE_INFINITY)) {
    return Math.max(eraseBy, state.phase === "failed" ? (state.executeBy ?? 0) : 0);
  }
  return null;
}

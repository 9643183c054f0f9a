import { GATE, type RecordedEvent } from "./event.ts";
import { foldedHeartbeats } from "./execution.ts";
import { currentOrder, type Instant, type IntentState } from "./state.ts";

/**
 * The events of an intent that a backup put back. Between the backup and the restore it may have been approved, sent and
 * reported: an approved write is `indeterminate`, is never sent again, and a person resolves it.
 *
 * @param restoredAt when the data were restored; null: never
 */
export function restoredEvents(
  state: IntentState,
  restoredAt: Instant | null,
  now: Instant,
): readonly RecordedEvent[] {
  if (restoredAt === null || state.terms.createdAt >= restoredAt) return [];
  if (state.restoredAt !== undefined && state.restoredAt >= restoredAt) return [];
  if (!isUnfinished(state)) return [];
  const held = currentOrder(state);
  const heartbeats = state.phase === "claimed" && held !== undefined ? foldedHeartbeats(held) : [];
  return [...heartbeats, { type: "restored", restoredAt } as const].map((event) => ({
    event,
    actor: GATE,
    at: now,
  }));
}

function isUnfinished({ phase, executeBy }: IntentState): boolean {
  switch (phase) {
    case "pending_approval":
    case "approved":
    case "scheduled":
    case "claimed":
      return true;
    case "failed":
    case "indeterminate":
      // Another attempt could still begin.
      return executeBy !== null;
    default:
      return false;
  }
}

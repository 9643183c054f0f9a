import type { Entry } from "../ledger/entry.ts";
import type { NumberedNote } from "./entries.ts";

/** A person's no: one of several that the policy requires, the last of them, or the end of a hold or an approval. */
export interface ShownRejection {
  readonly event: "rejection_vote_recorded" | "rejected" | "cancelled" | "revoked";
  readonly person: string;
  /** The person who cast it; differs only under a delegation. */
  readonly acting: string;
  readonly at: number;
  /** What the person gave as the reason; null: nothing, or it was erased. */
  readonly reason: string | null;
}

const EVENTS: ReadonlySet<string> = new Set<ShownRejection["event"]>([
  "rejection_vote_recorded",
  "rejected",
  "cancelled",
  "revoked",
]);

/** Everybody's no, as the ledger has it, with the reasons that are stored beside it. */
export function rejectionsIn(
  entries: readonly Entry[],
  notes: readonly NumberedNote[],
): readonly ShownRejection[] {
  return entries.flatMap(({ event, seq, at, body }) => {
    if (!EVENTS.has(event)) return [];
    const { person, by, acting } = JSON.parse(body) as Readonly<Record<string, unknown>>;
    const named = textOr(person, textOr(by, ""));
    const reason = notes.find((note) => note.seq === seq && note.kind === "note")?.text ?? null;
    return [
      { event: event as ShownRejection["event"], person: named, acting: textOr(acting, named), at, reason },
    ];
  });
}

function textOr(value: unknown, fallback: string): string {
  return typeof value === "string" ? value : fallback;
}

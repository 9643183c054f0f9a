import { cursorText, readCursor } from "../../core/intent/list-cursor.ts";
import type { Phase } from "../../core/intent/phase.ts";
import type { Ports } from "../../ports/ports.ts";
import { ANY_INTENT } from "../../ports/intent-index.ts";

/** Phases that changed rules can still affect, in the order of a walk. */
const PHASES = ["pending_approval", "approved"] as const satisfies readonly Phase[];

export interface WaitingPage {
  readonly ids: readonly string[];
  /** Where the next page starts; null: all were listed. */
  readonly next: string | null;
}

/**
 * What waits for people, then what is approved and not ordered; newest first.
 *
 * @param cursor `next` of the page before; empty: from the beginning
 * @returns null for a text that is no cursor
 */
export async function waitingIntents(
  cursor: string,
  limit: number,
  { index }: Pick<Ports, "index">,
): Promise<WaitingPage | null> {
  const start = readStart(cursor);
  if (start === null) return null;
  const { phase, after } = start;
  const { rows, next } = await index.page({
    ...ANY_INTENT,
    phases: [phase],
    after,
    limit,
  });
  const ids = rows.map(({ id }) => id);
  if (next !== null) return { ids, next: `${phase} ${cursorText(next)}` };
  const following = PHASES[PHASES.indexOf(phase) + 1];
  return { ids, next: following === undefined ? null : `${following} ` };
}

function readStart(cursor: string) {
  const [word = "", text = ""] = cursor === "" ? [PHASES[0]] : cursor.split(" ");
  const phase = PHASES.find((known) => known === word);
  const after = text === "" ? null : readCursor(text);
  return phase === undefined || (text !== "" && after === null) ? null : { phase, after };
}

import { z } from "zod";
import { PROPOSED } from "../intents/propose-schema.ts";
import { APPROVED, REJECTED, STATUS_SUMMARY } from "../shared/decision-schema.ts";
import { VOTE_PROBLEM } from "../../problem/problem-schema.ts";

const CAST = { ok: z.literal(true) } as const;

/** The editor's own vote on the successor. */
export const EDITORS_VOTE = z.union([
  APPROVED.extend(CAST),
  REJECTED.extend(CAST),
  z.object({ ok: z.literal(false), problem: VOTE_PROBLEM }),
]);

export const EDITED = z.object({
  predecessor: STATUS_SUMMARY.extend({ successor_id: z.string().nullable() }),
  successor: PROPOSED.extend({ predecessor_id: z.string().nullable() }),
  approval: EDITORS_VOTE.nullable().describe(
    "Null: `approve` was not asked for, or the successor is not pending.",
  ),
});

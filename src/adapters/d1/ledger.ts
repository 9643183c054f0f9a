import type { IntentRow } from "../../core/intent/read-model.ts";
import type { Ledger, LedgerCommit } from "../../ports/ledger.ts";
import { jsonPieces } from "./json-pieces.ts";

/** One JSON parameter for any number of entries: D1 binds at most 100 parameters. */
export const INSERT_ENTRIES = `
  INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
  SELECT e.value ->> 'intent', e.value ->> 'seq', e.value ->> 'event', e.value ->> 'actor', e.value ->> 'at',
         e.value ->> 'body', e.value ->> 'prev', e.value ->> 'hash', e.value ->> 'mac'
  FROM json_each(?1) AS e`;

const COLUMNS = [
  "id",
  "agent_id",
  "destination",
  "action",
  "policy_id",
  "phase",
  "status",
  "reason_code",
  "risk_score",
  "risk_level",
  "records",
  "value_cents",
  "created_at",
  "decide_by",
  "approved_at",
  "updated_at",
  "group_key",
  "subject",
  "shape_key",
  "policies",
  "people",
  "decided_by",
  "approval",
  "details",
  "seq",
] as const satisfies readonly (keyof IntentRow)[];

/** The identity of an intent never changes; an evaluation under changed rules may change all the rest. */
const FIXED: readonly string[] = ["id", "agent_id", "destination", "action", "policy_id", "created_at"];
const CHANGING = COLUMNS.filter((column) => !FIXED.includes(column));

// A redelivered older row must not overwrite a newer one: the higher sequence number wins.
const UPSERT_INTENTS = `
  INSERT INTO intents (${COLUMNS.join(", ")})
  SELECT ${COLUMNS.map((column) => `value ->> '${column}'`).join(", ")} FROM json_each(?1) WHERE true
  ON CONFLICT (id) DO UPDATE SET
    ${CHANGING.map((column) => `${column} = excluded.${column}`).join(", ")}
  WHERE excluded.seq > intents.seq`;

export function d1Ledger(db: D1Database): Ledger {
  return {
    async append(commits: readonly LedgerCommit[]): Promise<void> {
      const inserting = (sql: string) => (piece: string) => db.prepare(sql).bind(piece);
      await db.batch([
        ...jsonPieces(commits.flatMap(({ entries }) => entries)).map(inserting(INSERT_ENTRIES)),
        ...jsonPieces(commits.map(({ row }) => row)).map(inserting(UPSERT_INTENTS)),
      ]);
    },
  };
}

import type { RecheckMessage, RecheckSweeps } from "../../ports/recheck-sweeps.ts";

interface SweepRow {
  readonly rules: string;
  readonly cursor: string;
  readonly checked: number;
  readonly busy_until: number;
  readonly finished_at: number | null;
}

const BEGIN = `
  INSERT INTO recheck_sweep (one, rules, cursor, checked, busy_until, finished_at) VALUES (1, ?1, '', 0, ?2, NULL)
  ON CONFLICT (one) DO UPDATE SET rules = ?1, cursor = '', checked = 0, busy_until = ?2, finished_at = NULL
  WHERE recheck_sweep.rules = ?3`;

const TAKE = `
  UPDATE recheck_sweep SET busy_until = ?4
  WHERE rules = ?1 AND cursor = ?2 AND busy_until <= ?3 AND finished_at IS NULL`;

const ADVANCE = `
  UPDATE recheck_sweep SET cursor = COALESCE(?3, cursor), checked = checked + ?4, busy_until = ?5,
    finished_at = CASE WHEN ?3 IS NULL THEN ?5 END
  WHERE rules = ?1 AND cursor = ?2 AND finished_at IS NULL`;

export function d1RecheckSweeps(db: D1Database, queue: Queue<RecheckMessage>): RecheckSweeps {
  const hasChanged = async (statement: D1PreparedStatement) => (await statement.run()).meta.changes > 0;
  return {
    async read() {
      const row = await db.prepare("SELECT * FROM recheck_sweep").first<SweepRow>();
      if (row === null) return null;
      const { rules, cursor, checked } = row;
      return { rules, cursor, checked, busyUntil: row.busy_until, finishedAt: row.finished_at };
    },

    begin: (rules, before, now) => hasChanged(db.prepare(BEGIN).bind(rules, now, before?.rules ?? "")),

    take: ({ rules, cursor }, now, until) => hasChanged(db.prepare(TAKE).bind(rules, cursor, now, until)),

    advance: ({ rules, cursor }, next, checked, now) =>
      hasChanged(db.prepare(ADVANCE).bind(rules, cursor, next, checked, now)),

    async enqueue(page, delaySeconds) {
      await queue.send(page, { delaySeconds });
    },
  };
}

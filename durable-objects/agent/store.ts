import type { EarlierIntent, History, HistoryNeed, WindowCount } from "../../src/core/policy/history.ts";
import type { Reservation, Settlement } from "../../src/ports/counters.ts";

/** No query reaches further back: a policy's windows are at most 366 days long. */
const RETENTION_MS = 367 * 24 * 60 * 60 * 1000;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS intents (
    id TEXT PRIMARY KEY,
    at INTEGER NOT NULL,
    destination TEXT NOT NULL,
    subject TEXT NOT NULL,
    records INTEGER NOT NULL,
    cents INTEGER NOT NULL,
    -- 1: it ended without an order, so its records and money no longer count.
    released INTEGER NOT NULL DEFAULT 0,
    -- When an unconfirmed reservation stops counting, or NULL once the intent's object confirmed it.
    lapses INTEGER
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS counted (
    policy TEXT NOT NULL,
    at INTEGER NOT NULL,
    intent TEXT NOT NULL,
    PRIMARY KEY (policy, at, intent)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS counted_by_intent ON counted (intent);
  CREATE INDEX IF NOT EXISTS intents_by_subject ON intents (subject, destination, at);
  CREATE INDEX IF NOT EXISTS intents_by_time ON intents (at);
  CREATE TABLE IF NOT EXISTS rejections (
    subject TEXT NOT NULL,
    at INTEGER NOT NULL,
    intent TEXT NOT NULL,
    PRIMARY KEY (subject, at, intent)
  ) STRICT, WITHOUT ROWID;`;

const COUNT = `
  SELECT COUNT(*) AS intents,
         COALESCE(SUM(CASE WHEN i.released = 0 THEN i.records END), 0) AS records,
         COALESCE(SUM(CASE WHEN i.released = 0 THEN i.cents END), 0) AS cents,
         MIN(i.at) AS oldest
  FROM counted c JOIN intents i ON i.id = c.intent
  WHERE c.policy = ? AND c.at > ? AND i.id NOT IN (?, ?) AND (i.lapses IS NULL OR i.lapses > ?)`;

const FIRST_EQUAL = `
  SELECT id, at FROM intents
  WHERE subject IN (SELECT value FROM json_each(?)) AND destination = ? AND at > ? AND id NOT IN (?, ?) AND released = 0
    AND (lapses IS NULL OR lapses > ?)
  ORDER BY at, id LIMIT 1`;

const LAST_REJECTION = `
  SELECT intent AS id, at FROM rejections WHERE subject IN (SELECT value FROM json_each(?)) AND at > ? AND intent <> ? ORDER BY at DESC LIMIT 1`;

/** One agent's rows. Synchronous, so that no other call runs between reading the counters and adding to them. */
export class AgentStore {
  readonly #sql: SqlStorage;

  constructor(storage: DurableObjectStorage) {
    this.#sql = storage.sql;
    this.#sql.exec(SCHEMA);
  }

  history({ intent, destination, subjects, replaces }: Reservation, need: HistoryNeed, now: number): History {
    const { duplicateWithinMs, rejectedWithinMs } = need;
    const replaced = replaces ?? intent;
    return {
      windows: need.windows.map((window): WindowCount => {
        const row = this.#sql
          .exec<{ intents: number; records: number; cents: number; oldest: number | null }>(
            COUNT,
            window.policy,
            now - window.windowMs,
            intent,
            replaced,
            now,
          )
          .one();
        const freesUpInMs = row.oldest === null ? null : row.oldest + window.windowMs - now;
        return {
          ...window,
          intents: row.intents,
          records: row.records,
          valueUsdCents: row.cents,
          freesUpInMs,
        };
      }),
      duplicateOf:
        duplicateWithinMs === null
          ? null
          : this.#earlier(
              now,
              FIRST_EQUAL,
              JSON.stringify(subjects),
              destination,
              now - duplicateWithinMs,
              intent,
              replaced,
              now,
            ),
      rejected:
        rejectedWithinMs === null
          ? null
          : this.#earlier(now, LAST_REJECTION, JSON.stringify(subjects), now - rejectedWithinMs, intent),
      duplicateWithinMs,
      rejectedWithinMs,
    };
  }

  add(reservation: Reservation, now: number): void {
    const { intent, destination, subjects, records, cents, policies, lapsesAt, replaces } = reservation;
    this.#prune(now);
    if (replaces !== null) this.remove(replaces);
    this.#sql.exec(
      "INSERT INTO intents (id, at, destination, subject, records, cents, lapses) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
      intent,
      now,
      destination,
      subjects[0],
      records,
      cents,
      lapsesAt,
    );
    for (const policy of policies) {
      this.#sql.exec(
        "INSERT INTO counted (policy, at, intent) SELECT ?, at, id FROM intents WHERE id = ? ON CONFLICT DO NOTHING",
        policy,
        intent,
      );
    }
  }

  /** Not of an intent whose object confirmed it: of two calls for one intent, one may find it blocked too late. */
  release(intent: string): void {
    const { reserved } = this.#sql
      .exec<{ reserved: number }>(
        "SELECT COUNT(*) AS reserved FROM intents WHERE id = ? AND lapses IS NOT NULL",
        intent,
      )
      .one();
    if (reserved > 0) this.remove(intent);
  }

  remove(intent: string): void {
    this.#sql.exec("DELETE FROM counted WHERE intent = ?", intent);
    this.#sql.exec("DELETE FROM intents WHERE id = ?", intent);
  }

  settle({ intent, effect, subject, at }: Settlement, now: number): void {
    this.#prune(now);
    this.#sql.exec("UPDATE intents SET lapses = NULL WHERE id = ?", intent);
    if (effect !== "kept") this.#sql.exec("UPDATE intents SET released = 1 WHERE id = ?", intent);
    if (effect === "rejected") {
      this.#sql.exec(
        "INSERT INTO rejections (subject, at, intent) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        subject,
        at,
        intent,
      );
    }
  }

  #earlier(now: number, query: string, ...bindings: readonly (string | number)[]): EarlierIntent | null {
    const [row] = this.#sql.exec<{ id: string; at: number }>(query, ...bindings).toArray();
    return row === undefined ? null : { intentId: row.id, ageMs: now - row.at };
  }

  #prune(now: number): void {
    this.#sql.exec(
      "DELETE FROM counted WHERE intent IN (SELECT id FROM intents WHERE at < ?)",
      now - RETENTION_MS,
    );
    this.#sql.exec("DELETE FROM intents WHERE at < ?", now - RETENTION_MS);
    this.#sql.exec("DELETE FROM rejections WHERE at < ?", now - RETENTION_MS);
  }
}

import { LONGEST_PAUSE_MS } from "../../src/core/intent/silence.ts";
import type {
  Delivery,
  DeliveryKind,
  DeliveryRecord,
  DeliveryState,
  DeliveryResult,
} from "../../src/ports/notifications.ts";

/** Concurrent deliveries per lane: one continues while the other waits for a response. */
const LANE_WIDTH = 2;

/** Ended deliveries stay this long for the delivery log. */
const RETENTION_MS = 30 * 24 * 60 * 60_000;

/** Rows that one prune removes; the next alarm removes more. */
const PRUNE_BATCH = 1_000;

/** Lanes that one lease considers; the others follow as deliveries of these end. */
const LANES_AT_ONCE = 1_000;

/** The pause before a retry when the attempt named none. */
const RETRY_MS = 60_000;

/** How far apart beats are stored at least: each is a write. */
const BEAT_MS = 10_000;

/** When Gate was last known to be up, and since when without a pause. */
interface Pulse {
  readonly last: number;
  readonly since: number;
  readonly start: string | null;
}

const FIRST_NOTIFIED = `
  SELECT MIN(delivered_at) AS at FROM deliveries
  WHERE intent = ?1 AND delivered_at >= ?2 AND kind IN ('held', 'reminder') AND target LIKE 'channel:%'`;

const TABLES = [
  `CREATE TABLE IF NOT EXISTS deliveries (
    id TEXT PRIMARY KEY,
    target TEXT NOT NULL,
    lane TEXT NOT NULL,
    person TEXT,
    kind TEXT NOT NULL,
    intent TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event TEXT,
    escalated_to TEXT,
    at INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    -- When the next attempt is due, or when the lease expires.
    next_at INTEGER,
    leased INTEGER NOT NULL,
    last_status INTEGER,
    last_problem TEXT,
    delivered_at INTEGER,
    ended_at INTEGER,
    receipt TEXT
  ) STRICT, WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (lane, next_at) WHERE state = 'pending'",
  "CREATE INDEX IF NOT EXISTS deliveries_leased ON deliveries (lane) WHERE leased = 1",
  "CREATE INDEX IF NOT EXISTS deliveries_failing ON deliveries (lane) WHERE state = 'pending' AND last_problem IS NOT NULL",
  "CREATE INDEX IF NOT EXISTS deliveries_next ON deliveries (next_at) WHERE state = 'pending'",
  "CREATE INDEX IF NOT EXISTS deliveries_by_target ON deliveries (target, at, id)",
  "CREATE INDEX IF NOT EXISTS deliveries_by_intent ON deliveries (intent, at, id)",
  "CREATE INDEX IF NOT EXISTS deliveries_ended ON deliveries (ended_at) WHERE ended_at IS NOT NULL",
] as const;

const ADD = `
  INSERT INTO deliveries (id, target, lane, person, kind, intent, seq, event, escalated_to, at, state, attempts, next_at, leased)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'pending', 0, ?, 0) ON CONFLICT DO NOTHING`;

/**
 * Skips from lane to lane through the index: a lane with many deliveries costs no more than another, and lanes without
 * a due delivery don't use up the limit. In descending order, because the lanes of agents, which can be any number,
 * sort before all that the operator configured.
 */
const LANES = `
  WITH RECURSIVE lanes (lane) AS (
    SELECT MAX(lane) FROM deliveries WHERE state = 'pending'
    UNION ALL
    SELECT (SELECT MAX(lane) FROM deliveries WHERE state = 'pending' AND lane < lanes.lane)
    FROM lanes WHERE lanes.lane IS NOT NULL
  )
  SELECT lane FROM lanes
  WHERE lane IS NOT NULL
    AND EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND lane = lanes.lane AND next_at <= ?1)
  LIMIT ${LANES_AT_ONCE}`;

const DUE = `
  SELECT * FROM deliveries WHERE state = 'pending' AND lane = ?1 AND next_at <= ?2
  ORDER BY next_at LIMIT ?3`;

// A lane with a failed delivery gets one attempt at a time: a hanging receiver occupies one request, not several.
const BUSY = `
  SELECT COUNT(*) AS busy,
    EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND lane = ?1 AND last_problem IS NOT NULL) AS failing
  FROM deliveries WHERE leased = 1 AND lane = ?1 AND next_at > ?2`;

interface Row extends Record<string, SqlStorageValue> {
  id: string;
  target: string;
  lane: string;
  person: string | null;
  kind: string;
  intent: string;
  seq: number;
  event: string | null;
  escalated_to: string | null;
  at: number;
  state: string;
  attempts: number;
  next_at: number | null;
  last_status: number | null;
  last_problem: string | null;
  delivered_at: number | null;
  receipt: string | null;
}

/** The dispatcher's storage: the ledger cursor and all deliveries. Every call is synchronous. */
export class DispatchStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    for (const statement of TABLES) storage.sql.exec(statement);
  }

  cursor(): number | null {
    return this.#storage.kv.get<number>("cursor") ?? null;
  }

  putCursor(row: number): void {
    this.#storage.kv.put("cursor", row);
  }

  /**
   * Notes that Gate is up. A pause that is longer than the alarm's beats, another start of the local server, and a clock
   * that was moved either way begin the time anew.
   *
   * @param start names the local server's start; null: the platform's, which has none
   */
  beat(now: number, start: string | null): void {
    const known = this.#storage.kv.get<Pulse>("pulse");
    if (known === undefined) return this.#putPulse({ last: now, since: now, start });
    const { last, since } = known;
    const step = now - last;
    if (step < -LONGEST_PAUSE_MS) {
      // No wait counts that begins before the clock is past what it showed.
      this.#putPulse({ last: now, since: last + LONGEST_PAUSE_MS + 1, start });
    } else if (start !== known.start) {
      // Later than any wait that began before: those are not proven, however short the stop was.
      this.#putPulse({ last: now, since: Math.max(since, now + LONGEST_PAUSE_MS), start });
    } else if (step > LONGEST_PAUSE_MS) {
      this.#putPulse({ last: now, since: now, start });
    } else if (step >= BEAT_MS) {
      this.#putPulse({ last: now, since, start });
    }
  }

  #putPulse(pulse: Pulse): void {
    this.#storage.kv.put("pulse", pulse);
  }

  /** Since when Gate has been up; null: not known. */
  upSince(): number | null {
    return this.#storage.kv.get<Pulse>("pulse")?.since ?? null;
  }

  /** When an approver's channel took a message about this intent, the first since then; null: none did. */
  firstNotified(intent: string, since: number): number | null {
    return this.#storage.sql.exec<{ at: number | null }>(FIRST_NOTIFIED, intent, since).one().at;
  }

  /** Moves the cursor and adds these, all or nothing; false: another worker moved it first. */
  plan(from: number, to: number, deliveries: readonly Delivery[]): boolean {
    return this.#storage.transactionSync(() => {
      if (this.cursor() !== from) return false;
      this.add(deliveries);
      this.putCursor(to);
      return true;
    });
  }

  add(deliveries: readonly Delivery[]): void {
    for (const each of deliveries) {
      const { id, target, lane = target, person, kind, intent, seq, event = null, to, at } = each;
      this.#storage.sql.exec(ADD, id, target, lane, person, kind, intent, seq, event, to, at, at);
    }
  }

  /** @param leaseMs after which the worker counts as crashed, and the delivery is due again */
  lease(limit: number, now: number, leaseMs: number): readonly DeliveryRecord[] {
    const expiresAt = now + leaseMs;
    return this.#storage.transactionSync(() => {
      const due = this.#lanes(now).flatMap((lane) => {
        const { busy, failing } = this.#busy(lane, now);
        const free = (failing ? 1 : LANE_WIDTH) - busy;
        return free > 0 ? this.#rows(DUE, lane, now, free) : [];
      });
      // The longest waiting first, across lanes.
      const taken = due.toSorted((a, b) => (a.next_at ?? 0) - (b.next_at ?? 0)).slice(0, Math.max(limit, 0));
      for (const { id } of taken) {
        this.#storage.sql.exec(
          "UPDATE deliveries SET leased = 1, attempts = attempts + 1, next_at = ? WHERE id = ?",
          expiresAt,
          id,
        );
      }
      return taken.map((row) => ({ ...recordOf(row), attempts: row.attempts + 1, nextAt: expiresAt }));
    });
  }

  #lanes(now: number): readonly string[] {
    return this.#storage.sql
      .exec<{ lane: string }>(LANES, now)
      .toArray()
      .map(({ lane }) => lane);
  }

  #busy(lane: string, now: number): { readonly busy: number; readonly failing: boolean } {
    const { busy, failing } = this.#storage.sql
      .exec<{ busy: number; failing: number }>(BUSY, lane, now)
      .one();
    return { busy, failing: failing === 1 };
  }

  /** An attempt that outlived its lease changes no delivery that another attempt has ended meanwhile. */
  settle(id: string, result: DeliveryResult, now: number): void {
    const [state, nextAt] =
      result.kind === "retry"
        ? (["pending", now + (result.afterMs ?? RETRY_MS)] as const)
        : ([result.kind, null] as const);
    this.#storage.sql.exec(
      `UPDATE deliveries SET state = ?, next_at = ?, leased = 0, last_status = ?, last_problem = ?,
         delivered_at = ?, ended_at = ?, receipt = COALESCE(?, receipt)
       WHERE id = ? AND state = 'pending'`,
      state,
      nextAt,
      "status" in result ? result.status : null,
      "problem" in result ? result.problem : null,
      result.kind === "delivered" ? now : null,
      result.kind === "retry" ? null : now,
      result.kind === "delivered" ? result.receipt : null,
      id,
    );
  }

  find(id: string): DeliveryRecord | null {
    const row = this.#rows("SELECT * FROM deliveries WHERE id = ?", id)[0];
    return row === undefined ? null : recordOf(row);
  }

  ofIntents(intents: readonly string[]): readonly DeliveryRecord[] {
    return this.#rows(
      "SELECT * FROM deliveries WHERE intent IN (SELECT value FROM json_each(?)) ORDER BY at, id",
      JSON.stringify(intents),
    ).map(recordOf);
  }

  /** Newest first. */
  log(target: string, after: DeliveryRecord | null, limit: number): readonly DeliveryRecord[] {
    return this.#rows(
      `SELECT * FROM deliveries WHERE target = ?1 AND (at, id) < (?2, ?3) ORDER BY at DESC, id DESC LIMIT ?4`,
      target,
      after?.at ?? Number.MAX_SAFE_INTEGER,
      after?.id ?? "",
      limit,
    ).map(recordOf);
  }

  replay(id: string, now: number): void {
    this.#storage.sql.exec(
      `UPDATE deliveries SET state = 'pending', attempts = 0, next_at = ?, leased = 0, last_problem = NULL,
         ended_at = NULL WHERE id = ?`,
      now,
      id,
    );
  }

  drop(target: string, now: number): void {
    this.#storage.sql.exec(
      `UPDATE deliveries SET state = 'moot', next_at = NULL, leased = 0, ended_at = ?
       WHERE target = ? AND state = 'pending'`,
      now,
      target,
    );
  }

  /** When the next delivery is due or a lease expires; null: none is pending. */
  nextAt(): number | null {
    const found = this.#storage.sql
      .exec<{ next: number | null }>("SELECT MIN(next_at) AS next FROM deliveries WHERE state = 'pending'")
      .one();
    return found.next;
  }

  prune(now: number): void {
    this.#storage.sql.exec(
      `DELETE FROM deliveries WHERE id IN
         (SELECT id FROM deliveries WHERE ended_at <= ? ORDER BY ended_at LIMIT ${PRUNE_BATCH})`,
      now - RETENTION_MS,
    );
  }

  #rows(sql: string, ...values: readonly SqlStorageValue[]): readonly Row[] {
    return this.#storage.sql.exec<Row>(sql, ...values).toArray();
  }
}

function recordOf(row: Row): DeliveryRecord {
  return {
    id: row.id,
    target: row.target,
    lane: row.lane,
    person: row.person,
    kind: row.kind as DeliveryKind,
    intent: row.intent,
    seq: row.seq,
    ...(row.event === null ? {} : { event: row.event }),
    to: row.escalated_to,
    at: row.at,
    state: row.state as DeliveryState,
    attempts: row.attempts,
    nextAt: row.next_at,
    lastStatus: row.last_status,
    lastProblem: row.last_problem,
    deliveredAt: row.delivered_at,
    receipt: row.receipt,
  };
}

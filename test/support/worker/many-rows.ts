import { env } from "cloudflare:workers";

/*
 * Rows as an old deployment has them, put in by SQL: a busy agent and hundreds of others, a destination that most writes
 * go to and hundreds of others, what was decided and little that waits, or much.
 */

export interface Rows {
  readonly intents: number;
  /** Of the newest intents, how many wait for people. */
  readonly waiting: number;
}

const AGENTS = 1_000;
const DESTINATIONS = 500;

const HALF_A_DAY_MS = 12 * 60 * 60_000;

const INTENT = `printf('int_%08x%s', (n * 2654435761) % 4294967296, printf('%035d', n))`;

const numbers = (from: number, to: number) =>
  `WITH RECURSIVE numbers (n) AS (SELECT ${from} UNION ALL SELECT n + 1 FROM numbers WHERE n < ${to})`;

/** One of these in a hundred and less; the rest of what does not wait succeeded. */
const PHASE = `CASE
  WHEN n % 1009 = 0 THEN 'failed' WHEN n % 503 = 0 THEN 'rejected' WHEN n % 211 = 0 THEN 'blocked'
  WHEN n % 307 = 0 THEN 'approved' WHEN n % 1511 = 0 THEN 'scheduled' ELSE 'succeeded' END`;

/** Adds intents up to that number, a minute apart, with three ledger entries each, of one in seven half a day later. */
export async function addRows({ intents, waiting }: Rows, before = 0): Promise<void> {
  const first = Date.now() - (intents + 10) * 60_000;
  const [from, to] = [before + 1, intents];
  const entry = (seq: number, event: string, laterMs = 0) =>
    env.DB.prepare(`${numbers(from, to)}
      INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac)
      SELECT ${INTENT}, ${seq}, '${event}', 'gate', ${first} + n * 60000 + CASE WHEN n % 7 = 0 THEN ${laterMs} ELSE 0 END, '{}', 'h${seq - 1}', 'h${seq}', '' FROM numbers`);
  const rows = env.DB.prepare(`${numbers(from, to)}
    INSERT INTO intents (id, agent_id, destination, action, policy_id, phase, status, reason_code, risk_score, risk_level,
      records, value_cents, created_at, decide_by, approved_at, updated_at, group_key, subject, shape_key, policies, people,
      decided_by, approval, seq)
    SELECT ${INTENT},
      CASE WHEN n % 5 < 3 THEN 'agt_busy' ELSE 'agt_' || (n % ${AGENTS}) END,
      CASE WHEN n % 2 = 0 THEN 'crm.busy' ELSE 'crm.d' || (n % ${DESTINATIONS}) END,
      'crm.write', 'kept', phase, phase, 'manual_review_required', 30, 'medium', 12, 4200,
      ${first} + n * 60000, ${first} + n * 60000 + 3600000 * (1 + n % 7), NULL, ${first} + n * 60000, 'group-' || (n % 50),
      'subject-' || n, 'shape-' || (n % 3), json_array('kept', 'policy-' || (n % 50)),
      CASE WHEN phase = 'pending_approval' THEN '[]' ELSE json_array('ana') END,
      CASE WHEN phase = 'pending_approval' THEN NULL ELSE 'ana' END,
      json_object('require', 1, 'votes', 0, 'groups', json('[]'), 'people', json('[]'), 'min_assurance', 'key',
        'decide_by', ${first} + n * 60000 + 3600000 * (1 + n % 7)), 3
    FROM (SELECT n, CASE WHEN n > ${intents - waiting} THEN 'pending_approval' ELSE ${PHASE} END AS phase FROM numbers)`);
  await env.DB.batch([
    entry(1, "proposed"),
    entry(2, "policy_evaluated"),
    entry(3, "held", HALF_A_DAY_MS),
    rows,
  ]);
}

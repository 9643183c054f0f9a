import {
  DISPATCHER,
  type Deliveries,
  type LedgerNews,
  type LedgerRowDetail,
} from "../../ports/notifications.ts";
import { retryCall } from "./retry-call.ts";

/** RPC methods of the dispatcher's object: all of `Deliveries` that D1 does not answer. */
type Stub = Omit<Deliveries, "news" | "row" | "log"> & {
  log(target: string, after: string | null, limit: number): ReturnType<Deliveries["log"]>;
};

/** Rows in a page: each may lead to a dozen deliveries, and one commit adds them all. */
const PAGE_ROWS = 500;

/** `json_valid`: rows with a broken body, by whatever writes to D1, must not stop notifications of other rows. */
const NEWS = `
  SELECT id, intent_id, seq, event, at,
    CASE WHEN json_valid(body) THEN body ->> '$.by' END AS by,
    CASE WHEN json_valid(body) THEN body -> '$.to' END AS recipients
  FROM ledger WHERE id > ?1 ORDER BY id LIMIT ${PAGE_ROWS}`;

const END = `
  SELECT COALESCE(MAX(id), 0) AS id,
    EXISTS (SELECT 1 FROM webhooks WHERE form IN ('standard', 'contract')) AS has_webhooks
  FROM ledger`;

const ROW = `
  SELECT l.intent_id AS intent, l.seq, l.event, l.actor, l.at, l.body, l.entry_hash AS hash,
    i.agent_id AS agent, i.destination, i.policy_id AS policy
  FROM ledger AS l JOIN intents AS i ON i.id = l.intent_id
  WHERE l.intent_id = ?1 AND l.seq = ?2`;

const INTENT_PREFIX = "int_";

interface NewsRow {
  id: number;
  intent_id: string;
  seq: number;
  event: string;
  at: number;
  by: string | null;
  recipients: string | null;
}

interface EndRow {
  id: number;
  has_webhooks: number;
}

/**
 * The dispatcher's object, and the ledger in D1 whose rows it notifies of.
 *
 * @param noteListener has the objects of this isolate wake the dispatcher again
 */
export function dispatchObject(
  namespace: DurableObjectNamespace,
  db: D1Database,
  noteListener: (now: number) => void,
): Deliveries {
  const call = <T>(method: (stub: Stub) => Promise<T>): Promise<T> =>
    retryCall(() => method(namespace.getByName(DISPATCHER) as unknown as Stub));
  return {
    poke: () => call((stub) => stub.poke()),
    listen() {
      noteListener(Date.now());
      return call((stub) => stub.listen());
    },
    cursor: () => call((stub) => stub.cursor()),
    plan: (from, to, deliveries, hasAudience) => call((stub) => stub.plan(from, to, deliveries, hasAudience)),
    add: (deliveries) => call((stub) => stub.add(deliveries)),
    lease: (limit) => call((stub) => stub.lease(limit)),
    settle: (id, result) => call((stub) => stub.settle(id, result)),
    ofIntents: (intents) => call((stub) => stub.ofIntents(intents)),
    log: (target, { after, limit }) => call((stub) => stub.log(target, after, limit)),
    find: (id) => call((stub) => stub.find(id)),
    replay: (id) => call((stub) => stub.replay(id)),
    drop: (target) => call((stub) => stub.drop(target)),

    async news(after) {
      const [page, end] = await db.batch([db.prepare(NEWS).bind(after), db.prepare(END)]);
      const rows = (page?.results ?? []) as NewsRow[];
      const { id: last = after, has_webhooks: webhooks = 1 } = (end?.results[0] ?? {}) as Partial<EndRow>;
      return {
        news: rows.filter(({ intent_id: intent }) => intent.startsWith(INTENT_PREFIX)).map(newsOf),
        // After a restore from an earlier backup the cursor goes back to the ledger's end.
        to: rows.at(-1)?.id ?? Math.min(after, last),
        more: rows.length === PAGE_ROWS,
        hasWebhooks: webhooks === 1,
      };
    },

    async row(intent, seq) {
      return db.prepare(ROW).bind(intent, seq).first<LedgerRowDetail>();
    },
  };
}

function newsOf({ id: row, intent_id: intent, seq, event, at, by, recipients }: NewsRow): LedgerNews {
  const named: unknown = recipients === null ? null : JSON.parse(recipients);
  const to = (Array.isArray(named) ? named : [named]).filter((each) => typeof each === "string");
  return { row, intent, seq, event, at, by: typeof by === "string" ? by : null, to };
}

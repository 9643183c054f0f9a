import { logLine } from "../../../core/base/log-line.ts";
import { Hono } from "hono";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import { voterOf } from "../../../core/identity/people.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { voterQueue } from "../../../app/approvals/voter-queue.ts";
import { voteAsCaller, type CallerVote } from "../../../app/approvals/vote-as-caller.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import type { Problem } from "../../problem/problem.ts";
import { INTENT_NOT_FOUND } from "../../problem/from-refusal.ts";
import { decisionReply } from "../shared/decision-reply.ts";
import { listFilter } from "../shared/list-query.ts";
import { idsInRows } from "../../../core/intent/named-ids.ts";
import { namesOf } from "../../../app/identity/names.ts";
import { cursorText } from "../../../core/intent/list-cursor.ts";
import { queryFlag } from "../shared/query-flag.ts";
import { groupView, parseBatch, queueRowView } from "./queue-view.ts";
import type { IntentFilter, IntentPage } from "../../../ports/intent-index.ts";

const readers = requireRole(["reviewer", "auditor", "admin"]);

/** Concurrent votes of one batch: the objects run in parallel, but a request has six open connections. */
const MAX_CONCURRENT = 6;

const MAX_GROUPS = 200;

async function list(c: GateContext) {
  const filter: IntentFilter = { ...(await listFilter(c)), phases: ["pending_approval"] };
  const { rows, next } = queryFlag(c, "mine") ? await pageOfMine(c, filter) : await c.env.index.page(filter);
  const deliveries = await deliveriesOf(c, rows);
  const shown = rows.map((row) => queueRowView(row, deliveries));
  return c.json({
    approvals: shown,
    count: shown.length,
    next: next === null ? null : cursorText(next),
    names: await namesOf(idsInRows(rows), c.var.principal, c.env),
  });
}

async function pageOfMine(c: GateContext, filter: IntentFilter): Promise<IntentPage> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  const voter = voterOf(c.var.principal, c.var.assurance, registry);
  return voterQueue(voter, filter, ports);
}

/** Null where the dispatcher can't be read: the queue is shown without deliveries. */
async function deliveriesOf(
  { env }: GateContext,
  rows: readonly IntentRow[],
): Promise<readonly DeliveryRecord[] | null> {
  if (rows.length === 0) return [];
  try {
    return await env.deliveries.ofIntents(rows.map(({ id }) => id));
  } catch (error) {
    console.error(logLine("deliveries_unreadable", { error: String(error) }));
    return null;
  }
}

interface Slot {
  readonly id: string;
  readonly wanted: CallerVote;
}

async function batch(c: GateContext) {
  const items = parseBatch(await readJson(c));
  const firsts = new Map(items.map(({ id }, at) => [id, at] as const).toReversed());
  const results = await mapConcurrently(items, (item, at) =>
    firsts.get(item.id) === at ? decideSlot(c, item) : slotRefused(item.id, NAMED_TWICE),
  );
  const decided = results.filter(({ ok }) => ok).length;
  if (decided === 0) c.set("hasNoEffect", true);
  return c.json({ results, count: results.length, decided, refused: results.length - decided });
}

async function decideSlot(c: GateContext, { id, wanted }: Slot) {
  const ports = c.env;
  try {
    const intent = ports.intents.find(id);
    if (intent === null) return slotRefused(id, INTENT_NOT_FOUND);
    const voted = await voteAsCaller(c.var, intent, wanted, ports, Date.now());
    if (!voted.ok) return slotRefused(id, problemOfVote(voted.error));
    return { ...decisionReply(voted.value, wanted.decision, wanted.note), ok: true as const };
  } catch (error) {
    // The other votes of the batch stand; the intent's state shows whether this one was cast.
    console.error(logLine("approval_batch_item_failed", { intent: id, error: String(error) }));
    return slotRefused(id, UNAVAILABLE);
  }
}

function slotRefused(intentId: string, { status, code, detail, more }: Problem) {
  return { intentId, ok: false as const, problem: { ...more, status, code, detail } };
}

const NAMED_TWICE: Problem = {
  status: 400,
  code: "invalid_request",
  detail: "The batch names this intent twice; only the first vote counts.",
};

const UNAVAILABLE: Problem = {
  status: 503,
  code: "unavailable",
  detail: "Gate failed to handle this vote; read the intent, and vote again if it is still pending.",
};

/** Results in the order of the items, with at most `MAX_CONCURRENT` running at any time. */
async function mapConcurrently<T, R>(
  items: readonly T[],
  run: (item: T, at: number) => R | Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const entries = items.entries();
  const work = async () => {
    for (const [at, item] of entries) results[at] = await run(item, at);
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT }, work));
  return results;
}

/** The approval queue: listed, grouped, and decided in batches. */
export const queue = new Hono<GateEnv>()
  .get("/v1/approvals", readers, list)
  .get("/v1/approvals/groups", readers, async (c) => {
    const ports = c.env;
    const groups = await ports.index.groups(MAX_GROUPS);
    const agents = groups.map(({ agent }) => agent);
    const names = await namesOf(agents, c.var.principal, ports);
    return c.json({ groups: groups.map(groupView), count: groups.length, names });
  })
  .post("/v1/approvals/batch", requireRole(["reviewer"]), batch);

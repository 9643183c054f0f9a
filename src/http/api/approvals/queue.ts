import { logLine } from "../../../core/base/log-line.ts";
import { Hono } from "hono";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import { voterOf } from "../../../core/identity/people.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import { requireReader, requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { voterQueue } from "../../../app/approvals/voter-queue.ts";
import { type OneOfSeveral, voteOnSeveral, type VoteResult } from "../../../app/approvals/vote-on-several.ts";
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
import type { Answer } from "../shared/answer.ts";
import type { BATCH_RESULTS, QUEUE, QUEUE_GROUPS } from "./queue-schema.ts";

const readers = requireReader(["reviewer", "auditor", "admin"]);

const MAX_GROUPS = 200;

async function list(c: GateContext) {
  const filter: IntentFilter = { ...(await listFilter(c)), phases: ["pending_approval"] };
  const { rows, next } = queryFlag(c, "mine") ? await pageOfMine(c, filter) : await c.env.index.page(filter);
  const deliveries = await deliveriesOf(c, rows);
  const names = await namesOf(idsInRows(rows), c.var.principal, c.env);
  const shown = rows.map((row) => queueRowView(row, names, deliveries));
  return c.json({
    approvals: shown,
    count: shown.length,
    next: next === null ? null : cursorText(next),
    names,
  } satisfies Answer<typeof QUEUE>);
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

async function batch(c: GateContext) {
  const items = parseBatch(await readJson(c));
  const voted = await voteOnSeveral(c.var, items, c.env);
  const results = await Promise.all(voted.map((result, at) => slotView(items[at], result, c.env)));
  const decided = results.filter(({ ok }) => ok).length;
  if (decided === 0) c.set("hasNoEffect", true);
  return c.json({
    results,
    count: results.length,
    decided,
    refused: results.length - decided,
  } satisfies Answer<typeof BATCH_RESULTS>);
}

async function slotView(
  item: OneOfSeveral | undefined,
  result: VoteResult,
  ports: GateContext["env"],
): Promise<Answer<typeof BATCH_RESULTS>["results"][number]> {
  if (item === undefined) throw new Error("invariant: each result is of one item");
  const { id, vote } = item;
  switch (result.kind) {
    case "cast":
      return { ...(await decisionReply(result.state, vote.decision, vote.note, ports)), ok: true as const };
    case "refused":
      return slotRefused(id, problemOfVote(result.failure));
    case "not_found":
      return slotRefused(id, INTENT_NOT_FOUND);
    case "named_twice":
      return slotRefused(id, NAMED_TWICE);
    case "unknown":
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

/** The approval queue: listed, grouped, and decided in batches. */
export const queue = new Hono<GateEnv>()
  .get("/v1/approvals", readers, list)
  .get("/v1/approvals/groups", readers, async (c) => {
    const ports = c.env;
    const filter = await listFilter(c);
    const groups = await ports.index.groups({
      ...filter,
      phases: ["pending_approval"],
      after: null,
      limit: MAX_GROUPS,
    });
    const agents = groups.map(({ agent }) => agent);
    const names = await namesOf(agents, c.var.principal, ports);
    return c.json({ groups: groups.map(groupView), count: groups.length, names } satisfies Answer<
      typeof QUEUE_GROUPS
    >);
  })
  .post("/v1/approvals/batch", requireRole(["reviewer"]), batch);

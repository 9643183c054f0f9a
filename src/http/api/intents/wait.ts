import { Hono } from "hono";
import { recheckIntent } from "../../../app/evaluation/recheck-intent.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { INTENT_NOT_FOUND } from "../../problem/from-refusal.ts";
import { statusSummary } from "../shared/decision-reply.ts";
import { intentView } from "./intent-view.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { WAITED } from "./wait-schema.ts";

/** Long enough to make polling cheap, short enough for the idle time limits of proxies in between. */
const DEFAULT_WAIT_SECONDS = 30;
const MAX_WAIT_SECONDS = 60;

const readers = requireRole(["agent", "runner", "reviewer", "auditor", "admin"]);

/** The response to a wait for a decision. */
function waitReply(state: IntentState): Omit<Answer<typeof WAITED>, "block_reason"> {
  return {
    ...statusSummary(state),
    decided: state.phase !== "pending_approval",
    decided_by: state.decidedBy,
    approvedAt: isoOrNull(state.approvedAt),
    successor_id: state.successor,
    expires_at: iso(state.decideBy ?? state.terms.decideBy),
    execute_by: isoOrNull(state.executeBy),
    intent_digest: state.terms.digest,
  };
}

function waitMs(c: GateContext): number {
  const text = c.req.query("timeout");
  if (text === undefined) return DEFAULT_WAIT_SECONDS * 1_000;
  const seconds = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  if (seconds <= MAX_WAIT_SECONDS) return seconds * 1_000;
  const detail = `timeout: whole seconds from 0 to ${MAX_WAIT_SECONDS}`;
  return refuse({ status: 400, code: "invalid_request", detail });
}

export const wait = new Hono<GateEnv>().get("/v1/intents/:id/wait", readers, async (c) => {
  const timeoutMs = waitMs(c);
  const { intent, state: read } = await visibleIntent(c, c.req.param("id"));
  const state = await recheckIntent(intent, read, c.env);
  if (state.phase !== "pending_approval" || timeoutMs === 0) return c.json(await replyOf(c, state));
  const waited = await intent.waitWhile("pending_approval", timeoutMs);
  // Authenticate again after the wait: a key that was suspended or rotated meanwhile must not learn the outcome.
  await c.var.reauthenticate?.();
  if (waited === null) return refuse(INTENT_NOT_FOUND);
  return c.json(await replyOf(c, waited));
});

/** With the reason for a refused intent: it is one of the intent's texts, which an approval need not read. */
async function replyOf(c: GateContext, state: IntentState): Promise<Answer<typeof WAITED>> {
  const ports = c.env;
  const reply = { ...waitReply(state), block_reason: null };
  if (reply.status !== "blocked") return reply;
  const record = (await ports.intents.find(state.terms.id)?.getRecord()) ?? null;
  return { ...reply, block_reason: record === null ? null : intentView(record, false, null).block_reason };
}

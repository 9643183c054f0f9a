import { Hono } from "hono";
import { isoOrNull } from "../../../core/base/iso-time.ts";
import { GATE } from "../../../core/intent/event.ts";
import { statusOf } from "../../../core/intent/phase.ts";
import { currentOrder, isPulled, type IntentState } from "../../../core/intent/state.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { visibleRecord } from "../../middleware/guards.ts";
import { refuse } from "../../problem/problem.ts";
import type { Answer } from "../shared/answer.ts";
import type { RESULT } from "./result-schema.ts";
import { reportedResult } from "../../../app/execution/reported-result.ts";

/** What the worker reported of a write, for the agent that proposed it: a repeated call gets it without a second write. */
export const results = new Hono<GateEnv>().get(
  "/v1/intents/:id/result",
  requireRole(["agent"]),
  async (c) => {
    const { record } = await visibleRecord(c, c.req.param("id"));
    const { state } = record;
    const order = currentOrder(state);
    const report = order?.report ?? null;
    if (order === undefined || report === null || order.issuedTo === GATE || state.erasedAt !== null) {
      return refuse({ status: 404, code: "no_result", detail: whyNone(state), more: { state: state.phase } });
    }
    return c.json({
      intentId: state.terms.id,
      intent_id: state.terms.id,
      status: statusOf(state.phase, isPulled(state)),
      state: state.phase,
      execution_id: order.id,
      outcome: report.outcome,
      result: reportedResult(record, order),
      reported_at: isoOrNull(report.at),
      executed_at: isoOrNull(report.executedAt),
    } satisfies Answer<typeof RESULT>);
  },
);

function whyNone(state: IntentState): string {
  if (state.erasedAt !== null) return "The result was erased with the payload.";
  if (currentOrder(state)?.issuedTo === GATE) {
    return "Gate sent this write itself: its upstream's response is at `/v1/intents/:id/response`.";
  }
  return "No worker has reported this write.";
}

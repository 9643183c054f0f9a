import { Hono } from "hono";
import { z } from "zod";
import { canonicalJson } from "../../core/json.ts";
import { currentOrder, type IntentState, type Order } from "../../core/intent/state.ts";
import type { Principal } from "../../core/principal.ts";
import type { Dossier, Intent } from "../../ports.ts";
import { ORDER_TYPE, orderClaims } from "../../core/intent/order-claims.ts";
import { inForceFor } from "../../core/intent/terms.ts";
import { maySee, visibleIntent } from "../access.ts";
import { allow, authenticate, bearerOf, requireActive } from "../auth.ts";
import { readJson } from "../body.ts";
import type { GateContext, GateEnv } from "../context.ts";
import { refuse, type Problem } from "../problem.ts";
import { refuseWith } from "../refusals.ts";
import { parse, pick } from "../wire/fields.ts";
import { MODE_NAMES, orderView, type OrderSecrets } from "../wire/order-view.ts";
import { verifiedProof } from "../wire/report-proof.ts";
import { executionToken, intentOfOrder, isExecutionToken } from "../wire/secrets.ts";

/** Results are kept with the intent and shown to reviewers; a provider's whole response does not belong here. */
const MAX_RESULT_BYTES = 32 * 1024;

const EXECUTE = z.object({ mode: z.enum(["runner_exec", "external_pull"]).default("runner_exec") });

/** The last instant a date can hold (ECMA-262, time values); beyond it no reader could be shown the intent. */
const LAST_INSTANT = 8.64e15;

const REPORT = z.object({
  status: z.enum(["succeeded", "failed", "indeterminate"]),
  result: z.unknown().optional(),
  executed_at: z
    .union([z.number().int().min(0).max(LAST_INSTANT), z.iso.datetime({ offset: true })], "a time")
    .optional(),
  retryable: z.boolean().default(false),
  proof: z.string().optional(),
});

const REPORT_ALIASES = {
  status: [],
  result: ["report", "worker_report"],
  executed_at: ["executedAt"],
  retryable: [],
  proof: ["signed_report"],
} as const;

const EXECUTION_NOT_FOUND: Problem = {
  status: 404,
  code: "execution_not_found",
  detail: "There is no such execution, or it is not yours.",
};

async function showOrder(c: GateContext, intent: Intent, order: Order) {
  const dossier = await intent.dossier();
  if (dossier === null) return refuse(EXECUTION_NOT_FOUND);
  const { state } = dossier;
  const shown = state.orders.find(({ id }) => id === order.id) ?? order;
  return orderView(dossier, shown, await secretsFor(c, state, shown));
}

/** What orders know a worker by: a runner's name in the registry, an agent's id. */
function workerName(caller: Principal | null): string | undefined {
  return caller?.role === "runner" ? caller.name : caller?.id;
}

async function findOrder(c: GateContext, id: string): Promise<FoundOrder> {
  return (await orderOf(c, id)) ?? refuse(EXECUTION_NOT_FOUND);
}

/**
 * Who is reporting or claiming: the token's holder. Where the destination names runners, holding the token is
 * not enough: it is theirs to use, under their own key.
 */
async function worker(c: GateContext) {
  const bearer = bearerOf(c);
  const caller = bearer.startsWith("gex_") ? null : await authenticate(bearer, c.env, "fresh");
  const found = await findOrder(c, c.req.param("id") ?? "");
  const { state, order } = found;
  if (caller !== null && !maySee(caller, state.terms)) return refuse(EXECUTION_NOT_FOUND);
  const body = await readJson(c);
  const given = body["execution_token"] ?? body["executionToken"] ?? c.req.header("X-Gate-Execution-Token");
  const token = caller === null ? bearer : given;
  if (typeof token !== "string") {
    return refuse({
      status: 401,
      code: "execution_token_required",
      detail: "Send the order's token as `Authorization: Bearer gex_…`, or as execution_token beside your key.",
    });
  }
  if (!isExecutionToken(c.env, order, token)) return refuseWith({ reason: "bad_token" });
  // A suspended agent's live orders stop, whoever holds them.
  const proposer = await c.env.principals.get(state.terms.agent);
  if (proposer === null) return refuse(EXECUTION_NOT_FOUND);
  requireActive(proposer);
  return { ...found, body, by: workerName(caller) ?? order.issuedTo, reporter: caller ?? proposer };
}

function instantOf(time: string | number | undefined): number | null {
  if (time === undefined) return null;
  return typeof time === "number" ? time : Date.parse(time);
}

function resultText(result: unknown): string | null {
  if (result === undefined || result === null) return null;
  const text = canonicalJson(result);
  if (text.length <= MAX_RESULT_BYTES) return text;
  return refuse({ status: 413, code: "result_too_large", detail: `A result is at most ${MAX_RESULT_BYTES} bytes.` });
}

export const executions = new Hono<GateEnv>()
  .post("/v1/intents/:id/execute", allow(["agent"]), async (c) => {
    const { intent, state } = await visibleIntent(c, c.req.param("id"));
    const { mode: name } = parse(EXECUTE, pick(await readJson(c), { mode: [] }));
    const mode = name === MODE_NAMES.runner ? "runner" : "external_pull";
    const inForce = inForceFor(state.terms, await c.env.rules.current());
    const acted = await intent.act({ type: "order", agent: c.var.principal.id, mode, inForce });
    if (!acted.ok) return refuseWith(acted.error);
    const order = currentOrder(acted.value.state);
    if (order === undefined) throw new Error("ordered without an order");
    return c.json(await showOrder(c, intent, order), acted.value.changed ? 201 : 200);
  })
  .get("/v1/executions/:id", allow(["agent", "runner", "reviewer", "auditor", "admin"]), async (c) => {
    const { intent, state, order } = await findOrder(c, c.req.param("id"));
    if (!maySee(c.var.principal, state.terms)) return refuse(EXECUTION_NOT_FOUND);
    return c.json(await showOrder(c, intent, order));
  })
  .post("/v1/executions/:id/claim", async (c) => {
    const { intent, state, order, by } = await worker(c);
    const inForce = inForceFor(state.terms, await c.env.rules.current());
    const acted = await intent.act({ type: "claim", order: order.id, by, inForce });
    return acted.ok ? c.json(await viewOf(intent, order)) : refuseWith(acted.error);
  })
  .post("/v1/executions/:id/heartbeat", async (c) => {
    const { intent, order, by } = await worker(c);
    const acted = await intent.act({ type: "heartbeat", order: order.id, by });
    return acted.ok ? c.json(await viewOf(intent, order)) : refuseWith(acted.error);
  })
  .post("/v1/executions/:id/report", async (c) => {
    const { intent, state, order, by, body, reporter } = await worker(c);
    const report = parse(REPORT, pick(body, REPORT_ALIASES));
    const reported = { order: order.id, intentDigest: state.terms.digest, outcome: report.status };
    const acted = await intent.act({
      type: "report",
      order: order.id,
      by,
      outcome: report.status,
      retryable: report.retryable,
      executedAt: instantOf(report.executed_at),
      result: resultText(report.result),
      proof:
        report.proof === undefined ? null : await verifiedProof(report.proof, reporter.reportKey, reported),
    });
    return acted.ok ? c.json(await viewOf(intent, order)) : refuseWith(acted.error);
  });

/** What a worker is told of the order it holds: it has the token already. */
async function viewOf(intent: Intent, order: Order) {
  const dossier: Dossier | null = await intent.dossier();
  if (dossier === null) return refuse(EXECUTION_NOT_FOUND);
  return orderView(dossier, dossier.state.orders.find(({ id }) => id === order.id) ?? order, null);
}

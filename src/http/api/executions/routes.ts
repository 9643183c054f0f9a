import { Hono } from "hono";
import { z } from "zod";
import { canonicalJson, type JsonObject } from "../../../core/base/json.ts";
import { currentOrder, isLive, type Order } from "../../../core/intent/state.ts";
import type { Principal } from "../../../core/identity/principal.ts";
import { inForceFor } from "../../../core/intent/terms.ts";
import { requireUnstopped, visibleIntent } from "../../middleware/guards.ts";
import { admitAgainAfterBody, allow, authenticate, bearerOf, requireActive } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { answerOnce, idempotencyKey } from "../../middleware/idempotency.ts";
import { orderOf, secretsFor, type FoundOrder } from "../../../app/execution/order-secrets.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { refuseWith } from "../../problem/from-refusal.ts";
import { parse, pick } from "../shared/fields.ts";
import { MODE_NAMES, orderView } from "./order-view.ts";
import { verifiedProof } from "./report-proof.ts";
import { isExecutionToken } from "../../../app/execution/tokens.ts";
import type { Dossier, Intent } from "../../../ports/intents.ts";
import { maySee } from "../../../app/authority.ts";
import { stopOf } from "../../../app/kill-switches.ts";

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
  return orderView(dossier, shown, await secretsFor(c.env, c.var.principal, state, shown));
}

/** What orders know a worker by: a runner's name in the registry, an agent's id. */
function workerName(caller: Principal | null): string | undefined {
  return caller?.role === "runner" ? caller.name : caller?.id;
}

async function findOrder(c: GateContext, id: string): Promise<FoundOrder> {
  return (await orderOf(c.env, id)) ?? refuse(EXECUTION_NOT_FOUND);
}

interface Held extends FoundOrder {
  readonly body: JsonObject;
  /** What the order knows the worker by. */
  readonly by: string;
  /** Whose registered key a signed report is checked with. */
  readonly reporter: Principal;
  /** Whose an Idempotency-Key is: the caller's, or the order's where its token is all the caller shows. */
  readonly asker: string;
}

/**
 * Who is reporting or claiming: the token's holder. Where the destination names runners, holding the token is
 * not enough: it is theirs to use, under their own key.
 */
async function worker(c: GateContext): Promise<Held> {
  const bearer = bearerOf(c);
  const caller = bearer.startsWith("gex_") ? null : await authenticate(bearer, c.env, "fresh");
  if (caller !== null) admitAgainAfterBody(c, caller, "fresh");
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
      detail:
        "Send the order's token as `Authorization: Bearer gex_…`, or as execution_token beside your key.",
    });
  }
  if (!isExecutionToken(c.env, order, token)) return refuseWith({ reason: "bad_token" });
  // A suspended agent's live orders stop, whoever holds them.
  const proposer = await c.env.principals.get(state.terms.agent);
  if (proposer === null) return refuse(EXECUTION_NOT_FOUND);
  requireActive(proposer);
  const by = workerName(caller) ?? order.issuedTo;
  return { ...found, body, by, reporter: caller ?? proposer, asker: caller?.id ?? order.id };
}

/** A worker's call, answered once for each key it carries. */
async function byWorker(
  c: GateContext,
  run: (held: Held) => Promise<Response>,
  holds?: (held: Held) => boolean,
): Promise<Response> {
  const key = idempotencyKey(c);
  const held = await worker(c);
  if (key === null) return run(held);
  // What was refused stays refused; what was granted is said again only while it is so.
  const stillHolds = ({ status }: { readonly status: number }) =>
    status >= 400 || holds === undefined || holds(held);
  return answerOnce(c, key, { principal: held.asker, body: held.body, holds: stillHolds }, () => run(held));
}

/** A claim that lapsed, or was settled by a person, must not look granted to a worker that asks again. */
function holdsClaim({ state, order, by }: Held): boolean {
  return state.phase === "claimed" && isLive(state, order) && order.claim?.by === by;
}

function instantOf(time: string | number | undefined): number | null {
  if (time === undefined) return null;
  return typeof time === "number" ? time : Date.parse(time);
}

function resultText(result: unknown): string | null {
  if (result === undefined || result === null) return null;
  const text = canonicalJson(result);
  if (text.length <= MAX_RESULT_BYTES) return text;
  return refuse({
    status: 413,
    code: "result_too_large",
    detail: `A result is at most ${MAX_RESULT_BYTES} bytes.`,
  });
}

export const executions = new Hono<GateEnv>()
  .post("/v1/intents/:id/execute", allow(["agent"]), async (c) => {
    const { intent, state } = await visibleIntent(c, c.req.param("id"));
    await requireUnstopped(c, state.terms);
    const { mode: name } = parse(EXECUTE, pick(await readJson(c), { mode: [] }));
    const mode = name === MODE_NAMES.runner ? "runner" : "external_pull";
    const inForce = inForceFor(state.terms, await c.env.rules.current());
    const acted = await intent.act({ type: "order", agent: c.var.principal.id, mode, inForce });
    if (!acted.ok) return refuseWith(acted.error);
    const order = currentOrder(acted.value.state);
    if (order === undefined) throw new Error("ordered without an order");
    const shown = await showOrder(c, intent, order);
    // Once more: whoever was told that a switch is engaged must see no order follow.
    await requireUnstopped(c, state.terms);
    return c.json(shown, acted.value.changed ? 201 : 200);
  })
  .get("/v1/executions/:id", allow(["agent", "runner", "reviewer", "auditor", "admin"]), async (c) => {
    const { intent, state, order } = await findOrder(c, c.req.param("id"));
    if (!maySee(c.var.principal, state.terms)) return refuse(EXECUTION_NOT_FOUND);
    return c.json(await showOrder(c, intent, order));
  })
  .post("/v1/executions/:id/claim", (c) => byWorker(c, (held) => claim(c, held), holdsClaim))
  .post("/v1/executions/:id/heartbeat", (c) => byWorker(c, (held) => heartbeat(c, held)))
  .post("/v1/executions/:id/report", (c) => byWorker(c, (held) => report(c, held)));

async function claim(c: GateContext, { intent, state, order, by }: Held) {
  await requireUnstopped(c, state.terms);
  const inForce = inForceFor(state.terms, await c.env.rules.current());
  const acted = await intent.act({ type: "claim", order: order.id, by, inForce });
  if (!acted.ok) return refuseWith(acted.error);
  // A switch thrown while the claim was recorded: it is nobody's now, and lapses for a person to look at.
  await requireUnstopped(c, state.terms);
  return c.json(await viewOf(intent, order));
}

/** The write has begun, so a switch does not end the claim, which would lose its report: the worker is told. */
async function heartbeat(c: GateContext, { intent, state, order, by }: Held) {
  const acted = await intent.act({ type: "heartbeat", order: order.id, by });
  if (!acted.ok) return refuseWith(acted.error);
  const stop = await stopOf(c.env, state.terms);
  const killSwitch = stop === null ? null : { scope: stop.scope, target: stop.target };
  return c.json({ ...(await viewOf(intent, order)), kill_switch: killSwitch });
}

async function report(c: GateContext, { intent, state, order, by, body, reporter }: Held) {
  const fields = parse(REPORT, pick(body, REPORT_ALIASES));
  const { status: outcome, proof } = fields;
  const reported = { order: order.id, intentDigest: state.terms.digest, outcome };
  const acted = await intent.act({
    type: "report",
    order: order.id,
    by,
    outcome,
    retryable: fields.retryable,
    executedAt: instantOf(fields.executed_at),
    result: resultText(fields.result),
    proof: proof === undefined ? null : await verifiedProof(proof, reporter.reportKey, reported),
  });
  return acted.ok ? c.json(await viewOf(intent, order)) : refuseWith(acted.error);
}

/** What a worker is told of the order it holds: it has the token already. */
async function viewOf(intent: Intent, order: Order) {
  const dossier: Dossier | null = await intent.dossier();
  if (dossier === null) return refuse(EXECUTION_NOT_FOUND);
  return orderView(dossier, dossier.state.orders.find(({ id }) => id === order.id) ?? order, null);
}

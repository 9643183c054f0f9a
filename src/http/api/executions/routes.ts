import { Hono } from "hono";
import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { claimOrder, extendClaim } from "../../../app/execution/claims.ts";
import { findOrder } from "../../../app/execution/find-order.ts";
import { holdOrder, mayGoOn, type HeldOrder } from "../../../app/execution/held-order.ts";
import { getOrder, issueOrder, type OrderMode } from "../../../app/execution/orders.ts";
import { reportOrder } from "../../../app/execution/reports.ts";
import { EXECUTION_TOKEN_PREFIX } from "../../../app/execution/tokens.ts";
import { authenticateKey } from "../../../app/identity/authenticate.ts";
import { bearerOf, reauthenticateAfterBody, requireRole } from "../../middleware/auth.ts";
import { readJson, REPORT_BODY_BYTES, SMALL_BODY_BYTES } from "../../middleware/body.ts";
import { readAhead } from "../../middleware/request-reads.ts";
import { enforceRequestLimit } from "../../middleware/request-limit.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { respondOnce, idempotencyKey } from "../../middleware/idempotency.ts";
import { authenticated } from "../../problem/from-auth-failure.ts";
import { valueOrRefuse } from "../../problem/from-order-failure.ts";
import { evidenceOfRecord } from "../shared/evidence-view.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { MODE_NAMES, orderView } from "./order-view.ts";
import { parseReport } from "./report-request.ts";
import type { Answer } from "../shared/answer.ts";
import type { HEARTBEAT } from "./order-schema.ts";

const EXECUTE = requestSchema(
  "POST /v1/intents/:id/execute",
  z.object({ mode: z.enum(["runner_exec", "external_pull"]).default("runner_exec") }),
);

export const executions = new Hono<GateEnv>()
  .post("/v1/intents/:id/execute", requireRole(["agent"]), async (c) => {
    const ports = c.env;
    const id = c.req.param("id");
    const issued = valueOrRefuse(await issueOrder(id, c.var.principal, () => readMode(c), ports));
    const { record, order, secrets, isNew } = issued;
    return c.json(
      orderView(record, order, secrets, await evidenceOfRecord(record, ports)),
      isNew ? 201 : 200,
    );
  })
  .get("/v1/executions/:id", requireRole(["agent", "runner", "reviewer", "auditor", "admin"]), async (c) => {
    const ports = c.env;
    const found = await getOrder(c.req.param("id"), c.var.principal, ports);
    const { record, order, secrets } = valueOrRefuse(found);
    return c.json(orderView(record, order, secrets, await evidenceOfRecord(record, ports)));
  })
  .post("/v1/executions/:id/claim", (c) =>
    byWorker(
      c,
      (held) => claim(c, held),
      (held) => mayGoOn(held, c.env),
    ),
  )
  .post("/v1/executions/:id/heartbeat", (c) => byWorker(c, (held) => heartbeat(c, held)))
  .post("/v1/executions/:id/report", (c) => byWorker(c, (held, body) => report(c, held, body)));

async function readMode(c: GateContext): Promise<OrderMode> {
  const { mode } = parseRequest(EXECUTE, await readJson(c));
  return mode === MODE_NAMES.runner ? "runner" : "external_pull";
}

// The worker already holds the token, so that the responses below carry no secrets.

async function claim(c: GateContext, held: HeldOrder): Promise<Response> {
  const ports = c.env;
  const { record, order } = valueOrRefuse(await claimOrder(held, ports));
  return c.json(orderView(record, order, null, await evidenceOfRecord(record, ports)));
}

async function heartbeat(c: GateContext, held: HeldOrder): Promise<Response> {
  const ports = c.env;
  const { record, order, stop } = valueOrRefuse(await extendClaim(held, ports));
  const killSwitch = stop === null ? null : { scope: stop.scope, target: stop.target };
  return c.json({ ...orderView(record, order, null, null), kill_switch: killSwitch } satisfies Answer<
    typeof HEARTBEAT
  >);
}

async function report(c: GateContext, held: HeldOrder, body: JsonObject): Promise<Response> {
  const { record, order } = valueOrRefuse(await reportOrder(held, parseReport(body)));
  return c.json(orderView(record, order, null, await evidenceOfRecord(record, c.env)));
}

/** The order that a worker's call names, with the body; the token comes as the bearer, or beside the worker's key. */
async function heldOrder(c: GateContext): Promise<{ readonly held: HeldOrder; readonly body: JsonObject }> {
  const ports = c.env;
  const bearer = bearerOf(c);
  readAhead(c);
  const caller = bearer.startsWith(EXECUTION_TOKEN_PREFIX)
    ? null
    : authenticated(await authenticateKey(bearer, ports, "fresh"));
  if (caller !== null) reauthenticateAfterBody(c, caller, "fresh");
  // Without a heartbeat in time a claim ends, so heartbeats have a limit of their own.
  const isHeartbeat = c.req.path.endsWith("/heartbeat");
  if (caller !== null && !isHeartbeat) await enforceRequestLimit(c, caller.id);
  const found = valueOrRefuse(await findOrder(c.req.param("id") ?? "", caller, ports));
  const body = await readJson(c, c.req.path.endsWith("/report") ? REPORT_BODY_BYTES : SMALL_BODY_BYTES);
  const given = body["execution_token"] ?? body["executionToken"] ?? c.req.header("X-Gate-Execution-Token");
  const shown = caller === null ? bearer : given;
  const token = typeof shown === "string" ? shown : null;
  const held = valueOrRefuse(await holdOrder(found, caller, token, ports));
  // After the token was checked: a stranger who knows the order's id must not use up its limit.
  if (isHeartbeat) await enforceRequestLimit(c, held.order.id, "heartbeats");
  else if (caller === null) await enforceRequestLimit(c, held.order.id);
  return { held, body };
}

/** Replays the response to an idempotency key: stored errors as they were, a stored success only while it holds. */
async function byWorker(
  c: GateContext,
  run: (held: HeldOrder, body: JsonObject) => Promise<Response>,
  holds?: (held: HeldOrder) => Promise<boolean>,
): Promise<Response> {
  const key = idempotencyKey(c);
  const { held, body } = await heldOrder(c);
  if (key === null) return run(held, body);
  const stillHolds = async ({ status }: { readonly status: number }) =>
    status >= 400 || holds === undefined || holds(held);
  return respondOnce(c, key, { principal: held.requester, body, holds: stillHolds }, () => run(held, body));
}

import { Hono } from "hono";
import { toBase64 } from "../../../core/base/base64.ts";
import { toBase64Url } from "../../../core/base/base64url.ts";
import { contractEvent } from "../../../app/notifications/events.ts";
import { contractDelivery, testDelivery } from "../../../app/notifications/plan.ts";
import type { Webhook } from "../../../ports/notifications.ts";
import { visibleIntent } from "../../middleware/guards.ts";
import { noteListener } from "../../../app/notifications/wake-dispatcher.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { parseRequest } from "../shared/request-schema.ts";
import {
  CONTRACT_REGISTRATION,
  DELIVERIES_PAGE,
  deliveryView,
  REGISTRATION,
  webhookView,
} from "./webhook-view.ts";
import type { Answer } from "../shared/answer.ts";
import type {
  DELETED_WEBHOOK,
  DELIVERIES,
  INTENT_WEBHOOK,
  REGISTERED_WEBHOOK,
  ROTATED_SECRET,
  TEST_SENT,
  WEBHOOKS,
} from "./webhook-schema.ts";

const ID_BYTES = 16;
/** Standard Webhooks: 24 to 64 bytes. */
const SECRET_BYTES = 32;

const NOT_FOUND: Problem = {
  status: 404,
  code: "webhook_not_found",
  detail: "There is no such webhook.",
};

const admins = requireRole(["admin"]);

function random(bytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(bytes));
}

function freshId(): string {
  return `whk_${toBase64Url(random(ID_BYTES))}`;
}

function freshSecret(): string {
  return `whsec_${toBase64(random(SECRET_BYTES))}`;
}

async function webhookOf(c: GateContext): Promise<Webhook> {
  const ports = c.env;
  return (await ports.webhooks.find(c.req.param("id") ?? "")) ?? refuse(NOT_FOUND);
}

async function register(c: GateContext) {
  const ports = c.env;
  const { url, events, description } = parseRequest(REGISTRATION, await readJson(c));
  const { id: principal } = c.var.principal;
  const webhook: Webhook = {
    id: freshId(),
    url,
    events: [...new Set(events)],
    description,
    form: "standard",
    intent: null,
    principal,
    createdAt: Date.now(),
    disabled: null,
  };
  const secret = freshSecret();
  const registered = await ports.webhooks.register(webhook, secret, principal);
  if (!registered.ok) {
    return refuse({
      status: 409,
      code: "too_many_webhooks",
      detail: "The maximum number of webhooks is registered; delete one first.",
    });
  }
  c.executionCtx.waitUntil(noteListener(ports));
  return c.json({ ...webhookView(webhook), secret } satisfies Answer<typeof REGISTERED_WEBHOOK>, 201);
}

/** The contract's registration: one address that receives one intent's decision, once. */
async function registerForIntent(c: GateContext) {
  const { intentId, url, secret } = parseRequest(CONTRACT_REGISTRATION, await readJson(c));
  const { intent } = await visibleIntent(c, intentId);
  const { id: principal } = c.var.principal;
  const { deliveries, webhooks } = c.env;
  const before = await webhooks.ofIntent(intent.id);
  const webhook: Webhook = {
    id: freshId(),
    url,
    events: [],
    description: "",
    form: "contract",
    intent: intent.id,
    principal,
    createdAt: Date.now(),
    disabled: null,
  };
  const generated = (secret ?? null) === null ? freshSecret() : null;
  await webhooks.register(webhook, secret ?? generated ?? "", principal);
  c.executionCtx.waitUntil(noteListener(c.env));
  if (before !== null) await deliveries.drop(before.id);
  // Read after registering: a concurrent decision is found here, by the planner of deliveries, or by both, and is sent
  // once.
  const decided = (await intent.getRecord())?.entries.find(({ event }) => contractEvent(event) !== null);
  if (decided !== undefined) await deliveries.add([contractDelivery(webhook, decided, Date.now())]);
  return c.json({
    registered: true,
    webhookId: webhook.id,
    intentId: intent.id,
    url,
    ...(generated === null ? {} : { secret: generated }),
  } satisfies Answer<typeof INTENT_WEBHOOK>);
}

export const webhooks = new Hono<GateEnv>()
  .post("/v1/webhooks", admins, register)
  .get("/v1/webhooks", admins, async (c) => {
    const ports = c.env;
    const found = await ports.webhooks.list();
    return c.json({ webhooks: found.map(webhookView), count: found.length } satisfies Answer<
      typeof WEBHOOKS
    >);
  })
  .post("/v1/webhooks/register", requireRole(["agent", "reviewer", "admin"]), registerForIntent)
  .get("/v1/webhooks/:id", admins, async (c) => c.json(webhookView(await webhookOf(c))))
  .delete("/v1/webhooks/:id", admins, async (c) => {
    const ports = c.env;
    const { id } = await webhookOf(c);
    await ports.webhooks.remove(id, c.var.principal.id);
    await ports.deliveries.drop(id);
    return c.json({ id, deleted: true } satisfies Answer<typeof DELETED_WEBHOOK>);
  })
  .post("/v1/webhooks/:id/rotate-secret", admins, async (c) => {
    const ports = c.env;
    const { id } = await webhookOf(c);
    const secret = freshSecret();
    await ports.webhooks.rotate(id, secret, c.var.principal.id, Date.now());
    return c.json({ id, secret } satisfies Answer<typeof ROTATED_SECRET>);
  })
  .post("/v1/webhooks/:id/test", admins, async (c) => {
    const ports = c.env;
    const { id, form, disabled } = await webhookOf(c);
    if (form === "contract" || disabled !== null) {
      return refuse({
        status: 409,
        code: "webhook_not_in_use",
        detail: "The webhook is disabled, or serves one intent and can't be tested.",
      });
    }
    const delivery = testDelivery(id, crypto.randomUUID(), Date.now());
    await ports.deliveries.add([delivery]);
    return c.json({ id, delivery_id: delivery.id } satisfies Answer<typeof TEST_SENT>, 202);
  })
  .get("/v1/webhooks/:id/deliveries", admins, async (c) => {
    const ports = c.env;
    const { id } = await webhookOf(c);
    const { after, limit } = parseRequest(DELIVERIES_PAGE, {
      after: c.req.query("after"),
      limit: c.req.query("limit"),
    });
    const found = await ports.deliveries.log(id, { after: after ?? null, limit: limit + 1 });
    const page = found.slice(0, limit);
    return c.json({
      deliveries: page.map(deliveryView),
      count: page.length,
      next: found.length > limit ? (page.at(-1)?.id ?? null) : null,
    } satisfies Answer<typeof DELIVERIES>);
  })
  .post("/v1/webhooks/:id/deliveries/:delivery/replay", admins, async (c) => {
    const { id } = await webhookOf(c);
    const { deliveries } = c.env;
    const found = await deliveries.find(c.req.param("delivery"));
    const replayed = found?.target === id ? await deliveries.replay(found.id) : null;
    if (replayed === null) {
      return refuse({ status: 404, code: "delivery_not_found", detail: "There is no such delivery." });
    }
    return c.json(deliveryView(replayed), 202);
  });

import { currentOrder, isLive } from "../../core/intent/state.ts";
import type { Json, JsonObject } from "../../core/base/json.ts";
import type { GateContext } from "./context.ts";
import { orderOf, secretsFor } from "../../app/execution/order-secrets.ts";
import { deliveryToken } from "../../app/execution/tokens.ts";
import { iso } from "../../core/base/iso-time.ts";
import type { KeptAnswer } from "../../ports/idempotency.ts";
import { stopOf } from "../../app/kill-switches.ts";

/** Members that open something. `url` does only where it holds a delivery's token. */
const SECRETS = ["execution_token", "order", "deliveryToken", "apiKey", "api_key", "secret"] as const;

/** An answer as it may be kept: without what is secret in it, and with the names of what that was. */
export function withhold(body: JsonObject): Pick<KeptAnswer, "body" | "withheld"> {
  const withheld: string[] = SECRETS.filter((name) => isSaid(body[name]));
  if (withheld.includes("deliveryToken") && isSaid(body["url"])) withheld.push("url");
  const blanks = Object.fromEntries(withheld.map((name) => [name, null]));
  return { body: { ...body, ...blanks }, withheld };
}

/** The answer with its secrets made anew, as far as the caller may still hold them; the others stay null. */
export async function restore(c: GateContext, { body, withheld }: KeptAnswer): Promise<JsonObject> {
  if (withheld.includes("execution_token")) return { ...body, ...(await orderSecrets(c, body)) };
  if (withheld.includes("deliveryToken")) return { ...body, ...(await deliverySecrets(c, body)) };
  if (withheld.length === 0) return body;
  // Random, and kept nowhere: whoever did not read the first answer can only have another made.
  return {
    ...body,
    detail: "The key was shown once and is not kept. If that answer was lost, rotate the key.",
  };
}

function isSaid(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

async function orderSecrets(c: GateContext, body: JsonObject): Promise<JsonObject> {
  const found = typeof body["execution_id"] === "string" ? await orderOf(c.env, body["execution_id"]) : null;
  const secrets = found === null ? null : await secretsFor(c.env, c.var.principal, found.state, found.order);
  return secrets === null ? {} : { execution_token: secrets.token, order: secrets.jws };
}

async function deliverySecrets(c: GateContext, body: JsonObject): Promise<JsonObject> {
  const { intentId } = body;
  const intent = typeof intentId === "string" ? c.env.intents.find(intentId) : null;
  const state = (await intent?.look()) ?? null;
  const order = state === null ? undefined : currentOrder(state);
  if (intent === null || state === null || order === undefined) return {};
  // Orders of one intent follow each other, so the deadline tells them apart.
  const same = isLive(state, order) && iso(order.expiresAt) === body["expiresAt"];
  if (!same || state.terms.agent !== c.var.principal.id) return {};
  if ((await stopOf(c.env, state.terms)) !== null) return {};
  const token = deliveryToken(c.env, intent.id, order);
  return { deliveryToken: token, url: new URL(`/v1/download/${token}`, c.req.url).href };
}

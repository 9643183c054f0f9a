import type { Json, JsonObject } from "../../core/base/json.ts";
import type { Result } from "../../core/base/result.ts";
import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import { reportedResult } from "../../app/execution/reported-result.ts";
import { problemOfStop } from "../problem/from-refusal.ts";
import { refuse } from "../problem/problem.ts";
import type { GateContext } from "./context.ts";
import { secretsOfOrder, tokenOfDelivery } from "../../app/execution/order-secrets.ts";
import type { StoredAnswer } from "../../ports/idempotency.ts";

/** Members that are credentials. `url` is one only where it holds a delivery's token. */
const SECRETS = ["execution_token", "order", "deliveryToken", "apiKey", "api_key", "secret"] as const;

/**
 * The response as it may be stored: with its secrets set to null, and the names of those members. A worker's `result` is
 * one of them: it is sealed under its intent's key, and erasing the intent must destroy every copy.
 */
export function redact(body: JsonObject): Pick<StoredAnswer, "body" | "withheld"> {
  const withheld: string[] = SECRETS.filter((name) => isPresent(body[name]));
  if (withheld.includes("deliveryToken") && isPresent(body["url"])) withheld.push("url");
  if (isPresent(body["execution_id"]) && isPresent(body["result"])) withheld.push("result");
  const blanks = Object.fromEntries(withheld.map((name) => [name, null]));
  return { body: { ...body, ...blanks }, withheld };
}

/**
 * The stored response, with those secrets derived again that the caller may still hold; the others stay null.
 *
 * @throws 409 while a kill switch stops the order whose secrets the response had
 */
export async function rehydrate(c: GateContext, { body, withheld }: StoredAnswer): Promise<JsonObject> {
  if (withheld.includes("execution_token")) return { ...body, ...(await orderSecrets(c, body)) };
  if (withheld.includes("deliveryToken")) return { ...body, ...(await deliverySecrets(c, body)) };
  if (withheld.includes("result")) return { ...body, result: await resultOf(c, body) };
  if (withheld.length === 0) return body;
  // Keys are random and only their digests are stored: a caller who lost the first response has to rotate the key.
  return {
    ...body,
    detail: "The key was shown once and is not stored. If that response was lost, rotate the key.",
  };
}

async function resultOf(c: GateContext, { intent_id: intent, execution_id: id }: JsonObject): Promise<Json> {
  const { intents } = c.env;
  const record = (await intents.find(String(intent))?.getRecord()) ?? null;
  const order = record?.state.orders.find((known) => known.id === id);
  return record === null || order === undefined ? null : reportedResult(record, order);
}

function isPresent(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

async function orderSecrets(c: GateContext, { execution_id: id }: JsonObject): Promise<JsonObject> {
  const ports = c.env;
  if (typeof id !== "string") return {};
  const secrets = valueUnlessStopped(await secretsOfOrder(ports, c.var.principal, id));
  return secrets === null ? {} : { execution_token: secrets.token, order: secrets.jws };
}

async function deliverySecrets(c: GateContext, { intentId, expiresAt }: JsonObject): Promise<JsonObject> {
  const ports = c.env;
  if (typeof intentId !== "string" || typeof expiresAt !== "string") return {};
  const token = valueUnlessStopped(await tokenOfDelivery(ports, c.var.principal, intentId, expiresAt));
  return token === null ? {} : { deliveryToken: token, url: downloadUrl(c, token) };
}

function valueUnlessStopped<T>(result: Result<T, SwitchTarget>): T {
  return result.ok ? result.value : refuse(problemOfStop(result.error));
}

/** Where the payload can be downloaded with this token. */
export function downloadUrl(c: GateContext, token: string): string {
  return new URL(`/v1/download/${token}`, c.req.url).href;
}

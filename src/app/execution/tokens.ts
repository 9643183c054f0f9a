import { sha256Hex } from "../../core/base/digest.ts";
import { GATE } from "../../core/intent/event.ts";
import type { Order } from "../../core/intent/state.ts";
import type { Ports } from "../../ports/ports.ts";

/** Compares digests: how long it takes depends on nothing an attacker does not know already. */
export function sameSecret(given: string, expected: string): boolean {
  return sha256Hex(given) === sha256Hex(expected);
}

type Tokens = Pick<Ports, "token" | "earlierTokens">;

function subjectOf(order: Order): string {
  return `${order.id} ${order.fence}`;
}

/** The order's token, the same every time it is asked for; a later order of the same intent has another. */
export function executionToken(ports: Pick<Ports, "token">, order: Order): string {
  return `gex_${ports.token("execution", subjectOf(order))}`;
}

export function isExecutionToken(ports: Tokens, order: Order, given: string): boolean {
  // What Gate sends itself is nobody's to claim or report: there is no token for it.
  if (order.issuedTo === GATE) return false;
  const earlier = ports.earlierTokens("execution", subjectOf(order)).map((token) => `gex_${token}`);
  return [executionToken(ports, order), ...earlier].some((token) => sameSecret(given, token));
}

const INTENT_PART_LENGTH = 43;

/** Names its intent, so that a download finds the object; the rest proves that Gate issued it. */
export function deliveryToken(ports: Tokens, intentId: string, order: Order): string {
  return deliveryPrefix(intentId) + ports.token("delivery", subjectOf(order));
}

export function isDeliveryToken(ports: Tokens, intentId: string, order: Order, given: string): boolean {
  const earlier = ports
    .earlierTokens("delivery", subjectOf(order))
    .map((token) => deliveryPrefix(intentId) + token);
  return [deliveryToken(ports, intentId, order), ...earlier].some((token) => sameSecret(given, token));
}

function deliveryPrefix(intentId: string): string {
  return `dlv_${intentId.slice("int_".length)}`;
}

/** The intent a delivery token names; whether the token is right is another question. */
export function intentOfDelivery(token: string): string {
  return `int_${token.slice("dlv_".length, "dlv_".length + INTENT_PART_LENGTH)}`;
}

/** The intent an order's id names; never an existing one for text that is no order's id. */
export function intentOfOrder(orderId: string): string {
  return `int_${orderId.slice("exe_".length, "exe_".length + INTENT_PART_LENGTH)}`;
}

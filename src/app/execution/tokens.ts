import { sha256Hex } from "../../core/base/digest.ts";
import { GATE } from "../../core/intent/event.ts";
import type { Order } from "../../core/intent/state.ts";
import type { Ports } from "../../ports/ports.ts";

/** Compares digests, so that the time reveals nothing of the secret (timing attack). */
export function sameSecret(given: string, expected: string): boolean {
  return sha256Hex(given) === sha256Hex(expected);
}

type Accepted = Pick<Ports, "acceptedTokens">;

function subjectOf(order: Order): string {
  return `${order.id} ${order.fence}`;
}

/** Distinguishes an order's token from a key. */
export const EXECUTION_TOKEN_PREFIX = "gex_";

/** The order's token: derived to the same text on each call, and to a different one for each order of an intent. */
export function executionToken(ports: Pick<Ports, "deriveToken">, order: Order): string {
  return EXECUTION_TOKEN_PREFIX + ports.deriveToken("execution", subjectOf(order));
}

export function isExecutionToken(ports: Accepted, order: Order, given: string): boolean {
  // Gate sends this write itself: no worker may claim or report it.
  if (order.issuedTo === GATE) return false;
  return ports
    .acceptedTokens("execution", subjectOf(order))
    .some((token) => sameSecret(given, EXECUTION_TOKEN_PREFIX + token));
}

const INTENT_PART_LENGTH = 43;

/** Contains the intent's id, so that a download finds the object, and a MAC that proves that Gate issued it. */
export function deliveryToken(ports: Pick<Ports, "deriveToken">, intentId: string, order: Order): string {
  return deliveryPrefix(intentId) + ports.deriveToken("delivery", subjectOf(order));
}

export function isDeliveryToken(ports: Accepted, intentId: string, order: Order, given: string): boolean {
  return ports
    .acceptedTokens("delivery", subjectOf(order))
    .some((token) => sameSecret(given, deliveryPrefix(intentId) + token));
}

function deliveryPrefix(intentId: string): string {
  return `dlv_${intentId.slice("int_".length)}`;
}

/** The intent a delivery token names; `isDeliveryToken` checks the token itself. */
export function intentOfDelivery(token: string): string {
  return `int_${token.slice("dlv_".length, "dlv_".length + INTENT_PART_LENGTH)}`;
}

/** The intent an order's id names; text that is no order's id names no existing intent. */
export function intentOfOrder(orderId: string): string {
  return `int_${orderId.slice("exe_".length, "exe_".length + INTENT_PART_LENGTH)}`;
}

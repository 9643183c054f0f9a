import { sha256Hex } from "../../core/base/digest.ts";
import { GATE } from "../../core/intent/event.ts";
import type { Order } from "../../core/intent/state.ts";
import type { Ports } from "../../ports/ports.ts";

/** Compares digests, so that the time reveals nothing of the secret (timing attack). */
export function sameSecret(given: string, expected: string): boolean {
  return sha256Hex(given) === sha256Hex(expected);
}

type Accepted = Pick<Ports, "acceptedTokens">;

/** With the epoch of the key it was issued to; without one as long as that key is the first. */
function subjectOf(order: Order, epoch: number): string {
  return epoch === 0 ? `${order.id} ${order.fence}` : `${order.id} ${order.fence} ${epoch}`;
}

/** A claim lasts an hour at most, in which an admin rotates one key a few times. */
const MAX_EARLIER_EPOCHS = 16;

/** Distinguishes an order's token from a key. */
export const EXECUTION_TOKEN_PREFIX = "gex_";

/**
 * The order's token: derived to the same text on each call, and to a different one for each order of an intent and each
 * key of its agent.
 *
 * @param epoch of the key of the agent that the order was issued to
 */
export function executionToken(ports: Pick<Ports, "deriveToken">, order: Order, epoch: number): string {
  return EXECUTION_TOKEN_PREFIX + ports.deriveToken("execution", subjectOf(order, epoch));
}

/** Which key's token a worker showed. */
export type TokenAge = "current" | "earlier";

/** Null: it is no token of this order. */
export function ageOfExecutionToken(
  ports: Accepted,
  order: Order,
  given: string,
  epoch: number,
): TokenAge | null {
  // Gate sends this write itself: no worker may claim or report it.
  if (order.issuedTo === GATE) return null;
  const oldest = Math.max(0, epoch - MAX_EARLIER_EPOCHS);
  for (let tried = epoch; tried >= oldest; tried -= 1) {
    const isToken = ports
      .acceptedTokens("execution", subjectOf(order, tried))
      .some((token) => sameSecret(given, EXECUTION_TOKEN_PREFIX + token));
    if (isToken) return tried === epoch ? "current" : "earlier";
  }
  return null;
}

const INTENT_PART_LENGTH = 43;

/** Contains the intent's id, so that a download finds the object, and a MAC that proves that Gate issued it. */
export function deliveryToken(
  ports: Pick<Ports, "deriveToken">,
  intentId: string,
  order: Order,
  epoch: number,
): string {
  return deliveryPrefix(intentId) + ports.deriveToken("delivery", subjectOf(order, epoch));
}

export function isDeliveryToken(
  ports: Accepted,
  intentId: string,
  order: Order,
  given: string,
  epoch: number,
): boolean {
  return ports
    .acceptedTokens("delivery", subjectOf(order, epoch))
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

import { sha256Hex } from "../../core/digest.ts";
import type { Order } from "../../core/intent/state.ts";
import type { Ports } from "../../ports.ts";

/** Compares digests: how long it takes depends on nothing an attacker does not know already. */
export function sameSecret(given: string, expected: string): boolean {
  return sha256Hex(given) === sha256Hex(expected);
}

/** The order's token, the same every time it is asked for; a later order of the same intent has another. */
export function executionToken(ports: Pick<Ports, "token">, order: Order): string {
  return `gex_${ports.token("execution", `${order.id} ${order.fence}`)}`;
}

const INTENT_PART_LENGTH = 43;

/** Names its intent, so that a download finds the object; the rest proves that Gate issued it. */
export function deliveryToken(ports: Pick<Ports, "token">, intentId: string, order: Order): string {
  return `dlv_${intentId.slice("int_".length)}${ports.token("delivery", `${order.id} ${order.fence}`)}`;
}

/** The intent a delivery token names; whether the token is right is another question. */
export function intentOfDelivery(token: string): string {
  return `int_${token.slice("dlv_".length, "dlv_".length + INTENT_PART_LENGTH)}`;
}

/** The intent an order's id names; never an existing one for text that is no order's id. */
export function intentOfOrder(orderId: string): string {
  return `int_${orderId.slice("exe_".length, "exe_".length + INTENT_PART_LENGTH)}`;
}

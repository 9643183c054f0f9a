import { iso } from "../../core/base/iso-time.ts";
import { GATE } from "../../core/intent/event.ts";
import { ORDER_TYPE, orderClaims } from "../../core/intent/order-jwt.ts";
import { currentOrder, isLive, type IntentState, type Order } from "../../core/intent/state.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import { killSwitchFor } from "../kill-switches.ts";
import { findOrder } from "./find-order.ts";
import { deliveryToken, executionToken } from "./tokens.ts";

/** The bearer token and signature of an order: only for principals who may execute it, while it can be executed. */
export interface OrderSecrets {
  readonly token: string;
  /** The order as a signed JWS. */
  readonly jws: string;
}

export type SecretPorts = Pick<Ports, "switches" | "signer" | "deriveToken" | "settings">;

/** The destination's runners, or the agent that ordered. */
function mayExecute(principal: Principal, { terms }: IntentState): boolean {
  return principal.role === "runner" ? terms.runners.includes(principal.name) : terms.agent === principal.id;
}

/** The order's secrets; null for every principal who may not execute it now. */
export async function secretsFor(
  ports: SecretPorts,
  principal: Principal,
  state: IntentState,
  order: Order,
): Promise<OrderSecrets | null> {
  if (!mayExecute(principal, state) || !isLive(state, order)) return null;
  // Gate sends this write itself: no worker may claim or report it.
  if (order.issuedTo === GATE) return null;
  if ((await killSwitchFor(ports, state.terms)) !== null) return null;
  // Token and JWS are derived on each call, always to the same text, so that neither is stored.
  // Where the destination names runners, the JWS is bound (RFC 7800) to the runner that reads it, never to the agent.
  const { role, reportKey } = principal;
  const holderKey = state.terms.runners.length === 0 || role === "runner" ? reportKey : null;
  const claims = orderClaims(ports.settings.origin, state.terms, order, holderKey);
  return { token: executionToken(ports, order), jws: await ports.signer.signJws(ORDER_TYPE, claims) };
}

/** The secrets of the order of this id, for a stored response that is replayed without them. */
export async function secretsOfOrder(
  ports: SecretPorts & Pick<Ports, "intents">,
  principal: Principal,
  orderId: string,
): Promise<OrderSecrets | null> {
  const found = await findOrder(orderId, principal, ports);
  return found.ok ? secretsFor(ports, principal, found.value.state, found.value.order) : null;
}

/**
 * The token of a delivery that a stored response named, while the agent may still use it; else null.
 *
 * @param expiresAt as the stored response gave it: orders of one intent follow each other, so it identifies the order
 */
export async function tokenOfDelivery(
  ports: Pick<Ports, "intents" | "switches" | "deriveToken">,
  principal: Principal,
  intentId: string,
  expiresAt: string,
): Promise<string | null> {
  const intent = ports.intents.find(intentId);
  const state = (await intent?.getState()) ?? null;
  const order = state === null ? undefined : currentOrder(state);
  if (intent === null || state === null || order === undefined) return null;
  if (!isLive(state, order) || iso(order.expiresAt) !== expiresAt) return null;
  if (state.terms.agent !== principal.id || (await killSwitchFor(ports, state.terms)) !== null) return null;
  return deliveryToken(ports, intent.id, order);
}

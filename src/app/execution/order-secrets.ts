import { iso } from "../../core/base/iso-time.ts";
import { GATE } from "../../core/intent/event.ts";
import { ORDER_TYPE, orderClaims } from "../../core/intent/order-jwt.ts";
import { currentOrder, isLive, type IntentState, type Order } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import { ifActiveAgent } from "../identity/account.ts";
import { killSwitchFor } from "../kill-switches.ts";
import { findOrder } from "./find-order.ts";
import { deliveryToken, executionToken } from "./tokens.ts";

/** The bearer token and signature of an order: only for principals who may execute it, while it can be executed. */
export interface OrderSecrets {
  readonly token: string;
  /** The order as a signed JWS. */
  readonly jws: string;
}

export type SecretPorts = Pick<Ports, "switches" | "signer" | "deriveToken" | "settings" | "principals">;

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
  // A runner reads the token of the agent that the order was issued to.
  const holder = principal.id === order.issuedTo ? principal : await ports.principals.get(order.issuedTo);
  if (holder === null || !ifActiveAgent(holder).ok) return null;
  // Token and JWS are derived on each call, always to the same text, so that neither is stored.
  // Where the destination names runners, the JWS is bound (RFC 7800) to the runner that reads it, never to the agent.
  const { role, reportKey } = principal;
  const holderKey = state.terms.runners.length === 0 || role === "runner" ? reportKey : null;
  const claims = orderClaims(ports.settings.origin, state.terms, order, holderKey);
  return {
    token: executionToken(ports, order, holder.keyEpoch),
    jws: await ports.signer.signJws(ORDER_TYPE, claims),
  };
}

/**
 * The secrets of the order of this id, for a stored response that is replayed without them; the kill switch that stops
 * the order, because a replay must not read as success what the switch refuses.
 */
export async function secretsOfOrder(
  ports: SecretPorts & Pick<Ports, "intents">,
  principal: Principal,
  orderId: string,
): Promise<Result<OrderSecrets | null, SwitchTarget>> {
  const found = await findOrder(orderId, principal, ports);
  if (!found.ok) return ok(null);
  const { state, order } = found.value;
  const stop = await killSwitchFor(ports, state.terms);
  return stop === null ? ok(await secretsFor(ports, principal, state, order)) : err(stop);
}

/**
 * The token of a delivery that a stored response named, while the agent may still use it, else null; or the kill switch.
 *
 * @param expiresAt as the stored response gave it: orders of one intent follow each other, so it identifies the order
 */
export async function tokenOfDelivery(
  ports: Pick<Ports, "intents" | "switches" | "deriveToken">,
  principal: Principal,
  intentId: string,
  expiresAt: string,
): Promise<Result<string | null, SwitchTarget>> {
  const intent = ports.intents.find(intentId);
  const state = (await intent?.getState()) ?? null;
  const order = state === null ? undefined : currentOrder(state);
  if (intent === null || state === null || order === undefined) return ok(null);
  if (state.terms.agent !== principal.id) return ok(null);
  const stop = await killSwitchFor(ports, state.terms);
  if (stop !== null) return err(stop);
  if (!isLive(state, order) || iso(order.expiresAt) !== expiresAt) return ok(null);
  return ok(deliveryToken(ports, intent.id, order, principal.keyEpoch));
}

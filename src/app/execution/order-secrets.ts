import { GATE } from "../../core/intent/event.ts";
import { ORDER_TYPE, orderClaims } from "../../core/intent/order-claims.ts";
import { isLive, type IntentState, type Order } from "../../core/intent/state.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { executionToken, intentOfOrder } from "./tokens.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { stopOf } from "../kill-switches.ts";

export interface FoundOrder {
  readonly intent: Intent;
  readonly state: IntentState;
  readonly order: Order;
}

/** What makes an order an order: only for those who may carry it out, and only while it can be. */
export interface OrderSecrets {
  readonly token: string;
  /** The order as a signed JWS. */
  readonly jws: string;
}

/** The order of this id with the intent it belongs to; visible or not is the caller's question. */
export async function orderOf({ intents }: Pick<Ports, "intents">, id: string): Promise<FoundOrder | null> {
  const intent = intents.find(intentOfOrder(id));
  const state = (await intent?.look()) ?? null;
  const order = state?.orders.find((known) => known.id === id);
  return intent !== null && state !== null && order !== undefined ? { intent, state, order } : null;
}

/** Who may hold the token: the proposer who ordered, or the destination's runners. */
function mayCarryOut(principal: Principal, { terms }: IntentState): boolean {
  return principal.role === "runner" ? terms.runners.includes(principal.name) : terms.agent === principal.id;
}

/** What makes an order an order, for the caller who may carry it out while it can be; null for anybody else. */
export async function secretsFor(
  ports: Pick<Ports, "switches" | "signer" | "token" | "settings">,
  principal: Principal,
  state: IntentState,
  order: Order,
): Promise<OrderSecrets | null> {
  if (!mayCarryOut(principal, state) || !isLive(state, order)) return null;
  // What Gate sends itself is nobody's to claim or report.
  if (order.issuedTo === GATE) return null;
  if ((await stopOf(ports, state.terms)) !== null) return null;
  // Token and signed order are made anew each time: neither is stored, and both come out the same.
  // Where runners are named, an order is bound to the key of the one that asks for it, never to the proposer's.
  const { role, reportKey } = principal;
  const holderKey = state.terms.runners.length === 0 || role === "runner" ? reportKey : null;
  const claims = orderClaims(ports.settings.origin, state.terms, order, holderKey);
  return { token: executionToken(ports, order), jws: await ports.signer.signJws(ORDER_TYPE, claims) };
}

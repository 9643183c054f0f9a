import type { Principal } from "../../core/identity/principal.ts";
import type { IntentState, Order } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { IntentRecord, Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { maySee } from "../authority.ts";
import type { OrderFailure } from "./order-failure.ts";
import { intentOfOrder } from "./tokens.ts";

/** An order and the intent it belongs to. */
export interface FoundOrder {
  readonly intent: Intent;
  readonly state: IntentState;
  readonly order: Order;
}

/**
 * The order of this id.
 *
 * @param caller null: the caller presents only the order's token, which `holdOrder` verifies
 */
export async function findOrder(
  id: string,
  caller: Principal | null,
  { intents }: Pick<Ports, "intents">,
): Promise<Result<FoundOrder, OrderFailure>> {
  const intent = intents.find(intentOfOrder(id));
  const state = (await intent?.getState()) ?? null;
  const order = state?.orders.find((known) => known.id === id);
  if (intent === null || state === null || order === undefined) return err({ kind: "order_not_found" });
  if (caller !== null && !maySee(caller, state.terms)) return err({ kind: "order_not_found" });
  return ok({ intent, state, order });
}

/** The order in its current state, with the record of its intent. */
export interface OrderRecord {
  readonly record: IntentRecord;
  readonly order: Order;
}

export async function readOrder(intent: Intent, order: Order): Promise<Result<OrderRecord, OrderFailure>> {
  const record = await intent.getRecord();
  if (record === null) return err({ kind: "order_not_found" });
  return ok({ record, order: record.state.orders.find(({ id }) => id === order.id) ?? order });
}

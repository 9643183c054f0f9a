import type { Principal } from "../../core/identity/principal.ts";
import type { Executor } from "../../core/registry/executor.ts";
import { currentOrder, type IntentState, type Order } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { findVisibleIntent } from "../authority.ts";
import { findOrder, readOrder, type OrderRecord } from "./find-order.ts";
import type { OrderFailure } from "./order-failure.ts";
import { secretsFor, type OrderSecrets, type SecretPorts } from "./order-secrets.ts";
import { approvalLapse, type RecountPorts } from "../approvals/recount.ts";
import type { RecheckPorts } from "../evaluation/recheck-intent.ts";
import { actUnderCurrentBindings, unlessStopped } from "./unless-stopped.ts";

type OrderPorts = SecretPorts & Pick<Ports, "intents"> & RecheckPorts & RecountPorts;

/** An order as one principal may see it. */
export interface ShownOrder extends OrderRecord {
  /** Null for principals who may not execute it, and once it has ended. */
  readonly secrets: OrderSecrets | null;
}

export interface IssuedOrder extends ShownOrder {
  /** False: the agent repeated its request for an order that is still live. */
  readonly isNew: boolean;
}

/** How an agent has an approved write executed that Gate does not send. */
export type OrderMode = Extract<Executor, "runner" | "external_pull">;

/**
 * Issues the order of an approved write to the agent that proposed it.
 *
 * @param readMode called once the intent is known to be visible and not stopped: a kill switch is reported before a
 *   mistake in the request
 */
export async function issueOrder(
  intentId: string,
  agent: Principal,
  readMode: () => Promise<OrderMode>,
  ports: OrderPorts,
): Promise<Result<IssuedOrder, OrderFailure>> {
  const found = await findVisibleIntent(intentId, agent, ports);
  if (found === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const { intent, state } = found;
  return unlessStopped(state.terms, agent, ports, async () => {
    const issued = await recordOrder(intent, state, agent, await readMode(), ports);
    if (!issued.ok) return issued;
    const shown = await showOrder(intent, issued.value.order, agent, ports);
    return shown.ok ? ok({ ...shown.value, isNew: issued.value.isNew }) : shown;
  });
}

/** An order as this principal may see it. */
export async function getOrder(
  id: string,
  principal: Principal,
  ports: OrderPorts,
): Promise<Result<ShownOrder, OrderFailure>> {
  const found = await findOrder(id, principal, ports);
  return found.ok ? showOrder(found.value.intent, found.value.order, principal, ports) : found;
}

/** Has the intent's object issue the order; to be called within `unlessStopped`. */
export async function recordOrder(
  intent: Intent,
  state: IntentState,
  { id: agent }: Principal,
  mode: OrderMode,
  ports: RecheckPorts & RecountPorts,
): Promise<Result<{ readonly order: Order; readonly isNew: boolean }, OrderFailure>> {
  const { terms } = state;
  const lapse = await approvalLapse(intent, state, ports);
  if (lapse !== null) return err({ kind: "refused", refusal: lapse });
  const acted = await actUnderCurrentBindings(intent, terms, ports, (bindings) => {
    return { type: "order", agent, mode, bindings };
  });
  if (!acted.ok) return acted;
  const issued = currentOrder(acted.value.state);
  if (issued === undefined) throw new Error("invariant: an accepted order command leaves a current order");
  return ok({ order: issued, isNew: acted.value.changed });
}

async function showOrder(
  intent: Intent,
  issued: Order,
  principal: Principal,
  ports: SecretPorts,
): Promise<Result<ShownOrder, OrderFailure>> {
  const read = await readOrder(intent, issued);
  if (!read.ok) return read;
  const { record, order: current } = read.value;
  return ok({ ...read.value, secrets: await secretsFor(ports, principal, record.state, current) });
}

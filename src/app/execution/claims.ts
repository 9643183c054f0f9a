import type { SwitchTarget } from "../../core/policy/kill-switch.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import { killSwitchFor } from "../kill-switches.ts";
import type { RecheckPorts } from "../evaluation/recheck-intent.ts";
import { readOrder, type OrderRecord } from "./find-order.ts";
import type { HeldOrder } from "./held-order.ts";
import type { OrderFailure } from "./order-failure.ts";
import { actUnderCurrentBindings, refusedOr, unlessStopped } from "./unless-stopped.ts";

/**
 * Claims an order: from here on the worker may write. A claim withheld because of a kill switch stays recorded until it
 * lapses, and a person then resolves the outcome.
 */
export async function claimOrder(
  { intent, state: { terms }, order, by, tokenAge, reporter }: HeldOrder,
  ports: Pick<Ports, "switches"> & RecheckPorts,
): Promise<Result<OrderRecord, OrderFailure>> {
  // Whoever has the token of a rotated key begins no write: the agent gets another one with its new key.
  if (tokenAge === "earlier") return err({ kind: "refused", refusal: { reason: "bad_token" } });
  const claimed = await unlessStopped(terms, reporter, ports, () =>
    actUnderCurrentBindings(intent, terms, ports, (bindings) => ({
      type: "claim",
      order: order.id,
      by,
      bindings,
    })),
  );
  return claimed.ok ? readOrder(intent, order) : claimed;
}

/**
 * Extends a claim. The write has begun, so a kill switch does not end the claim, which would lose the report: the
 * response names the switch instead.
 */
export async function extendClaim(
  { intent, state, order, by }: HeldOrder,
  ports: Pick<Ports, "switches">,
): Promise<Result<OrderRecord & { readonly stop: SwitchTarget | null }, OrderFailure>> {
  const extended = refusedOr(await intent.handle({ type: "heartbeat", order: order.id, by }));
  if (!extended.ok) return extended;
  const stop = await killSwitchFor(ports, state.terms);
  const read = await readOrder(intent, order);
  return read.ok ? ok({ ...read.value, stop }) : read;
}

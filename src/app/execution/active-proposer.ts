import type { Principal } from "../../core/identity/principal.ts";
import type { Terms } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { OrderFailure } from "./order-failure.ts";

/**
 * The agent that proposed the write. Suspending it stops its live orders and deliveries, whichever worker holds them.
 *
 * @param unknown the failure where no such agent is registered
 */
export async function activeProposer(
  { agent }: Pick<Terms, "agent">,
  { principals }: Pick<Ports, "principals">,
  unknown: OrderFailure,
): Promise<Result<Principal, OrderFailure>> {
  const proposer = await principals.get(agent);
  if (proposer === null) return err(unknown);
  return proposer.status === "active"
    ? ok(proposer)
    : err({ kind: "agent_inactive", status: proposer.status });
}

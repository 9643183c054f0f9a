import type { Principal } from "../../core/identity/principal.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { err, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import { ifActive } from "../identity/account.ts";
import type { OrderFailure } from "./order-failure.ts";

/**
 * The agent that proposed the write. Suspending it stops its live orders and deliveries, whichever worker holds them.
 *
 * @param unknown the failure where no such agent is registered
 */
export async function activeProposer(
  { agent }: Pick<IntentTerms, "agent">,
  { principals }: Pick<Ports, "principals">,
  unknown: OrderFailure,
): Promise<Result<Principal, OrderFailure>> {
  const proposer = await principals.get(agent);
  return proposer === null ? err(unknown) : ifActive(proposer);
}

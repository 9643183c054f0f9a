import { killSwitchFor } from "../kill-switches.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { isLive } from "../../core/intent/state.ts";
import { ifActiveAgent } from "../identity/account.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { FoundOrder } from "./find-order.ts";
import type { OrderFailure } from "./order-failure.ts";
import { ageOfExecutionToken, type TokenAge } from "./tokens.ts";

/** An order whose worker has presented its execution token. */
export interface HeldOrder extends FoundOrder {
  /** `earlier`: the agent's key was rotated since. The worker may finish what it began, and begins nothing. */
  readonly tokenAge: TokenAge;
  /** The worker's name on the order: a runner's name in the registry, else the agent's id. */
  readonly by: string;
  /** The principal whose registered key verifies a signed report. */
  readonly reporter: Principal;
  /** Scope of an idempotency key: the caller, or the order where the caller presents only its token. */
  readonly requester: string;
}

/**
 * Checks that a worker holds an order. Where the destination names runners the token is not enough: the object compares
 * the worker's name, so a runner needs its own key as well.
 *
 * @param caller null: the caller presents only the token
 * @param token null: the call carries none
 */
export async function holdOrder(
  found: FoundOrder,
  caller: Principal | null,
  token: string | null,
  ports: Pick<Ports, "principals" | "acceptedTokens">,
): Promise<Result<HeldOrder, OrderFailure>> {
  const { state, order } = found;
  if (token === null) return err({ kind: "token_required" });
  const proposer = await ports.principals.get(state.terms.agent);
  if (proposer === null) return err({ kind: "order_not_found" });
  const tokenAge = ageOfExecutionToken(ports, order, token, proposer.keyEpoch);
  if (tokenAge === null) return err({ kind: "refused", refusal: { reason: "bad_token" } });
  // Suspending the agent or giving it another role stops its live orders, whichever worker holds them.
  const active = ifActiveAgent(proposer);
  if (!active.ok) return active;
  const by = workerName(caller) ?? order.issuedTo;
  return ok({ ...found, tokenAge, by, reporter: caller ?? proposer, requester: caller?.id ?? order.id });
}

function workerName(caller: Principal | null): string | undefined {
  return caller?.role === "runner" ? caller.name : caller?.id;
}

/**
 * False once the claim lapsed, a person resolved it, or a kill switch stops it: a stored grant must not be replayed to the
 * worker then.
 */
export async function mayGoOn(
  { state, order, by }: HeldOrder,
  ports: Pick<Ports, "switches">,
): Promise<boolean> {
  if (state.phase !== "claimed" || !isLive(state, order) || order.claim?.by !== by) return false;
  return (await killSwitchFor(ports, state.terms)) === null;
}

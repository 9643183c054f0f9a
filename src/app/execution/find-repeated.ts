import type { Principal } from "../../core/identity/principal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { findVisibleIntent } from "../authority.ts";
import { identify, type ProposalInput } from "../proposals/proposal-input.ts";

/**
 * The intent that an agent names when it repeats a request. Only the request that created the intent may be repeated
 * under its id: a different one would receive the outcome of a write that it does not describe.
 */
export async function findRepeated(
  id: string,
  agent: Principal,
  request: Pick<ProposalInput, "request" | "payload">,
  ports: Pick<Ports, "intents" | "acceptedTokens">,
): Promise<
  Result<{ readonly intent: Intent; readonly state: IntentState }, "not_found" | "request_mismatch">
> {
  const found = await findVisibleIntent(id, agent, ports);
  if (found === null) return err("not_found");
  const { terms, erasedAt } = found.state;
  // An erased intent has nothing left to compare with or to send: the agent receives its final state.
  if (erasedAt !== null) return ok(found);
  const { requestDigest } = await identify(request, ports);
  return requestDigest === terms.requestDigest ? ok(found) : err("request_mismatch");
}

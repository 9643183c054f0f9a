import { isPrincipalId, type Principal } from "../../core/identity/principal.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import type { ReadAge } from "../../ports/principals.ts";
import { ifActive } from "./account.ts";
import { authenticateKey, type AuthFailure } from "./authenticate.ts";

/** Why a request belongs to no active agent, so that it is not forwarded. */
export type AgentFailure =
  | AuthFailure
  /** The key or the binding is of a principal with another role. */
  | { readonly kind: "not_agent" }
  /** A binding names an agent that is not registered. */
  | { readonly kind: "agent_unknown" };

/** The active agent that holds this key. */
export async function agentByKey(
  key: string,
  ports: Pick<Ports, "principals">,
  age: ReadAge,
): Promise<Result<Principal, AgentFailure>> {
  const principal = await authenticateKey(key, ports, age);
  return principal.ok ? ifAgent(principal.value) : principal;
}

/** The active agent that an operator's binding names by its name or id; the code behind it never holds a key. */
export async function agentByName(
  named: string,
  { principals }: Pick<Ports, "principals">,
): Promise<Result<Principal, AgentFailure>> {
  const found = await (isPrincipalId(named) ? principals.get(named) : principals.named(named));
  if (found === null) return err({ kind: "agent_unknown" });
  const principal = ifActive(found);
  return principal.ok ? ifAgent(principal.value) : principal;
}

function ifAgent(principal: Principal): Result<Principal, AgentFailure> {
  return principal.role === "agent" ? ok(principal) : err({ kind: "not_agent" });
}

import type { IntentTerms } from "../../core/intent/state.ts";
import { type SwitchTarget } from "../../core/policy/kill-switch.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, problemOfStop } from "../problem/from-refusal.ts";
import { findVisibleRecord, findVisibleIntent, mayReach } from "../../app/authority.ts";
import { killSwitchFor } from "../../app/kill-switches.ts";

/** 409 while a kill switch stops this intent. */
export async function requireNotKilled(
  c: GateContext,
  terms: Pick<IntentTerms, "agent" | "destination">,
): Promise<void> {
  const ports = c.env;
  refuseStopped(await killSwitchFor(ports, terms));
}

/** 409 where a kill switch applies. */
export function refuseStopped(stop: SwitchTarget | null): void {
  if (stop !== null) refuse(problemOfStop(stop));
}

/** 403 where the agent may not reach a destination that passes requests without a decision. */
export function requireDestination(agent: Principal, destination: string, detail: string): void {
  if (!mayReach(agent, destination)) refuse({ status: 403, code: "destination_not_allowed", detail });
}

/** The intent that a path names; 404 both where there is none and where the caller may not see it. */
export async function visibleIntent(c: GateContext, id: string) {
  const ports = c.env;
  return (await findVisibleIntent(id, c.var.principal, ports)) ?? refuse(INTENT_NOT_FOUND);
}

/** The same with every record of the intent. */
export async function visibleRecord(c: GateContext, id: string) {
  const ports = c.env;
  return (await findVisibleRecord(id, c.var.principal, ports)) ?? refuse(INTENT_NOT_FOUND);
}

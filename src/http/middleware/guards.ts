import { listAllows } from "../../core/registry/name-patterns.ts";
import type { Terms } from "../../core/intent/state.ts";
import { type SwitchTarget } from "../../core/policy/kill-switch.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, problemOfStop } from "../problem/from-refusal.ts";
import { findVisibleDossier, findVisibleIntent } from "../../app/authority.ts";
import { stopOf } from "../../app/kill-switches.ts";

/** 409 while a kill switch stops this intent. */
export async function requireUnstopped(
  c: GateContext,
  terms: Pick<Terms, "agent" | "destination">,
): Promise<void> {
  refuseStopped(await stopOf(c.env, terms));
}

/** 409 where a kill switch applies. */
export function refuseStopped(stop: SwitchTarget | null): void {
  if (stop !== null) refuse(problemOfStop(stop));
}

/** 403 where an agent's list leaves this destination out, for requests that pass without a policy decision. */
export function requireDestination(
  { allowedDestinations }: Principal,
  destination: string,
  detail: string,
): void {
  if (allowedDestinations === null || listAllows(allowedDestinations, destination)) return;
  refuse({ status: 403, code: "destination_not_allowed", detail });
}

/** The intent a path names, if the caller may see it; else 404, whatever the reason. */
export async function visibleIntent(c: GateContext, id: string) {
  return (await findVisibleIntent(id, c.var.principal, c.env)) ?? refuse(INTENT_NOT_FOUND);
}

/** The same with every record of the intent. */
export async function visibleDossier(c: GateContext, id: string) {
  return (await findVisibleDossier(id, c.var.principal, c.env)) ?? refuse(INTENT_NOT_FOUND);
}

import { listAllows } from "../../core/registry/name-patterns.ts";
import type { Terms } from "../../core/intent/state.ts";
import { type SwitchTarget } from "../../core/policy/kill-switch.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND } from "../problem/from-refusal.ts";
import { maySee } from "../../app/authority.ts";
import { stopOf } from "../../app/kill-switches.ts";

/** 409 while a kill switch stops this intent. */
export async function requireUnstopped(
  c: GateContext,
  terms: Pick<Terms, "agent" | "destination">,
): Promise<void> {
  refuseStopped(await stopOf(c.env, terms));
}

/** 409 for what a kill switch stops. */
export function refuseStopped(stop: SwitchTarget | null): void {
  if (stop === null) return;
  refuse({
    status: 409,
    code: "kill_switch_engaged",
    detail: "A kill switch is engaged; what is still in time goes on once it is lifted.",
    more: { scope: stop.scope, target: stop.target },
  });
}

/** 403 where an agent's list leaves this destination out, for what passes without being decided on. */
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
  const intent = c.env.intents.find(id);
  const state = (await intent?.look()) ?? null;
  if (intent === null || state === null || !maySee(c.var.principal, state.terms)) {
    return refuse(INTENT_NOT_FOUND);
  }
  return { intent, state };
}

/** The same with everything that is kept of it. */
export async function visibleDossier(c: GateContext, id: string) {
  const intent = c.env.intents.find(id);
  const dossier = (await intent?.dossier()) ?? null;
  if (intent === null || dossier === null || !maySee(c.var.principal, dossier.state.terms)) {
    return refuse(INTENT_NOT_FOUND);
  }
  return { intent, dossier };
}

import { listAllows } from "../../core/registry/name-patterns.ts";
import { eligibility } from "../../core/intent/approval.ts";
import type { IntentState, Terms } from "../../core/intent/state.ts";
import { stoppedBy, type SwitchTarget } from "../../core/policy/kill-switch.ts";
import { voterOf } from "../../core/identity/people.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { Ports } from "../../ports/ports.ts";
import type { GateContext } from "./context.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND } from "../problem/from-refusal.ts";

/**
 * May this principal know that this intent exists? Everyone else is told there is no such thing.
 *
 * The registry names runners as people do. Their names are unique among all principals and compared exactly.
 */
export function maySee(principal: Principal, terms: Terms): boolean {
  switch (principal.role) {
    case "agent":
      return terms.agent === principal.id;
    case "runner":
      return terms.runners.includes(principal.name);
    case "reviewer":
    case "auditor":
    case "admin":
      return true;
  }
}

/** The payload is for those who wrote it, decide on it, carry it out, or audit. */
export async function maySeePayload(
  principal: Principal,
  state: IntentState,
  ports: Ports,
): Promise<boolean> {
  if (!maySee(principal, state.terms)) return false;
  if (principal.role === "runner") return state.orders.length > 0;
  if (principal.role !== "reviewer") return true;
  const { registry } = await ports.rules.current();
  // Assurance is how they signed in this time, not whether the case is theirs to decide.
  return eligibility(state, voterOf(principal, "passkey", registry)) === null;
}

/** The kill switch that stops this intent now, read afresh; null: none does. */
export async function stopOf(ports: Ports, { agent, destination }: Pick<Terms, "agent" | "destination">) {
  return stoppedBy(await ports.switches.engaged("fresh"), agent, destination);
}

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

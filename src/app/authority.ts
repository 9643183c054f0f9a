import { eligibility } from "../core/intent/approval.ts";
import type { IntentState, Terms } from "../core/intent/state.ts";
import { voterOf } from "../core/identity/people.ts";
import type { Principal } from "../core/identity/principal.ts";
import { listAllows } from "../core/registry/name-patterns.ts";
import type { Dossier, Intent } from "../ports/intents.ts";
import type { Ports } from "../ports/ports.ts";

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
  ports: Pick<Ports, "rules">,
): Promise<boolean> {
  if (!maySee(principal, state.terms)) return false;
  if (principal.role === "runner") return state.orders.length > 0;
  if (principal.role !== "reviewer") return true;
  const { registry } = await ports.rules.current();
  // Assurance is how they signed in this time, not whether the case is theirs to decide.
  return eligibility(state, voterOf(principal, "passkey", registry)) === null;
}

/** The intent of this id, if the principal may see it; null does not tell the two apart. */
export async function findVisibleIntent(
  id: string,
  principal: Principal,
  { intents }: Pick<Ports, "intents">,
): Promise<{ readonly intent: Intent; readonly state: IntentState } | null> {
  const intent = intents.find(id);
  const state = (await intent?.look()) ?? null;
  return intent === null || state === null || !maySee(principal, state.terms) ? null : { intent, state };
}

/** The same with every record of the intent. */
export async function findVisibleDossier(
  id: string,
  principal: Principal,
  { intents }: Pick<Ports, "intents">,
): Promise<{ readonly intent: Intent; readonly dossier: Dossier } | null> {
  const intent = intents.find(id);
  const dossier = (await intent?.dossier()) ?? null;
  if (intent === null || dossier === null) return null;
  return maySee(principal, dossier.state.terms) ? { intent, dossier } : null;
}

/** May this agent's requests reach a destination that passes them without a decision? Null allows every destination. */
export function mayReach(
  { allowedDestinations }: Pick<Principal, "allowedDestinations">,
  destination: string,
): boolean {
  return allowedDestinations === null || listAllows(allowedDestinations, destination);
}

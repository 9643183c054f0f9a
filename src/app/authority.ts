import { eligibility } from "../core/intent/approval.ts";
import type { IntentState, IntentTerms } from "../core/intent/state.ts";
import { voterOf } from "../core/identity/people.ts";
import { isHuman, type Principal } from "../core/identity/principal.ts";
import { listAllows } from "../core/registry/name-patterns.ts";
import type { IntentRecord, Intent } from "../ports/intents.ts";
import type { IntentScope } from "../ports/intent-index.ts";
import type { Ports } from "../ports/ports.ts";
import { recheckIntent, type RecheckPorts } from "./evaluation/recheck-intent.ts";

/**
 * May this principal know that this intent exists? To all others every door responds as if it did not.
 *
 * The registry names runners as people do. Their names are unique among all principals and compared exactly.
 */
export function maySee(principal: Principal, terms: IntentTerms): boolean {
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

/** The payload is for the proposing agent, eligible reviewers, the reviewer who edited it, the runner of an order, auditors and admins. */
export async function maySeePayload(
  principal: Principal,
  state: IntentState,
  ports: Pick<Ports, "rules">,
): Promise<boolean> {
  if (!maySee(principal, state.terms)) return false;
  if (principal.role === "runner") return state.orders.length > 0;
  if (principal.role !== "reviewer") return true;
  const { registry } = await ports.rules.current();
  const voter = voterOf(principal, "passkey", registry);
  // The editor wrote it, though another person approves it.
  if (state.terms.editor !== null && state.terms.editor === voter.person) return true;
  // Eligible at any assurance: a reviewer may read the case first and sign in more strongly to decide it.
  return eligibility(state, voter) === null;
}

/** The intent of this id; null both for an unknown id and for an intent that the principal may not see. */
export async function findVisibleIntent(
  id: string,
  principal: Principal,
  { intents }: Pick<Ports, "intents">,
): Promise<{ readonly intent: Intent; readonly state: IntentState } | null> {
  const intent = intents.find(id);
  const state = (await intent?.getState()) ?? null;
  return intent === null || state === null || !maySee(principal, state.terms) ? null : { intent, state };
}

/** The same with every record of the intent, as it is under the rules in force. */
export async function findVisibleRecord(
  id: string,
  principal: Principal,
  ports: Pick<Ports, "intents"> & RecheckPorts,
): Promise<{ readonly intent: Intent; readonly record: IntentRecord } | null> {
  const intent = ports.intents.find(id);
  const record = (await intent?.getRecord()) ?? null;
  if (intent === null || record === null || !maySee(principal, record.state.terms)) return null;
  const state = await recheckIntent(intent, record.state, ports);
  const isCurrent = state.terms.digest === record.state.terms.digest;
  return { intent, record: isCurrent ? record : ((await intent.getRecord()) ?? record) };
}

/** May this agent's requests reach a destination that passes them without a decision? Null allows every destination. */
export function mayReach(
  { allowedDestinations }: Pick<Principal, "allowedDestinations">,
  destination: string,
): boolean {
  return allowedDestinations === null || listAllows(allowedDestinations, destination);
}

/** An agent lists its own intents, a runner those of the destinations that name it, people all. */
export async function listScope(
  { role, id, name }: Principal,
  { rules }: Pick<Ports, "rules">,
): Promise<IntentScope> {
  if (role !== "runner") return { agent: role === "agent" ? id : null, destinations: null };
  const { destinations } = (await rules.current()).registry;
  const assigned = [...destinations.values()].filter(({ runners }) => runners.includes(name));
  return { agent: null, destinations: assigned.map((destination) => destination.name) };
}

/** The only principal whose counts of reads and metrics this one may see: a program's own; null: every principal's. */
export function countsScope(principal: Principal): string | null {
  return isHuman(principal) ? null : principal.id;
}

/** People read the whole ledger; programs only the entries of intents that they may see. */
export function mayReadLedger(principal: Principal): boolean {
  return isHuman(principal);
}

/** An agent could probe the policy with the trace of a decision, so that it is for people only. */
export function maySeeTrace(principal: Principal): boolean {
  return isHuman(principal);
}

/** The texts of policies, for the same reason. Their ids and hashes are in every entry. */
export function mayReadPolicies(principal: Principal): boolean {
  return isHuman(principal);
}

/** Programs look up themselves only; every other principal is as if not registered. */
export function maySeePrincipal(principal: Principal, id: string): boolean {
  return isHuman(principal) || principal.id === id;
}

/** A reviewer may stop programs; only an admin changes the status of a person's key. */
export function mayChangeStatus({ role }: Principal, target: Principal): boolean {
  return role !== "reviewer" || !isHuman(target);
}

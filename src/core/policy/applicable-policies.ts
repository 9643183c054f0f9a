import type { ProposalRequest } from "../proposal/request.ts";
import type { SwitchTarget } from "./kill-switch.ts";
import type { Policy, PolicyRules } from "./policy.ts";
import type { Destination, Registry } from "../registry/registry.ts";

/** The rules an installation decides by. */
export interface Rules {
  readonly registry: Registry;
  /** By id, from a map and never from an object's members: `constructor` is an unknown policy. */
  policy(id: string): Policy | { readonly broken: string } | undefined;
}

/** What an agent may do at all; null lists restrict nothing, empty ones allow nothing. */
export interface AgentScope {
  readonly id: string;
  /** Exact names, `system.*` or `*`. */
  readonly allowedDestinations: readonly string[] | null;
  readonly allowedPolicies: readonly string[] | null;
  /** Set when the agent was registered. */
  readonly environment: string | null;
  /** The kill switch that stops this agent at the destination it asks for; absent or null: none does. */
  readonly stop?: SwitchTarget | null;
}

export interface ApplicablePolicies {
  readonly entry: Destination | undefined;
  /** The destination is nobody's, and the registry says that such a destination is refused. */
  readonly refused: boolean;
  readonly policies: readonly Policy[];
  /** Named by agent or registry, and there is no such file. */
  readonly unknown: readonly string[];
  readonly broken: readonly { readonly id: string; readonly problem: string }[];
}

const NONE: readonly never[] = [];

/**
 * Bound policies always decide; the one the agent names decides beside them, so it can only make the answer
 * stricter. Where nothing is bound, the named one decides alone, if the registry lets it.
 */
export function applicablePolicies(
  { registry, policy }: Rules,
  request: ProposalRequest,
): ApplicablePolicies {
  const entry = registry.destinations.get(request.destination);
  const bound = entry?.policies ?? [];
  const refused = bound.length === 0 && registry.unboundDestinations === "block";
  if (bound.length === 0 && request.policy !== "") {
    // The usual case, worth its own few lines: no list is built and walked.
    const named = policy(request.policy);
    if (isUsable(named)) return { entry, refused, policies: [named], unknown: NONE, broken: NONE };
  }
  const ids = request.policy === "" || bound.includes(request.policy) ? bound : [...bound, request.policy];
  const policies: Policy[] = [];
  const unknown: string[] = [];
  const broken: { id: string; problem: string }[] = [];
  for (const id of ids) {
    const found = policy(id);
    if (found === undefined) unknown.push(id);
    else if (isUsable(found)) policies.push(found);
    else broken.push({ id, problem: found.broken });
  }
  if (ids.length === 0) unknown.push("");
  return { entry, refused, policies, unknown, broken };
}

function isUsable(found: Policy | { readonly broken: string } | undefined): found is Policy {
  return found !== undefined && !("broken" in found);
}

/**
 * A policy's rules for the environment the agent was registered in, and beside them those for the one the
 * request names: a request can add strictness, never choose its own rules.
 */
export function applicableVariants(
  policy: Policy,
  agent: AgentScope,
  request: ProposalRequest,
): readonly PolicyRules[] {
  const own = variant(policy, agent.environment);
  const named = request.metadata["environment"];
  if (typeof named !== "string" || policy.environments.size === 0) return [own];
  const other = variant(policy, named);
  return other === own ? [own] : [own, other];
}

function variant(policy: Policy, environment: string | null): PolicyRules {
  if (environment === null) return policy.base;
  return policy.environments.get(environment) ?? policy.base;
}

import type { ProposalRequest } from "../proposal/request.ts";
import type { SwitchTarget } from "./kill-switch.ts";
import type { Policy, PolicyRules } from "./policy.ts";
import type { Destination, Registry } from "../registry/registry.ts";

/** The registry and the policies of a deployment. */
export interface Rules {
  readonly registry: Registry;
  /** By id, from a map and never from an object's members: `constructor` is an unknown policy. */
  policy(id: string): Policy | { readonly broken: string } | undefined;
}

/** An agent's own limits; null lists restrict nothing, empty ones allow nothing. */
export interface AgentScope {
  readonly id: string;
  /** Exact names, `system.*` or `*`. */
  readonly allowedDestinations: readonly string[] | null;
  readonly allowedPolicies: readonly string[] | null;
  /** Set when the agent was registered. */
  readonly environment: string | null;
  /** The engaged kill switch for this agent and destination; absent or null when there is none. */
  readonly stop?: SwitchTarget | null;
}

export interface ApplicablePolicies {
  readonly entry: Destination | undefined;
  /** The destination has no bound policies, and the registry refuses such destinations. */
  readonly refused: boolean;
  readonly policies: readonly Policy[];
  /** Ids that the agent or the registry names and that have no file. */
  readonly unknown: readonly string[];
  readonly broken: readonly { readonly id: string; readonly problem: string }[];
}

const NONE: readonly never[] = [];

/**
 * Bound policies always apply; the one the agent names applies beside them, so it can only make the verdict
 * stricter. Where nothing is bound, the named one applies alone, if the registry allows it.
 */
export function applicablePolicies(
  { registry, policy }: Rules,
  request: ProposalRequest,
): ApplicablePolicies {
  const entry = registry.destinations.get(request.destination);
  const bound = entry?.policies ?? [];
  const refused = bound.length === 0 && registry.unboundDestinations === "block";
  if (bound.length === 0 && request.policy !== "") {
    // Fast path for the usual case, without building and walking lists.
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

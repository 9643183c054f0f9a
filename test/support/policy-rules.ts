import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { AgentScope, Rules } from "../../src/core/policy/evaluate.ts";
import type { History } from "../../src/core/policy/history.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import type { Policy } from "../../src/core/policy/policy.ts";
import { EMPTY_LOCAL_REGISTRY, parseRegistry } from "../../src/config/registry/parse.ts";
import { parsePolicy } from "../../src/config/policy/parse.ts";

/** Rules from texts; a policy is `id: rest of its file`. */
export function rulesFrom(policies: Readonly<Record<string, string>>, registryText?: string): Rules {
  const known = new Map<string, Policy>();
  for (const [id, text] of Object.entries(policies)) {
    const parsed = parsePolicy(`${id}.yaml`, `id: ${id}\n${text}\n`);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    known.set(id, parsed.value);
  }
  if (registryText === undefined) return { registry: EMPTY_LOCAL_REGISTRY, policy: (id) => known.get(id) };
  const registry = parseRegistry("gate.yaml", registryText, "allow");
  if (!registry.ok) throw new Error(JSON.stringify(registry.error));
  return { registry: registry.value, policy: (id) => known.get(id) };
}

export const AGENT: AgentScope = {
  id: "agt_1",
  allowedDestinations: null,
  allowedPolicies: null,
  environment: null,
};

export function requestFor(changes: Partial<ProposalRequest> = {}): ProposalRequest {
  return {
    destination: "crm.import",
    policy: "p",
    action: "crm.import",
    recordCount: null,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata: {},
    profile: null,
    expiresInMinutes: null,
    ...changes,
  };
}

export const NO_PAYLOAD: Payload = { kind: "none" };

export function content(text: string, name: string | null = null): Payload {
  return { kind: "content", bytes: new TextEncoder().encode(text), name, mediaType: null };
}

export function reference(name: string): Payload {
  return { kind: "reference", name, sha256: null, rows: null };
}

export function historyWith(changes: Partial<History> = {}): History {
  return {
    windows: [],
    duplicateOf: null,
    rejected: null,
    duplicateWithinMs: 86_400_000,
    rejectedWithinMs: 86_400_000,
    ...changes,
  };
}

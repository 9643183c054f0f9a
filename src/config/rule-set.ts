import { digestOf } from "../core/base/digest.ts";
import type { Json } from "../core/base/json.ts";
import type { Rules } from "../core/policy/evaluate.ts";
import type { Policy } from "../core/policy/policy.ts";
import type { Registry } from "../core/registry/registry.ts";
import { EMPTY_LOCAL_REGISTRY, EMPTY_REGISTRY, parseRegistry } from "./registry/parse.ts";
import { err, ok, type Result } from "../core/base/result.ts";
import { parsePolicy } from "./policy/parse.ts";

/** Texts of the policy directory, or of the bundle made at deploy. */
export interface RuleTexts {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** Files that were never valid: proposals by these policies are blocked, others are not affected. */
  readonly broken: readonly { readonly id: string; readonly problems: readonly string[] }[];
  readonly registry: string | null;
}

/** Compiled rules, and the texts they were compiled from. */
export interface RuleSet extends Rules {
  readonly ids: readonly string[];
  /** SHA-256 over everything whose change makes Gate evaluate again what waits. */
  readonly digest: string;
  /** Policy hash → its id and text. */
  readonly texts: ReadonlyMap<string, { readonly id: string; readonly text: string }>;
}

/** Rules that are not in force yet, or their mistakes. */
export function compileCandidate(
  { policies, registry }: Pick<RuleTexts, "policies" | "registry">,
  unbound: Registry["unboundDestinations"],
): Result<RuleSet, readonly string[]> {
  const mistakes = policies.flatMap(({ id, text }) => {
    const parsed = parsePolicy(`${id}.yaml`, text);
    return parsed.ok ? [] : parsed.error.map(({ line, message }) => `${id}.yaml:${line}: ${message}`);
  });
  const parsed = registry === null ? null : parseRegistry("gate.yaml", registry, unbound);
  if (parsed?.ok === false) {
    mistakes.push(...parsed.error.map(({ line, message }) => `gate.yaml:${line}: ${message}`));
  }
  return mistakes.length > 0
    ? err(mistakes)
    : ok(compileRuleSet({ policies, broken: [], registry }, unbound));
}

/**
 * @param unbound default of the registry's `unbound_destinations`; `allow` is for the local server only
 * @throws {Error} when the registry is invalid: without its bindings no proposal can be evaluated. Callers answer 503 and
 *   log it; deploy and start refuse such a file before.
 */
export function compileRuleSet(
  { policies, broken, registry }: RuleTexts,
  unbound: Registry["unboundDestinations"],
): RuleSet {
  const compiled = new Map<string, Policy | { readonly broken: string }>();
  const texts = new Map<string, { readonly id: string; readonly text: string }>();
  for (const { id, problems } of broken) compiled.set(id, { broken: problems.join("\n") });
  for (const { id, text } of policies) {
    const parsed = parsePolicy(`${id}.yaml`, text);
    if (parsed.ok) {
      compiled.set(id, parsed.value);
      texts.set(parsed.value.hash, { id, text });
    } else {
      compiled.set(id, { broken: parsed.error.map(({ line, message }) => `${line}: ${message}`).join("\n") });
    }
  }
  const meanings = [...compiled].map(([id, policy]) => [id, "broken" in policy ? "" : policy.ref.meaning]);
  const parsedRegistry = registry === null ? null : parseRegistry("gate.yaml", registry, unbound);
  if (parsedRegistry?.ok === false) {
    throw new Error("gate.yaml is invalid; `npx zehrava-gate policy lint` lists its mistakes");
  }
  const rules = parsedRegistry?.value ?? (unbound === "allow" ? EMPTY_LOCAL_REGISTRY : EMPTY_REGISTRY);
  const configs = [...rules.destinations].map(([name, { configHash }]) => [name, configHash]);
  return {
    registry: rules,
    policy: (id) => compiled.get(id),
    ids: [...compiled.keys()].toSorted(),
    texts,
    digest: digestOf({
      policies: Object.fromEntries(meanings) as Json,
      destinations: Object.fromEntries(configs) as Json,
    }),
  };
}

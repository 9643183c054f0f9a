import type { Rules } from "../core/policy/evaluate.ts";
import type { Policy } from "../core/policy/policy.ts";
import type { Registry } from "../core/registry/registry.ts";
import { EMPTY_LOCAL_REGISTRY, EMPTY_REGISTRY, parseRegistry } from "./registry/parse.ts";
import { parsePolicy } from "./policy/parse.ts";

/** Texts as they lie in the policy directory, or were bundled at deploy. */
export interface RuleTexts {
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** Files that were never good: whoever names them is told so, nothing else is affected. */
  readonly broken: readonly { readonly id: string; readonly problems: readonly string[] }[];
  readonly registry: string | null;
}

/** Rules ready to decide with, and the texts they came from. */
export interface RuleSet extends Rules {
  readonly ids: readonly string[];
  /** Policy hash → its id and text. */
  readonly texts: ReadonlyMap<string, { readonly id: string; readonly text: string }>;
}

/**
 * @param unbound what to do with unbound destinations where the registry does not say: `allow` is for one machine
 * @throws {Error} when the registry does not parse: it says what binds whom, so nothing can be decided without
 *   it. Callers answer 503 and say so in the log; deploy and start have refused such a file before.
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
  const parsedRegistry = registry === null ? null : parseRegistry("gate.yaml", registry, unbound);
  if (parsedRegistry?.ok === false) throw new Error("gate.yaml cannot be parsed");
  return {
    registry: parsedRegistry?.value ?? (unbound === "allow" ? EMPTY_LOCAL_REGISTRY : EMPTY_REGISTRY),
    policy: (id) => compiled.get(id),
    ids: [...compiled.keys()].toSorted(),
    texts,
  };
}

import type { Policy, PolicyRules } from "../../src/core/policy/policy.ts";
import { LIMITS, LISTS, SWITCHES, VALUES } from "./compared-fields.ts";
import { compareLimit, compareList, opposite, sentence } from "./diff-sentences.ts";
import type { Difference, AddDifference } from "./diff-sentences.ts";

/** The changes from one version to the next, one sentence each. */
export function differences(a: Policy, b: Policy): readonly Difference[] {
  const found: Difference[] = [];
  if (a.mode !== b.mode) {
    const strict = b.mode === "enforce";
    const words = strict
      ? "The policy is enforced now; before, it was a shadow policy."
      : "The policy becomes a shadow policy: it is evaluated and recorded, and never counts.";
    found.push({ field: "mode", words, effect: strict ? "stricter" : "looser" });
  }
  if (a.description !== b.description || a.owner !== b.owner) {
    found.push({ field: "description", words: "Description or owner change.", effect: "neutral" });
  }
  found.push(...ofRules(a.base, b.base, ""));
  const environments = [...new Set([...a.environments.keys(), ...b.environments.keys()])].toSorted();
  for (const name of environments) {
    const prefix = `environments.${name}.`;
    const was = a.environments.get(name) ?? a.base;
    const is = b.environments.get(name) ?? b.base;
    // A change of the base shows in every environment too; only the environment's own changes are repeated.
    const base = new Set(found.map(({ words }) => words));
    found.push(...ofRules(was, is, prefix).filter(({ words }) => !base.has(words)));
  }
  return found.map((difference) => {
    const environment = /^environments\.(.+)\.[a-z_]+$/.exec(difference.field)?.[1];
    return environment === undefined
      ? difference
      : { ...difference, words: `In ${environment}: ${difference.words}` };
  });
}

function ofRules(a: PolicyRules, b: PolicyRules, prefix: string): readonly Difference[] {
  const found: Difference[] = [];
  const add: AddDifference = (field, words, effect) =>
    void found.push({ field: `${prefix}${field}`, words, effect });
  for (const { field, what, read, allows } of LISTS) compareList(add, field, what, read(a), read(b), allows);
  for (const limit of LIMITS) compareLimit(add, limit, limit.read(a), limit.read(b));
  for (const { field, read, on, off, effect } of SWITCHES) {
    if (read(a) !== read(b)) add(field, read(b) ? on : off, read(b) ? effect : opposite(effect));
  }
  for (const { field, what, read } of VALUES) {
    if (read(a) !== read(b)) add(field, `${sentence(what)}: ${read(a)} before, ${read(b)} now.`, "neutral");
  }
  return found;
}

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Rules } from "../../src/core/policy/evaluate.ts";
import type { Policy } from "../../src/core/policy/policy.ts";
import type { Registry } from "../../src/core/registry/registry.ts";
import { crossCheck } from "../../src/config/cross-checks.ts";
import type { PolicyFile, RegistryFile } from "../../src/config/cross-checks.ts";
import { EMPTY_LOCAL_REGISTRY, parseRegistry } from "../../src/config/registry/parse.ts";
import { idOf, parsePolicy } from "../../src/config/policy/parse.ts";
import type { PolicyProblem } from "../../src/config/policy/parse.ts";
import type { Options } from "./options.ts";
import { UsageError } from "../usage.ts";

/** A policy directory and its registry: the valid files, and every error with its path. */
export interface RuleFiles {
  readonly policies: readonly PolicyFile[];
  readonly registry: Registry;
  /** Null: there is none. */
  readonly registryText: string | null;
  readonly problems: readonly PolicyProblem[];
  readonly rules: Rules;
}

/** @throws {UsageError} when the directory, or a named registry, does not exist */
export function readRuleFiles(options: Options): RuleFiles {
  const { policyDir } = options;
  if (!existsSync(policyDir) || !statSync(policyDir).isDirectory()) {
    throw new UsageError(`${policyDir} is not a directory. Name one with --policy-dir.`);
  }
  const problems: PolicyProblem[] = [];
  const policies: PolicyFile[] = [];
  const known = new Map<string, Policy | { readonly broken: string }>();
  for (const name of readdirSync(policyDir).filter(isYaml).toSorted()) {
    const text = readFileSync(join(policyDir, name), "utf8");
    const parsed = parsePolicy(name, text);
    const id = idOf(name);
    if (parsed.ok) {
      policies.push({ file: name, text, policy: parsed.value });
      known.set(parsed.value.id, parsed.value);
    } else {
      problems.push(...parsed.error.map((problem) => ({ ...problem, file: join(policyDir, name) })));
      if (id !== null) known.set(id, { broken: "has mistakes" });
    }
  }
  const file = readRegistry(options, problems);
  if (problems.length === 0) {
    const place = (problem: PolicyProblem) =>
      problem.file === file?.file ? (options.registry ?? "") : join(policyDir, problem.file);
    problems.push(...crossCheck(policies, file).map((problem) => ({ ...problem, file: place(problem) })));
  }
  const registry = file?.registry ?? EMPTY_LOCAL_REGISTRY;
  return {
    policies,
    registry,
    registryText: file?.text ?? null,
    problems,
    rules: { registry, policy: (id) => known.get(id) },
  };
}

export function isYaml(name: string): boolean {
  return /\.ya?ml$/.test(name);
}

function readRegistry(options: Options, problems: PolicyProblem[]): RegistryFile | null {
  if (options.registry === null) return null;
  if (!existsSync(options.registry)) {
    if (options.registryNamed) throw new UsageError(`The registry ${options.registry} does not exist.`);
    return null;
  }
  const file = basename(options.registry);
  const text = readFileSync(options.registry, "utf8");
  const parsed = parseRegistry(file, text, "allow");
  if (parsed.ok) return { file, text, registry: parsed.value };
  const path = options.registry;
  problems.push(...parsed.error.map((problem) => ({ ...problem, file: path })));
  return null;
}

export function lineFor({ file, line, column, message }: PolicyProblem): string {
  return `${file}:${line}:${column}: ${message}`;
}

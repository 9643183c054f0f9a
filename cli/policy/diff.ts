import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { Policy } from "../../src/core/policy/policy.ts";
import { parsePolicy } from "../../src/config/policy/parse.ts";
import type { PolicyProblem } from "../../src/config/policy/parse.ts";
import { EXIT_FINDINGS, readOptions } from "./options.ts";
import type { CommandIo } from "../io.ts";
import { differences } from "./policy-differences.ts";
import type { Difference } from "./diff-sentences.ts";
import { isYaml, lineFor } from "./rule-files.ts";
import { UsageError } from "../usage.ts";

interface PolicyDifference {
  readonly policy: string;
  readonly change: "added" | "removed" | "changed";
  readonly differences: readonly Difference[];
}

/** `policy diff`: describes the changes between two versions, and for each whether it is stricter. */
export async function runDiff(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  const [before, after, ...others] = options.positionals;
  if (before === undefined || after === undefined || others.length > 0) {
    throw new UsageError("Name two policy files, or two directories: the old one first.");
  }
  const problems: PolicyProblem[] = [];
  const pair = [before, after].map((path) => load(path, problems));
  if (problems.length > 0) {
    for (const problem of problems) io.err(lineFor(problem));
    return EXIT_FINDINGS;
  }
  const [old, next] = pair as [ReadonlyMap<string, Policy>, ReadonlyMap<string, Policy>];
  const found = compare(old, next);
  io.out(options.json ? JSON.stringify(found, null, 2) : diffText(found));
  return found.length > 0 ? EXIT_FINDINGS : 0;
}

function load(path: string, problems: PolicyProblem[]): ReadonlyMap<string, Policy> {
  if (!existsSync(path)) throw new UsageError(`${path} does not exist.`);
  const files = statSync(path).isDirectory()
    ? readdirSync(path)
        .filter(isYaml)
        .toSorted()
        .map((name) => join(path, name))
    : [path];
  const policies = new Map<string, Policy>();
  for (const file of files) {
    const parsed = parsePolicy(basename(file), readFileSync(file, "utf8"));
    if (parsed.ok) policies.set(parsed.value.id, parsed.value);
    else problems.push(...parsed.error.map((problem) => ({ ...problem, file })));
  }
  return policies;
}

function compare(
  old: ReadonlyMap<string, Policy>,
  next: ReadonlyMap<string, Policy>,
): readonly PolicyDifference[] {
  // Two single files are versions of one policy, even under different names.
  if (old.size === 1 && next.size === 1) {
    const [a] = old.values();
    const [b] = next.values();
    if (a !== undefined && b !== undefined) return changed(b.id, a, b);
  }
  const ids = [...new Set([...old.keys(), ...next.keys()])].toSorted();
  return ids.flatMap((id): readonly PolicyDifference[] => {
    const a = old.get(id);
    const b = next.get(id);
    if (a === undefined) return [{ policy: id, change: "added", differences: [] }];
    if (b === undefined) return [{ policy: id, change: "removed", differences: [] }];
    return changed(id, a, b);
  });
}

function changed(id: string, a: Policy, b: Policy): readonly PolicyDifference[] {
  const found = differences(a, b);
  return found.length === 0 ? [] : [{ policy: id, change: "changed", differences: found }];
}

function diffText(found: readonly PolicyDifference[]): string {
  if (found.length === 0) return "The same rules.";
  return found
    .map(({ policy, change, differences: list }) => {
      if (change === "added") return `${policy}: a new policy.`;
      if (change === "removed") return `${policy}: removed; intents that name it are blocked.`;
      const lines = list.map(
        ({ words, effect }) => `  ${words}${effect === "neutral" ? "" : ` (${effect})`}`,
      );
      return [`${policy}:`, ...lines].join("\n");
    })
    .join("\n");
}

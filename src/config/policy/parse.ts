import { digestOf, sha256Hex } from "../../core/base/digest.ts";
import type { FieldPlace, Policy, PolicyField, PolicyRules } from "../../core/policy/policy.ts";
import { err, ok } from "../../core/base/result.ts";
import type { Result } from "../../core/base/result.ts";
import { checkCombinations } from "./combinations.ts";
import { compilePolicyRules } from "./compile-rules.ts";
import type { ReportProblem } from "./compile-rules.ts";
import type { WrittenRules } from "./fields.ts";
import { nameOf, problemsOf } from "../yaml/messages.ts";
import { POLICY_FILE } from "./schema.ts";
import { readYaml } from "../yaml/source.ts";
import type { Path, PolicyProblem, YamlSource } from "../yaml/source.ts";
import { MAX_NAME_CHARACTERS, NAME } from "../yaml/schema-types.ts";

export type { PolicyProblem } from "../yaml/source.ts";

const EXTENSION = /\.yaml$/;

/**
 * Parses one policy file. Nothing in it is ignored: unknown fields, wrong types and contradictions are problems with
 * line and column, all reported at once.
 *
 * @param file base name with its extension `.yaml`; the policy's `id` must be the name without it
 */
export function parsePolicy(file: string, text: string): Result<Policy, readonly PolicyProblem[]> {
  const id = idOf(file);
  if (id === null) {
    const message = "a policy's file name is lower-case letters, digits, `-`, `_` and `.`, and ends in .yaml";
    return err([{ file, line: 1, column: 1, message }]);
  }
  const source = readYaml(file, text);
  if (!source.ok) return source;
  const parsed = POLICY_FILE.safeParse(source.value.value);
  if (!parsed.success) return err(sorted(problemsOf(source.value, parsed.error.issues)));
  const written = parsed.data as WrittenPolicy;
  return compile(id, sha256Hex(text), source.value, written);
}

/** The policy's id by its file name; null: no valid name. */
export function idOf(file: string): string | null {
  const id = file.replace(EXTENSION, "");
  return id !== file && id.length <= MAX_NAME_CHARACTERS && NAME.test(id) ? id : null;
}

type WrittenPolicy = WrittenRules & {
  readonly id: string;
  readonly description?: string;
  readonly owner?: string;
  readonly mode?: "enforce" | "shadow";
  readonly environments?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

function compile(
  id: string,
  hash: string,
  source: YamlSource,
  file: WrittenPolicy,
): Result<Policy, readonly PolicyProblem[]> {
  const problems: PolicyProblem[] = [];
  if (file.id !== id) {
    problems.push(source.problemAt(["id"], `id is "${file.id}", and the file's name says "${id}"`));
  }
  const { id: _id, description, owner, mode, environments = {}, ...written } = file;
  const base = compileVariant(id, source, written, new Map(), problems);
  const variants = new Map<string, PolicyRules>();
  for (const [environment, overrides] of Object.entries(environments)) {
    const merged: Record<string, unknown> = { ...written };
    const places = new Map<PolicyField, Path>();
    for (const [field, value] of Object.entries(overrides)) {
      const path = ["environments", environment, field];
      if (value === null && source.isEmptyAt(path)) {
        const message = `\`${field}\` has no value; write \`null\` to remove the rule in this environment`;
        problems.push(source.problemAtKey(path, message));
      }
      // `null` removes a rule for one environment: `require_approval: null`.
      if (value === null) delete merged[field];
      else merged[field] = value;
      places.set(field as PolicyField, path);
    }
    const rules = compileVariant(id, source, merged as WrittenRules, places, problems);
    variants.set(environment, rules);
  }
  if (problems.length > 0) return err(sorted(unique(problems)));
  return ok({
    id,
    hash,
    ref: { id, hash, meaning: digestOf(source.value) },
    description: description ?? null,
    owner: owner ?? null,
    mode: mode ?? "enforce",
    base,
    environments: variants,
  });
}

function compileVariant(
  id: string,
  source: YamlSource,
  written: WrittenRules,
  places: ReadonlyMap<PolicyField, Path>,
  problems: PolicyProblem[],
): PolicyRules {
  const fields = new Map<PolicyField, FieldPlace>();
  for (const key of Object.keys(written)) {
    const field = key as PolicyField;
    const path = places.get(field) ?? [field];
    fields.set(field, { path: nameOf(path), line: source.lineOf(path) });
  }
  const report: ReportProblem = (field, rest, message) => {
    const path = [...(places.get(field) ?? [field]), ...rest];
    problems.push(source.problemAt(path, message));
  };
  checkCombinations(written, report);
  return compilePolicyRules(id, written, fields, report);
}

/** Environments inherit the base's mistakes, which are reported once. */
function unique(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  const seen = new Set<string>();
  return problems.filter(({ line, column, message }) => {
    const mistake = `${line}:${column}: ${message}`;
    return !seen.has(mistake) && seen.add(mistake);
  });
}

function sorted(problems: readonly PolicyProblem[]): readonly PolicyProblem[] {
  return problems.toSorted((a, b) => a.line - b.line || a.column - b.column);
}

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Decision } from "../../src/core/policy/decision.ts";
import { evaluateProposal } from "../../src/core/policy/evaluate.ts";
import type { Rules } from "../../src/core/policy/evaluate.ts";
import { readCases, situationOf } from "./cases.ts";
import type { Expected, TestCase } from "./cases.ts";
import { EXIT_FINDINGS, readOptions } from "./options.ts";
import type { CommandIo } from "../io.ts";
import { isYaml, lineFor, readRuleFiles } from "./rule-files.ts";
import { UsageError } from "../usage.ts";

interface Outcome {
  readonly file: string;
  readonly line: number;
  readonly policy: string;
  readonly name: string;
  /** Empty: the case passed. */
  readonly differs: readonly string[];
  readonly decision: Decision;
}

/** `policy test`: runs the cases beside the policies, and names the policies without cases, as they are untested. */
export async function runTest(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  const { policies, problems, rules } = readRuleFiles(options);
  const mistakes = [...problems];
  const outcomes: Outcome[] = [];
  for (const file of caseFiles(options.policyDir, options.positionals)) {
    const read = readCases(file, readFileSync(file, "utf8"));
    if (!read.ok) mistakes.push(...read.error);
    else outcomes.push(...read.value.cases.map((each) => run(file, read.value.policy, each, rules)));
  }
  const failed = outcomes.filter(({ differs }) => differs.length > 0);
  const tested = new Set(outcomes.map(({ policy }) => policy));
  const untested =
    options.positionals.length > 0
      ? []
      : policies.map(({ policy }) => policy.id).filter((id) => !tested.has(id));
  if (options.json) {
    const cases = outcomes.map(({ decision: { outcome, reasonCode }, ...rest }) => ({
      ...rest,
      outcome,
      reasonCode,
    }));
    io.out(JSON.stringify({ cases, mistakes, untested }, null, 2));
  } else {
    for (const mistake of mistakes) io.err(lineFor(mistake));
    for (const { file, line, policy, name, differs, decision } of failed) {
      io.err(`${file}:${line}: ${policy}: ${name}`);
      for (const difference of differs) io.err(`    ${difference}`);
      io.err(`    because: ${decision.reason}`);
    }
    for (const id of untested) io.out(`${id} has no cases.`);
    io.out(`${outcomes.length - failed.length} of ${outcomes.length} cases passed.`);
  }
  return failed.length > 0 || mistakes.length > 0 ? EXIT_FINDINGS : 0;
}

function caseFiles(policyDir: string, named: readonly string[]): readonly string[] {
  if (named.length > 0) {
    const missing = named.find((file) => !existsSync(file));
    if (missing !== undefined) throw new UsageError(`The file ${missing} does not exist.`);
    return named;
  }
  const folder = join(policyDir, "tests");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter(isYaml)
    .toSorted()
    .map((name) => join(folder, name));
}

function run(file: string, policy: string, { name, line, given, expect }: TestCase, rules: Rules): Outcome {
  const { request, agent, payload, history } = situationOf(given, policy, rules);
  const decision = evaluateProposal(rules, agent, request, payload, history);
  return { file, line, policy, name, differs: differences(expect, decision), decision };
}

function differences(expected: Expected, decision: Decision): readonly string[] {
  const pairs: readonly (readonly [string, unknown, unknown])[] = [
    ["decision", expected.decision, decision.outcome],
    ["reason_code", expected.reason_code, decision.reasonCode],
    ["risk_level", expected.risk_level, decision.risk.level],
    ["held_by_content", expected.held_by_content, decision.heldByContent],
    ["require", expected.require, decision.approval.require],
    ["expiry_minutes", expected.expiry_minutes, decision.expiryMinutes],
  ];
  return pairs
    .filter(([, wanted, got]) => wanted !== undefined && wanted !== got)
    .map(([name, wanted, got]) => `${name}: expected ${wanted}, got ${got}`);
}

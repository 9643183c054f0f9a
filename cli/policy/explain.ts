import { existsSync, readFileSync } from "node:fs";
import type { Decision } from "../../src/core/policy/decision.ts";
import { unknownFacts } from "../../src/core/proposal/doubt.ts";
import { evaluateProposal } from "../../src/core/policy/evaluate.ts";
import { readGiven, situationOf } from "./cases.ts";
import { connectionOf } from "../server-and-key.ts";
import { EXIT_FINDINGS, readOptions, WHO } from "./options.ts";
import type { CommandIo } from "../io.ts";
import { lineFor, readRuleFiles } from "./rule-files.ts";
import { fetchDecision } from "./server.ts";
import { UsageError } from "../usage.ts";

/** `policy explain`: shows the verdict, and every evaluated rule with its finding. */
export async function runExplain(args: readonly string[], io: CommandIo): Promise<number> {
  const options = readOptions(args);
  const [what, ...others] = options.positionals;
  if (what === undefined || others.length > 0) {
    throw new UsageError("Name one case file, or one intent of a server.");
  }
  if (isIntentId(what) && !existsSync(what)) {
    const recorded = await fetchDecision(connectionOf(options.connectionFlags, WHO), what);
    if (!recorded.ok) {
      io.err(recorded.error);
      return EXIT_FINDINGS;
    }
    io.out(
      options.json ? JSON.stringify(recorded.value.decision, null, 2) : decisionText(recorded.value.decision),
    );
    return 0;
  }
  if (!existsSync(what)) throw new UsageError(`The file ${what} does not exist.`);
  const { problems, rules } = readRuleFiles(options);
  const given = readGiven(what, readFileSync(what, "utf8"));
  const mistakes = given.ok ? problems : [...problems, ...given.error];
  for (const mistake of mistakes) io.err(lineFor(mistake));
  if (!given.ok) return EXIT_FINDINGS;
  const { request, agent, payload, history } = situationOf(given.value, "", rules);
  const decision = evaluateProposal(rules, agent, request, payload, history);
  io.out(options.json ? JSON.stringify(decision, null, 2) : decisionText(decision));
  return 0;
}

function isIntentId(text: string): boolean {
  return /^int_[\w-]+$/.test(text);
}

const VERBS = { approve: "APPROVED", hold: "HELD", block: "BLOCKED" } as const;

function decisionText(decision: Decision): string {
  const { facts, risk } = decision;
  const lines = [
    `${VERBS[decision.outcome]} (${decision.reasonCode}): ${decision.reason}`,
    ...(decision.remedy === null ? [] : [`To pass: ${decision.remedy}`]),
    "",
    `Policies  ${decision.policies.map(({ id, hash }) => `${id} (${hash.slice(0, 12)})`).join(", ") || "none"}`,
    `Payload   ${facts.payload}, ${facts.type ?? "no type"}, ${facts.bytes} bytes`,
    `Records   ${known(facts.records.effective)} (declared ${known(facts.records.declared)}, measured ${known(facts.records.measured)})`,
    ...unknownFacts(facts.doubts).map(({ fact, text }) => `Unknown   ${fact}: ${text}`),
    `Risk      ${(risk.score / 100).toFixed(2)} ${risk.level}${risk.factors.length > 0 ? `: ${risk.factors.join(", ")}` : ""}`,
    "",
    ...decision.trace.map(({ policy, rule, line, seen, outcome, reasonCode }) => {
      const place = line === null ? "" : `:${line}`;
      const code = reasonCode === null ? "" : ` ${reasonCode}`;
      return `  ${outcome.padEnd(7)} ${policy}${place} ${rule}${seen === null ? "" : ` = ${seen}`}${code}`;
    }),
    ...decision.shadow.map(
      ({ policy, outcome, reasonCode }) => `  shadow  ${policy.id} would give ${outcome} (${reasonCode})`,
    ),
  ];
  if (decision.outcome === "hold") {
    const { require, groups, people, minAssurance } = decision.approval;
    const who = [...groups, ...people].join(", ") || "any reviewer";
    lines.push("", `Needs ${require} of ${who}, with assurance ${minAssurance} or stronger.`);
  }
  return lines.join("\n");
}

function known(value: number | null): string {
  return value === null ? "unknown" : String(value);
}

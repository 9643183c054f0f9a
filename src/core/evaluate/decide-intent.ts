import type { Ask } from "../ask.ts";
import type { Decision, Outcome, TraceStep } from "../decision.ts";
import type { Facts } from "../facts.ts";
import type { History } from "../history.ts";
import { NO_HINTS } from "../measure/hints.ts";
import { measure } from "../measure/measure.ts";
import type { Payload } from "../payload.ts";
import type { PolicyRules } from "../policy.ts";
import { riskOf } from "../risk.ts";
import { contentOf } from "./content.ts";
import type { Content } from "./content.ts";
import type { Case } from "./case.ts";
import { policiesInForce, variantsInForce } from "./in-force.ts";
import type { AgentScope, InForce, Rules } from "./in-force.ts";
import { executorsDisagree, mergeTerms } from "./merge.ts";
import { evaluateRules } from "./policy-rules.ts";
import { refusals } from "./refusals.ts";
import type { Refusals } from "./refusals.ts";
import { firstFinding, holdFor } from "./sheet.ts";
import type { Finding, Sheet } from "./sheet.ts";

export { historyNeeded, historyNeededToHold } from "./history-needed.ts";
export type { AgentScope, Rules } from "./in-force.ts";

/**
 * Everything between the parsed ask and the decision: measured facts, risk, every rule of every policy in
 * force, the strictest answer, and why. Pure: the same input gives the same value, to the byte.
 *
 * @param history what `historyNeeded` asked for; null when it asked for nothing. Rules that count hold without.
 */
export function decideIntent(
  rules: Rules,
  agent: AgentScope,
  ask: Ask,
  payload: Payload,
  history: History | null,
): Decision {
  return decider(rules, agent, ask, payload)(history);
}

/** The same in two steps: the payload is measured once, and decided on with and without counters. */
export function decider(
  rules: Rules,
  agent: AgentScope,
  ask: Ask,
  payload: Payload,
): (history: History | null) => Decision {
  const hints = rules.registry.destinations.get(ask.destination)?.measure ?? NO_HINTS;
  const facts = measure(payload, hints, ask);
  const content = contentOf(ask, payload, facts, hints);
  return (history) => decideOnFacts(rules, agent, ask, facts, content, history);
}

/** The same from facts measured earlier, as a replay has them. */
export function decideOnFacts(
  rules: Rules,
  agent: AgentScope,
  ask: Ask,
  facts: Facts,
  content: Content,
  history: History | null,
): Decision {
  const inForce = policiesInForce(rules, ask);
  const risk = riskOf(ask, inForce.entry, facts, content.sensitive());
  const seen: Case = { ask, facts, content, history, risk };

  const enforced: PolicyRules[] = [];
  const sheets: Sheet[] = [];
  const shadow: Decision["shadow"][number][] = [];
  for (const policy of inForce.policies) {
    const variants = variantsInForce(policy, agent, ask);
    const answers = variants.map((variant) => evaluateRules(variant, seen));
    if (policy.mode === "enforce") {
      enforced.push(...variants);
      sheets.push(...answers);
    } else {
      const { outcome, reasonCode } = strictest(answers);
      const trace = answers.flatMap((sheet) => sheet.trace);
      shadow.push({ policy: policy.ref, outcome, reasonCode, trace });
    }
  }

  const refused = refusals(agent, ask, inForce, conflict(inForce, enforced));
  if (sheets.length === 0 && refused.findings.length === 0) sheets.push(onlyShadow());
  const all = [refused, ...sheets];
  const answer = strictest(all);
  return {
    outcome: answer.outcome,
    reasonCode: answer.reasonCode,
    reason: answer.reason,
    remedy: answer.outcome === "approve" ? null : remedyOf(all),
    policies: inForce.policies.filter(({ mode }) => mode === "enforce").map(({ ref }) => ref),
    shadow,
    trace: traceOf(all),
    environment: agent.environment,
    facts,
    history,
    risk,
    ...mergeTerms(enforced, ask),
    heldByContent: all.some((sheet) => sheet.findings.some(({ content: about }) => about)),
  };
}

function conflict(inForce: InForce, enforced: readonly PolicyRules[]): boolean {
  return executorsDisagree(enforced, inForce.entry?.executor);
}

/** Policies in shadow let through what the others say; where there are no others, nobody has said yes. */
function onlyShadow(): Sheet {
  const reason = "Only policies in shadow mode apply, and those never approve.";
  const finding: Finding = holdFor("only_shadow_policies", reason, null);
  const step: TraceStep = {
    policy: "",
    rule: "mode",
    line: null,
    seen: null,
    outcome: "hold",
    reasonCode: finding.code,
  };
  return { trace: [step], findings: [finding], approves: false };
}

interface Answer {
  readonly outcome: Outcome;
  readonly reasonCode: string;
  readonly reason: string;
}

const APPROVED: Answer = {
  outcome: "approve",
  reasonCode: "approved_by_policy",
  reason: "Approved by policy.",
};

/** Block over hold over approve; of equals the first in the order of evaluation. */
function strictest(sheets: readonly (Sheet | Refusals)[]): Answer {
  let held: Finding | undefined;
  for (const sheet of sheets) {
    const finding = firstFinding(sheet);
    if (finding?.outcome === "block") return answerOf(finding);
    held ??= finding;
  }
  return held === undefined ? APPROVED : answerOf(held);
}

function answerOf({ outcome, code, reason }: Finding): Answer {
  return { outcome, reasonCode: code, reason };
}

/** What would pass is only worth saying when it is all that stands in the way, and nothing of it is secret. */
function remedyOf(sheets: readonly (Sheet | Refusals)[]): string | null {
  const remedies = new Set<string>();
  for (const sheet of sheets) {
    for (const { remedy } of sheet.findings) {
      if (remedy === null) return null;
      remedies.add(remedy);
    }
  }
  return [...remedies].join(" ");
}

function traceOf(sheets: readonly (Sheet | Refusals)[]): readonly TraceStep[] {
  return sheets.flatMap((sheet) => sheet.trace);
}

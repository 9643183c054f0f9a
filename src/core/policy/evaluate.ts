import type { Ask } from "../proposal/request.ts";
import type { Decision, PolicyRef } from "./decision.ts";
import type { Facts } from "../proposal/facts.ts";
import type { History } from "./history.ts";
import { NO_HINTS } from "../registry/measure-hints.ts";
import type { Payload } from "../proposal/payload.ts";
import type { Policy, PolicyRules } from "./policy.ts";
import { applyTemplate } from "../proposal/request-template.ts";
import { riskOf } from "./risk.ts";
import { isAboutContent, onlyShadow, remedyOf, strictest, traceOf } from "./verdict.ts";
import type { Content } from "./content-views.ts";
import type { Case } from "./rules/rule-input.ts";
import { policiesInForce, variantsInForce } from "./applicable-policies.ts";
import type { AgentScope, Rules } from "./applicable-policies.ts";
import { executorProblem, mergeTerms } from "./merge-terms.ts";
import { evaluateRules } from "./rules/all-rules.ts";
import { refusals } from "./preconditions.ts";
import type { Sheet } from "./rules/findings.ts";
import { readWritten } from "./request-content.ts";

export { historyNeeded, historyNeededToHold } from "./history-needed.ts";
export type { AgentScope, Rules } from "./applicable-policies.ts";

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
  const entry = rules.registry.destinations.get(ask.destination);
  const made = applyTemplate(ask, payload, entry);
  const { facts, content } = readWritten(made.ask, made.payload, entry?.measure ?? NO_HINTS);
  return decideOnFacts(rules, agent, made.ask, facts, content, history);
}

/** The same in two steps: the payload is measured once, and decided on with and without counters. */
export function decider(
  rules: Rules,
  agent: AgentScope,
  ask: Ask,
  payload: Payload,
): (history: History | null) => Decision {
  const hints = rules.registry.destinations.get(ask.destination)?.measure ?? NO_HINTS;
  const { facts, content } = readWritten(ask, payload, hints);
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

  const enforcing = enforcedOf(inForce.policies);
  const enforced = allVariants(enforcing, agent, ask);
  const sheets = sheetsOf(enforced, seen);

  const refused = refusals(agent, ask, inForce, executorProblem(enforced, inForce.entry?.executor, ask));
  if (refused !== null) sheets.unshift(refused);
  else if (sheets.length === 0) sheets.push(onlyShadow());
  const answer = strictest(sheets);
  const terms = mergeTerms(enforced, ask);
  // Written out: spreading `terms` costs more than all the rules together, and the hot path is this.
  return {
    outcome: answer.outcome,
    reasonCode: answer.reasonCode,
    reason: answer.reason,
    remedy: answer.outcome === "approve" ? null : remedyOf(sheets),
    policies: refsOf(enforcing),
    shadow: enforcing === inForce.policies ? [] : shadows(inForce.policies, agent, seen),
    trace: traceOf(sheets),
    environment: agent.environment,
    facts,
    history,
    risk,
    expiryMinutes: terms.expiryMinutes,
    executionWindowMinutes: terms.executionWindowMinutes,
    retentionDays: terms.retentionDays,
    onNoResponse: terms.onNoResponse,
    heldByContent: sheets.some(isAboutContent),
    approval: terms.approval,
    escalate: terms.escalate,
    edit: terms.edit,
    executor: terms.executor,
  };
}

/*
 * Nearly always one policy is in force. Each of these answers that case without a closure and a growing list:
 * together they would cost more than the rules.
 */

function enforcedOf(policies: readonly Policy[]): readonly Policy[] {
  for (const { mode } of policies) {
    if (mode !== "enforce") return policies.filter((policy) => policy.mode === "enforce");
  }
  return policies;
}

function sheetsOf(enforced: readonly PolicyRules[], seen: Case): Sheet[] {
  const only = enforced[0];
  if (only !== undefined && enforced.length === 1) return [evaluateRules(only, seen)];
  return enforced.map((variant) => evaluateRules(variant, seen));
}

function refsOf(policies: readonly Policy[]): readonly PolicyRef[] {
  const only = policies[0];
  if (only !== undefined && policies.length === 1) return [only.ref];
  return policies.map(({ ref }) => ref);
}

function allVariants(policies: readonly Policy[], agent: AgentScope, ask: Ask): readonly PolicyRules[] {
  const only = policies[0];
  if (only !== undefined && policies.length === 1) return variantsInForce(only, agent, ask);
  return policies.flatMap((policy) => variantsInForce(policy, agent, ask));
}

/** What policies in shadow would have said; nobody is let through or stopped by it. */
function shadows(policies: readonly Policy[], agent: AgentScope, seen: Case): Decision["shadow"] {
  return policies
    .filter(({ mode }) => mode === "shadow")
    .map((policy) => {
      const sheets = variantsInForce(policy, agent, seen.ask).map((variant) => evaluateRules(variant, seen));
      const { outcome, reasonCode } = strictest(sheets);
      return { policy: policy.ref, outcome, reasonCode, trace: traceOf(sheets) };
    });
}

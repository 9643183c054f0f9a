import type { ProposalRequest } from "../proposal/request.ts";
import type { Decision, PolicyRef } from "./decision.ts";
import type { Facts } from "../proposal/facts.ts";
import type { History } from "./history.ts";
import { NO_HINTS } from "../registry/measure-hints.ts";
import type { Payload } from "../proposal/payload.ts";
import type { Policy, PolicyRules } from "./policy.ts";
import { applyTemplate } from "../proposal/request-template.ts";
import { riskOf } from "./risk.ts";
import { isAboutContent, shadowOnlyResults, remedyOf, strictestVerdict, traceOf } from "./verdict.ts";
import type { Steps } from "../base/steps.ts";
import type { ContentViews, Wanted } from "./content-views.ts";
import type { RuleInput } from "./rules/rule-input.ts";
import { applicablePolicies, applicableVariants } from "./applicable-policies.ts";
import type { AgentScope, Rules } from "./applicable-policies.ts";
import { executorProblem, mergeTerms } from "./merge-terms.ts";
import { evaluateRules } from "./rules/all-rules.ts";
import { headerResults } from "./rules/header-rule.ts";
import { namedProfileResults } from "./named-profile.ts";
import { checkPreconditions } from "./preconditions.ts";
import type { RuleResults } from "./rules/findings.ts";
import { measureRequest, measureRequestInSteps } from "./request-content.ts";

export { historyNeeded, historyNeededToHold } from "./history-needed.ts";
export type { AgentScope, Rules } from "./applicable-policies.ts";

/**
 * Evaluates a proposal: measures its facts, scores its risk, and applies every rule of every applicable policy. Pure:
 * the same input gives the same value, to the byte.
 *
 * @param history the counters that `historyNeeded` lists; null when it lists none. Rules that need counters hold
 * without them.
 */
export function evaluateProposal(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
  payload: Payload,
  history: History | null,
): Decision {
  const entry = rules.registry.destinations.get(request.destination);
  const templated = applyTemplate(request, payload, entry);
  const { facts, content } = measureRequest(templated.request, templated.payload, entry?.measure ?? NO_HINTS);
  return evaluateFacts(rules, agent, templated.request, facts, content, history);
}

/** The same in two steps, which measures the payload once and evaluates it with and without counters. */
export function proposalEvaluator(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
  payload: Payload,
): (history: History | null) => Decision {
  const hints = rules.registry.destinations.get(request.destination)?.measure ?? NO_HINTS;
  const { facts, content } = measureRequest(request, payload, hints);
  return (history) => evaluateFacts(rules, agent, request, facts, content, history);
}

/** The same in pieces, for a large payload: all that takes long is done when the function is there. */
export function* proposalEvaluatorInSteps(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
  payload: Payload,
): Steps<(history: History | null) => Decision> {
  const hints = rules.registry.destinations.get(request.destination)?.measure ?? NO_HINTS;
  const { facts, content } = yield* measureRequestInSteps(request, payload, hints);
  yield payload.kind === "content" ? payload.bytes.length : 0;
  yield* content.prepare(wantedBy(applicablePolicies(rules, request).policies, agent, request));
  return (history) => evaluateFacts(rules, agent, request, facts, content, history);
}

function wantedBy(policies: readonly Policy[], agent: AgentScope, request: ProposalRequest): Wanted {
  const variants = allVariants(policies, agent, request);
  const present = <T>(values: readonly (T | null | undefined)[]) =>
    new Set(values.filter((value) => value !== null && value !== undefined));
  return {
    matchers: present(variants.flatMap((rules) => [rules.blockIfTerms?.matcher, rules.holdIfTerms?.matcher])),
    pii: present(variants.flatMap((rules) => [rules.blockIfPii, rules.holdIfPii])),
    templateErrors: variants.some((rules) => rules.requireApprovalIfTemplateError),
  };
}

/** The same from facts measured earlier, as in a replay. */
export function evaluateFacts(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
  facts: Facts,
  content: ContentViews,
  history: History | null,
): Decision {
  const applicable = applicablePolicies(rules, request);
  const risk = riskOf(
    request,
    applicable.entry,
    facts,
    content.sensitive(),
    content.hidden === "undecodable",
  );
  const input: RuleInput = { request, facts, content, history, risk };

  const enforcing = enforcingPolicies(applicable.policies);
  const enforced = allVariants(enforcing, agent, request);
  const results = evaluateVariants(enforced, input);

  const refused = checkPreconditions(
    agent,
    request,
    applicable,
    executorProblem(enforced, applicable.entry?.executor, request),
  );
  if (refused !== null) results.unshift(refused);
  else if (results.length === 0) results.push(shadowOnlyResults());
  const headers = headerResults(request.http, applicable.entry);
  // First among what holds: a reviewer has to learn of it, whatever else holds the write.
  if (headers !== null) results.unshift(headers);
  const profile = namedProfileResults(enforced, request);
  if (profile !== null) results.push(profile);
  const verdict = strictestVerdict(results);
  const terms = mergeTerms(enforced, request);
  // Listed by hand: on this hot path, spreading `terms` costs more than all the rules together.
  return {
    outcome: verdict.outcome,
    reasonCode: verdict.reasonCode,
    reason: verdict.reason,
    remedy: verdict.outcome === "approve" ? null : remedyOf(results),
    policies: policyRefs(enforcing),
    shadow: enforcing === applicable.policies ? [] : shadowResults(applicable.policies, agent, input),
    trace: traceOf(results),
    environment: agent.environment,
    facts,
    history,
    risk,
    expiryMinutes: terms.expiryMinutes,
    executionWindowMinutes: terms.executionWindowMinutes,
    retentionDays: terms.retentionDays,
    onNoResponse: terms.onNoResponse,
    heldByContent: results.some(isAboutContent) || isInDoubt(facts),
    approval: terms.approval,
    escalate: terms.escalate,
    edit: terms.edit,
    executor: terms.executor,
  };
}

/** A fact is unknown, whichever rule held the intent: no deadline and no standing approval approves that. */
function isInDoubt({ doubts }: Facts): boolean {
  return doubts !== undefined;
}

/*
 * Nearly always one policy applies. These functions handle that case without closures and growing lists, which
 * together would cost more than the rules.
 */

function enforcingPolicies(policies: readonly Policy[]): readonly Policy[] {
  for (const { mode } of policies) {
    if (mode !== "enforce") return policies.filter((policy) => policy.mode === "enforce");
  }
  return policies;
}

function evaluateVariants(enforced: readonly PolicyRules[], input: RuleInput): RuleResults[] {
  const only = enforced[0];
  if (only !== undefined && enforced.length === 1) return [evaluateRules(only, input)];
  return enforced.map((variant) => evaluateRules(variant, input));
}

function policyRefs(policies: readonly Policy[]): readonly PolicyRef[] {
  const only = policies[0];
  if (only !== undefined && policies.length === 1) return [only.ref];
  return policies.map(({ ref }) => ref);
}

function allVariants(
  policies: readonly Policy[],
  agent: AgentScope,
  request: ProposalRequest,
): readonly PolicyRules[] {
  const only = policies[0];
  if (only !== undefined && policies.length === 1) return applicableVariants(only, agent, request);
  return policies.flatMap((policy) => applicableVariants(policy, agent, request));
}

/** Results of the shadow policies; recorded, without effect on the verdict. */
function shadowResults(policies: readonly Policy[], agent: AgentScope, input: RuleInput): Decision["shadow"] {
  return policies
    .filter(({ mode }) => mode === "shadow")
    .map((policy) => {
      const results = applicableVariants(policy, agent, input.request).map((variant) =>
        evaluateRules(variant, input),
      );
      const { outcome, reasonCode } = strictestVerdict(results);
      return { policy: policy.ref, outcome, reasonCode, trace: traceOf(results) };
    });
}

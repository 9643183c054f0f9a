import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { Decision } from "../../src/core/policy/decision.ts";
import type { AgentScope, Rules } from "../../src/core/policy/evaluate.ts";
import { evaluateFacts, historyNeeded } from "../../src/core/policy/evaluate.ts";
import { contentViews } from "../../src/core/policy/content-views.ts";
import type { ContentViews } from "../../src/core/policy/content-views.ts";
import { applicablePolicies, applicableVariants } from "../../src/core/policy/applicable-policies.ts";
import type { History, HistoryNeed } from "../../src/core/policy/history.ts";
import { NO_HINTS } from "../../src/core/registry/measure-hints.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import type { PolicyRules } from "../../src/core/policy/policy.ts";
import { ok } from "../../src/core/base/result.ts";
import { SENSITIVE_FIELDS_FACTOR } from "../../src/core/policy/risk.ts";

/** A recorded intent with everything that a second evaluation needs. */
export interface RecordedIntent {
  readonly intentId: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly request: ProposalRequest;
  readonly decision: Decision;
  /** Null: it was erased, or its retention ended. */
  readonly payload: Payload | null;
}

export type Reevaluation =
  | { readonly kind: "decided"; readonly decision: Decision }
  /** A fact that the candidate rules need was not stored. */
  | { readonly kind: "unknown"; readonly missing: "payload" | "counters" | "agent" };

/**
 * Evaluates a recorded intent again from its stored facts. Under the original rules the result is the recorded
 * decision, to the byte; where candidate rules need a fact that was not stored, it is `unknown`, never a guess.
 */
export function reevaluate(rules: Rules, recorded: RecordedIntent): Reevaluation {
  const { request, decision } = recorded;
  // The agent's scope and the kill switches of that time are in no policy, and not stored with the decision.
  const isOutsidePolicies = decision.reasonCode.startsWith("agent_") || decision.reasonCode === "kill_switch";
  if (isOutsidePolicies) return { kind: "unknown", missing: "agent" };
  const agent: AgentScope = {
    id: "",
    allowedDestinations: null,
    allowedPolicies: null,
    environment: decision.environment,
  };
  const applicable = applicablePolicies(rules, request);
  const variants = applicable.policies.flatMap((policy) => applicableVariants(policy, agent, request));
  const content = contentFor(recorded, variants);
  if (content === null) return { kind: "unknown", missing: "payload" };
  const history = decision.history;
  if (!covers(history, historyNeeded(rules, agent, request))) return { kind: "unknown", missing: "counters" };
  return {
    kind: "decided",
    decision: evaluateFacts(rules, agent, request, decision.facts, content, history),
  };
}

function contentFor(
  { request, decision, payload }: RecordedIntent,
  variants: readonly PolicyRules[],
): ContentViews | null {
  const { facts, risk } = decision;
  const known: Payload | null = facts.payload === "none" ? { kind: "none" } : payload;
  if (known !== null) {
    const hints = NO_HINTS;
    return { ...contentViews(request, known, facts, hints), sensitive: () => wasSensitive(risk.factors) };
  }
  if (variants.some(({ readsContent }) => readsContent)) return null;
  return {
    hidden: facts.payload === "reference" ? "reference" : facts.decodable ? null : "undecodable",
    texts: () => [],
    searched: () => [],
    terms: () => [],
    pii: () => new Map(),
    templateErrors: () => [],
    records: () => ok([]),
    sensitive: () => wasSensitive(risk.factors),
    *prepare() {},
  };
}

function wasSensitive(factors: readonly string[]): boolean {
  return factors.includes(SENSITIVE_FIELDS_FACTOR);
}

/** Whether the stored counters include all that the rules need: past counters can't be computed now. */
function covers(history: History | null, need: HistoryNeed | null): boolean {
  if (need === null || history === null) return need === null;
  const windows = need.windows.every(({ policy, windowMs }) =>
    history.windows.some((count) => count.policy === policy && count.windowMs === windowMs),
  );
  return (
    windows &&
    reaches(history.duplicateWithinMs, need.duplicateWithinMs) &&
    reaches(history.rejectedWithinMs, need.rejectedWithinMs)
  );
}

function reaches(looked: number | null, wanted: number | null): boolean {
  return wanted === null || (looked !== null && looked >= wanted);
}

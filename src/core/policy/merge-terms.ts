import { stronger } from "../identity/assurance.ts";
import type { ProposalRequest } from "../proposal/request.ts";
import type { ApprovalRequirements, Decision, OnNoResponse } from "./decision.ts";
import { demandedAssurance } from "./approval-demand.ts";
import { DEFAULT_EXECUTION_WINDOW_MINUTES, DEFAULT_EXPIRY_MINUTES } from "./policy.ts";
import type { PolicyRules } from "./policy.ts";

/** The terms of a decision: deadlines, retention, approvers, escalation, editing and executor. */
export type PolicyTerms = Pick<
  Decision,
  | "expiryMinutes"
  | "executionWindowMinutes"
  | "retentionDays"
  | "onNoResponse"
  | "approval"
  | "escalate"
  | "edit"
  | "executor"
>;

/** Strictest last. */
const ON_NO_RESPONSE_RANK = {
  auto_approve_if_low_risk: 0,
  defer: 1,
  escalate: 2,
  reject: 3,
} as const satisfies Record<OnNoResponse, number>;

/** Terms where no enforcing policy applies: the proposal is blocked, or held because all its policies are shadow. */
const NO_TERMS: PolicyTerms = {
  expiryMinutes: DEFAULT_EXPIRY_MINUTES,
  executionWindowMinutes: DEFAULT_EXECUTION_WINDOW_MINUTES,
  retentionDays: null,
  onNoResponse: "reject",
  approval: {
    require: 1,
    quorums: [],
    groups: [],
    people: [],
    excludeProposer: true,
    excludeOwner: true,
    minAssurance: "slack",
    rejections: 1,
  },
  escalate: [],
  edit: { allow: false, editorMayApprove: false },
  executor: null,
};

/** The strictest terms over all applicable policies; a proposal can only shorten its expiry. */
export function mergeTerms(applicable: readonly PolicyRules[], request: ProposalRequest): PolicyTerms {
  const terms = withDemand(mergedTerms(applicable), request);
  const requested = request.expiresInMinutes;
  if (requested === null || requested >= terms.expiryMinutes) return terms;
  return { ...terms, expiryMinutes: requested };
}

/** A proposal may raise the assurance of its approval. Silence has none, so that it approves nothing then. */
function withDemand(terms: PolicyTerms, { approval: demand }: ProposalRequest): PolicyTerms {
  const demanded = demand === undefined ? null : demandedAssurance(demand);
  if (demanded === null) return terms;
  const { approval, onNoResponse } = terms;
  return {
    ...terms,
    onNoResponse: onNoResponse === "auto_approve_if_low_risk" ? "reject" : onNoResponse,
    approval: {
      ...approval,
      minAssurance: stronger(approval.minAssurance, demanded),
      demandedAssurance: demanded,
    },
  };
}

function mergedTerms(applicable: readonly PolicyRules[]): PolicyTerms {
  const first = applicable[0];
  if (first === undefined) return NO_TERMS;
  let terms = termsOf(first);
  for (let index = 1; index < applicable.length; index += 1) {
    const rules = applicable[index];
    if (rules !== undefined) terms = merge(terms, rules);
  }
  return terms;
}

/** Terms of one policy, computed once per policy: they depend on the file alone, not on the proposal. */
const TERMS = new WeakMap<PolicyRules, PolicyTerms>();

function termsOf(rules: PolicyRules): PolicyTerms {
  const known = TERMS.get(rules);
  if (known !== undefined) return known;
  const terms = readTerms(rules);
  TERMS.set(rules, terms);
  return terms;
}

function readTerms(rules: PolicyRules): PolicyTerms {
  const { approvers } = rules;
  return {
    expiryMinutes: rules.expiryMinutes,
    executionWindowMinutes: rules.executionWindowMinutes,
    retentionDays: rules.retentionDays,
    onNoResponse: rules.onNoResponse,
    approval: {
      ...approvers,
      quorums: [
        {
          policy: rules.policy,
          require: approvers.require,
          groups: approvers.groups,
          people: approvers.people,
        },
      ],
    },
    escalate: rules.escalate,
    edit: rules.edit,
    executor: rules.executor,
  };
}

function merge(terms: PolicyTerms, rules: PolicyRules): PolicyTerms {
  const next = termsOf(rules);
  return {
    expiryMinutes: Math.min(terms.expiryMinutes, next.expiryMinutes),
    executionWindowMinutes: Math.min(terms.executionWindowMinutes, next.executionWindowMinutes),
    retentionDays: shorter(terms.retentionDays, next.retentionDays),
    onNoResponse:
      ON_NO_RESPONSE_RANK[terms.onNoResponse] >= ON_NO_RESPONSE_RANK[next.onNoResponse]
        ? terms.onNoResponse
        : next.onNoResponse,
    approval: mergeApproval(terms.approval, next.approval),
    escalate: [...terms.escalate, ...next.escalate].toSorted((a, b) => a.afterMinutes - b.afterMinutes),
    edit: {
      allow: terms.edit.allow && next.edit.allow,
      editorMayApprove: terms.edit.editorMayApprove && next.edit.editorMayApprove,
    },
    executor: terms.executor ?? next.executor,
  };
}

function mergeApproval(a: ApprovalRequirements, b: ApprovalRequirements): ApprovalRequirements {
  const open = isOpen(a) || isOpen(b);
  return {
    require: Math.max(a.require, b.require),
    quorums: [...a.quorums, ...b.quorums],
    groups: open ? [] : union(a.groups, b.groups),
    people: open ? [] : union(a.people, b.people),
    excludeProposer: a.excludeProposer || b.excludeProposer,
    excludeOwner: a.excludeOwner || b.excludeOwner,
    minAssurance: stronger(a.minAssurance, b.minAssurance),
    rejections: Math.min(a.rejections, b.rejections),
    ...((a.reasonRequired === true || b.reasonRequired === true) && { reasonRequired: true as const }),
  };
}

/** Every reviewer may vote. */
function isOpen(approval: ApprovalRequirements): boolean {
  return approval.groups.length === 0 && approval.people.length === 0;
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])];
}

function shorter(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.min(a, b);
}

export type ExecutorProblem =
  /** Two policies name different executors, or one names another than the destination does. */
  | "executor_conflict"
  /** Gate is the executor, and the proposal has no request to send. */
  | "no_request_to_send"
  /** A proxied request whose executor is not Gate: it must never be both forwarded and executed elsewhere. */
  | "destination_not_proxied";

/** Why no executor can perform the write; null when nothing prevents it. */
export function executorProblem(
  applicable: readonly PolicyRules[],
  destination: Decision["executor"] | undefined,
  { http }: ProposalRequest,
): ExecutorProblem | null {
  let named = destination ?? null;
  for (const { executor } of applicable) {
    if (executor === null) continue;
    if (named !== null && named !== executor) return "executor_conflict";
    named = executor;
  }
  if (named === "gate" || named === "forward") return http === undefined ? "no_request_to_send" : null;
  return named !== null && http !== undefined ? "destination_not_proxied" : null;
}

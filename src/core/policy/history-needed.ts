import type { ProposalRequest } from "../proposal/request.ts";
import type { HistoryNeed, WindowNeed } from "./history.ts";
import type { PolicyRules } from "./policy.ts";
import { applicablePolicies, applicableVariants } from "./applicable-policies.ts";
import type { AgentScope, Rules } from "./applicable-policies.ts";

/**
 * The counters that the evaluation of a proposal needs; null, the usual case, when no applicable policy counts
 * anything. It includes shadow policies, whose results are recorded.
 */
export function historyNeeded(rules: Rules, agent: AgentScope, request: ProposalRequest): HistoryNeed | null {
  return gather(applicableRules(rules, agent, request), (each) =>
    each.fields.has("cooldown_after_rejection"),
  );
}

/**
 * The same for a proposal that is about to be held. The default cooldown is read only here: the rules hold a payload
 * that a person had to reject, so the approving hot path needs no lookup.
 */
export function historyNeededToHold(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
): HistoryNeed | null {
  return gather(applicableRules(rules, agent, request), () => true);
}

function applicableRules(rules: Rules, agent: AgentScope, request: ProposalRequest): readonly PolicyRules[] {
  return applicablePolicies(rules, request).policies.flatMap((policy) =>
    applicableVariants(policy, agent, request),
  );
}

function gather(
  applicable: readonly PolicyRules[],
  needsRejections: (rules: PolicyRules) => boolean,
): HistoryNeed | null {
  const windows: WindowNeed[] = [];
  let duplicateWithinMs: number | null = null;
  let rejectedWithinMs: number | null = null;
  for (const rules of applicable) {
    for (const { windowMs } of rules.rateLimits) addWindow(windows, rules.policy, windowMs);
    for (const { windowMs } of rules.budgets) addWindow(windows, rules.policy, windowMs);
    duplicateWithinMs = longer(duplicateWithinMs, rules.blockDuplicatesWithinMs);
    if (needsRejections(rules)) {
      rejectedWithinMs = longer(rejectedWithinMs, rules.cooldownAfterRejectionMs);
    }
  }
  if (windows.length === 0 && duplicateWithinMs === null && rejectedWithinMs === null) return null;
  return { windows, duplicateWithinMs, rejectedWithinMs };
}

function addWindow(windows: WindowNeed[], policy: string, windowMs: number): void {
  const known = windows.some((window) => window.policy === policy && window.windowMs === windowMs);
  if (!known) windows.push({ policy, windowMs });
}

function longer(a: number | null, b: number | null): number | null {
  if (a === null) return b;
  return b === null ? a : Math.max(a, b);
}

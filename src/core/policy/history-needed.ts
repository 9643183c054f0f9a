import type { ProposalRequest } from "../proposal/request.ts";
import type { HistoryNeed, WindowNeed } from "./history.ts";
import type { PolicyRules } from "./policy.ts";
import { applicablePolicies, applicableVariants } from "./applicable-policies.ts";
import type { AgentScope, Rules } from "./applicable-policies.ts";

/**
 * The counters that must be read before this ask can be decided; null, the usual case, when no policy in force
 * counts anything. Policies in shadow count too: what they would have said is recorded.
 */
export function historyNeeded(rules: Rules, agent: AgentScope, request: ProposalRequest): HistoryNeed | null {
  return gather(rulesInForce(rules, agent, request), (each) => each.fields.has("cooldown_after_rejection"));
}

/**
 * The same for an ask that is about to be held. The cooldown that applies by default is asked for only here:
 * what a person rejected a while ago can't have been approved by rules since, so the hot path need not know.
 */
export function historyNeededToHold(
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
): HistoryNeed | null {
  return gather(rulesInForce(rules, agent, request), () => true);
}

function rulesInForce(rules: Rules, agent: AgentScope, request: ProposalRequest): readonly PolicyRules[] {
  return applicablePolicies(rules, request).policies.flatMap((policy) =>
    applicableVariants(policy, agent, request),
  );
}

function gather(
  inForce: readonly PolicyRules[],
  asksForRejections: (rules: PolicyRules) => boolean,
): HistoryNeed | null {
  const windows: WindowNeed[] = [];
  let duplicateWithinMs: number | null = null;
  let rejectedWithinMs: number | null = null;
  for (const rules of inForce) {
    for (const { windowMs } of rules.rateLimits) addWindow(windows, rules.policy, windowMs);
    for (const { windowMs } of rules.budgets) addWindow(windows, rules.policy, windowMs);
    duplicateWithinMs = longer(duplicateWithinMs, rules.blockDuplicatesWithinMs);
    if (asksForRejections(rules)) {
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

import type { ProposalRequest } from "../proposal/request.ts";
import type { TraceStep } from "./decision.ts";
import type { SwitchScope } from "./kill-switch.ts";
import type { AgentScope, ApplicablePolicies } from "./applicable-policies.ts";
import type { ExecutorProblem } from "./merge-terms.ts";
import { listAllows } from "../registry/name-patterns.ts";
import type { ReasonCode } from "./reason-codes.ts";
import type { RuleFinding, RuleResults } from "./rules/findings.ts";

/** An unknown name is the agent's own text, so the trace bounds it. */
const MAX_SEEN_CHARACTERS = 200;

const KILL_SWITCH_REASONS = {
  agent: "A kill switch is engaged for this agent.",
  destination: "A kill switch is engaged for this destination.",
  everything: "A kill switch is engaged for everything.",
} as const satisfies Record<SwitchScope, string>;

const EXECUTOR_REASONS = {
  executor_conflict: "The policies in force want the write carried out in different ways.",
  no_request_to_send:
    "Gate sends this destination's writes itself, and there is no request that it could send.",
  destination_not_proxied: "Gate does not forward this destination's writes: another executor performs them.",
} as const satisfies Record<ExecutorProblem, string>;

/**
 * Blocks before any policy is evaluated: a kill switch, the agent's own limits, the registry's refusal of unbound
 * destinations, policies that can't be used, and conflicting executors. Null when none of them applies.
 */
export function checkPreconditions(
  agent: AgentScope,
  request: ProposalRequest,
  applicable: ApplicablePolicies,
  executor: ExecutorProblem | null,
): RuleResults | null {
  const trace: TraceStep[] = [];
  const findings: RuleFinding[] = [];
  const refuse = (rule: string, seen: string | null, code: ReasonCode, reason: string): void => {
    const shown = seen === null ? null : seen.slice(0, MAX_SEEN_CHARACTERS).toWellFormed();
    trace.push({ policy: "", rule, line: null, seen: shown, outcome: "block", reasonCode: code });
    findings.push({ outcome: "block", code, reason, remedy: null, content: false });
  };

  const stop = agent.stop ?? null;
  if (stop !== null) {
    refuse(`kill_switch.${stop.scope}`, stop.target, "kill_switch", KILL_SWITCH_REASONS[stop.scope]);
  }
  if (agent.allowedDestinations !== null && !listAllows(agent.allowedDestinations, request.destination)) {
    const reason = "This agent may not write to this destination.";
    refuse("agent.allowed_destinations", request.destination, "agent_destination_not_allowed", reason);
  }
  if (
    request.policy !== "" &&
    agent.allowedPolicies !== null &&
    !listAllows(agent.allowedPolicies, request.policy)
  ) {
    const reason = "This agent may not name this policy.";
    refuse("agent.allowed_policies", request.policy, "agent_policy_not_allowed", reason);
  }
  if (applicable.refused) {
    const reason =
      "This destination has no policies bound to it in the registry, and such destinations are refused.";
    refuse("unbound_destinations", request.destination, "destination_not_registered", reason);
  }
  for (const id of applicable.unknown) refuse("policy", id, "unknown_policy", "There is no such policy.");
  for (const { id, problem } of applicable.broken) {
    const reason = `The policy ${id} has mistakes and can't be used until they are corrected.`;
    refuse("policy", problem, "policy_broken", reason);
  }
  if (executor !== null) refuse("execution", null, executor, EXECUTOR_REASONS[executor]);
  return findings.length === 0 ? null : { trace, findings, approves: false };
}

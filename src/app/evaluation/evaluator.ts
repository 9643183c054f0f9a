import type { Decision } from "../../core/policy/decision.ts";
import {
  proposalEvaluator,
  proposalEvaluatorInSteps,
  type AgentScope,
  type Rules,
} from "../../core/policy/evaluate.ts";
import type { History } from "../../core/policy/history.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { Ports } from "../../ports/ports.ts";

/** A larger payload takes so long that other requests must not wait for all of it. */
const MEASURED_AT_ONCE_BYTES = 32 * 1024;

/** Measures a payload, and gives its decision with or without counters. */
export async function evaluatorFor(
  rules: Rules,
  scope: AgentScope,
  request: ProposalRequest,
  payload: Payload,
  { turns }: Pick<Ports, "turns">,
): Promise<(history: History | null) => Decision> {
  const isLarge = payload.kind === "content" && payload.bytes.length > MEASURED_AT_ONCE_BYTES;
  return isLarge
    ? turns.run(proposalEvaluatorInSteps(rules, scope, request, payload))
    : proposalEvaluator(rules, scope, request, payload);
}

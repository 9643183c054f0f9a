import type { ProposalRequest } from "../../core/proposal/request.ts";
import { demandProblem, type DemandProblem } from "../../core/policy/approval-demand.ts";
import type { Decision } from "../../core/policy/decision.ts";
import { decisionOnEdit } from "../../core/policy/edited-decision.ts";
import {
  historyNeeded,
  historyNeededToHold,
  type AgentScope,
  type Rules,
} from "../../core/policy/evaluate.ts";
import type { HistoryNeed } from "../../core/policy/history.ts";
import type { RequestIdentity } from "../../core/intent/request-identity.ts";
import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import type { Principal } from "../../core/identity/principal.ts";
import { applyTemplate } from "../../core/proposal/request-template.ts";
import { effectiveValueCents } from "../../core/policy/risk.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Reservation } from "../../ports/counters.ts";
import { evaluatorFor } from "../evaluation/evaluator.ts";
import { identify, type GovernPorts, type ProposalInput } from "./proposal-input.ts";

const MINUTE_MS = 60_000;

/** Evaluates a proposal without recording or counting it. */
export async function rehearse(
  input: ProposalInput,
  proposer: Principal,
  ports: GovernPorts,
  now: number,
): Promise<Decision> {
  const [rules, scope] = await Promise.all([ports.rules.current(), scopeOf(proposer, input.request, ports)]);
  const { request, payload } = withTemplate(input, rules);
  const evaluateWith = await evaluatorFor(rules, scope, request, payload, ports);
  const withoutHistory = evaluateWith(null);
  const need = needOf(withoutHistory, rules, scope, request);
  if (need === null) return asEdited(withoutHistory, input);
  const reservation = reservationOf("", withoutHistory, input, await identify(input, ports), now);
  return asEdited(evaluateWith(await ports.counters.of(proposer.id).peek(reservation, need)), input);
}

/** The input with the HTTP request that Gate builds from the destination's template, if it has one. */
export function withTemplate(input: ProposalInput, { registry }: Rules): ProposalInput {
  const { request, payload } = input;
  const entry = registry.destinations.get(request.destination);
  return entry?.execute ? { ...input, ...applyTemplate(request, payload, entry) } : input;
}

/** The agent's own scope, with the kill switch that stops it at this destination now. */
export async function scopeOf(
  proposer: Principal,
  request: ProposalRequest,
  { switches }: GovernPorts,
): Promise<AgentScope> {
  const stop = matchingSwitch(await switches.engaged("cached"), proposer.id, request.destination);
  return stop === null ? proposer : { ...proposer, stop };
}

/**
 * Why a held proposal can't be approved as it asks; null: it can, or it is another attempt at an intent that exists, or
 * an edit of one.
 */
export async function unmetDemand(
  { request, key, edited }: ProposalInput,
  decision: Decision,
  { registry }: Rules,
  intent: Pick<Intent, "getState"> | null,
): Promise<DemandProblem | null> {
  const problem = edited === undefined ? demandProblem(request, decision, registry) : null;
  if (problem === null || key === null || intent === null) return problem;
  return (await intent.getState()) === null ? problem : null;
}

interface Evaluated {
  readonly decision: Decision;
  /** True: the agent's counters hold a reservation for the intent. */
  readonly counted: boolean;
}

/**
 * Evaluates with the agent's counters where a policy needs them. The counters are read and the intent is counted in one
 * turn, so that concurrent proposals can't all pass on the same stale count (race).
 */
export async function evaluateCounted(
  input: ProposalInput,
  identity: RequestIdentity,
  scope: AgentScope,
  rules: Rules,
  ports: GovernPorts,
  intent: Intent,
  now: number,
): Promise<Evaluated> {
  const { request, payload, key } = input;
  const evaluateWith = await evaluatorFor(rules, scope, request, payload, ports);
  const withoutHistory = evaluateWith(null);
  const need = needOf(withoutHistory, rules, scope, request);
  // A key that was used before returns its intent, whatever the policies say now, and counts nothing.
  if (need === null || (key !== null && (await intent.getState()) !== null)) {
    return { decision: asEdited(withoutHistory, input), counted: false };
  }

  const counters = ports.counters.of(scope.id);
  const counts = need.windows.length > 0 || need.duplicateWithinMs !== null;
  const reservation = reservationOf(intent.id, withoutHistory, input, identity, now);
  const history = counts ? await counters.reserve(reservation, need) : await counters.peek(reservation, need);
  const decision = asEdited(evaluateWith(history), input);
  const counted = counts && decision.outcome !== "block";
  if (counts && !counted) await counters.release(intent.id);
  return { decision, counted };
}

/** After the counters: an edit counts as what the policies make of its payload. */
function asEdited(decision: Decision, { edited }: ProposalInput): Decision {
  return edited === undefined ? decision : decisionOnEdit(decision, edited.editorMayApprove);
}

/** The history that the policies need; null: the proposal is blocked without it, or no policy counts. */
function needOf(
  withoutHistory: Decision,
  rules: Rules,
  scope: AgentScope,
  request: ProposalRequest,
): HistoryNeed | null {
  switch (withoutHistory.outcome) {
    case "block":
      return null;
    case "hold":
      return historyNeededToHold(rules, scope, request);
    case "approve":
      return historyNeeded(rules, scope, request);
  }
}

function reservationOf(
  id: string,
  withoutHistory: Decision,
  { request, edited }: ProposalInput,
  identity: RequestIdentity,
  now: number,
): Reservation {
  return {
    intent: id,
    destination: request.destination,
    subjects: identity.subjects,
    records: withoutHistory.facts.records.effective ?? 0,
    cents: effectiveValueCents(withoutHistory.facts) ?? 0,
    policies: [...withoutHistory.policies, ...withoutHistory.shadow.map(({ policy }) => policy)].map(
      ({ id: policy }) => policy,
    ),
    replaces: edited?.predecessor ?? null,
    lapsesAt: now + (withoutHistory.expiryMinutes + withoutHistory.executionWindowMinutes) * MINUTE_MS,
  };
}

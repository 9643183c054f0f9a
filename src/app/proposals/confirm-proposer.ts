import { logLine } from "../../core/base/log-line.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { useOf, type StandingApproval } from "../../core/intent/mandate.ts";
import type { Decision } from "../../core/policy/decision.ts";
import type { AgentScope } from "../../core/policy/evaluate.ts";
import { matchingSwitch } from "../../core/policy/kill-switch.ts";
import type { Ports } from "../../ports/ports.ts";
import { ifActiveAgent } from "../identity/account.ts";
import type { AuthFailure } from "../identity/authenticate.ts";
import type { Principal } from "../../core/identity/principal.ts";
import type { ProposalInput } from "./proposal-input.ts";

type ConfirmPorts = Pick<Ports, "principals" | "switches" | "mandates">;

interface EvaluatedProposal {
  readonly input: ProposalInput;
  /** Id of the intent that it becomes. */
  readonly intent: string;
  readonly decision: Decision;
  readonly proposer: Principal;
  /** It was evaluated for. */
  readonly scope: AgentScope;
}

interface Confirmed {
  /** The proposer as of now, with the kill switch that stops it. */
  readonly scope: AgentScope;
  /** Standing approvals that may vote for it; oldest first. */
  readonly standing: readonly StandingApproval[];
}

/**
 * A proposal is evaluated with a key and switches that may be ten seconds old, which is harmless where it is blocked or
 * waits for an order. Before people are called, or Gate sends, they are read again; with the standing approvals, so that
 * D1 is asked once.
 */
export async function confirmProposer(
  { input, intent, decision, proposer, scope }: EvaluatedProposal,
  ports: ConfirmPorts,
  now: number,
): Promise<Result<Confirmed, AuthFailure>> {
  const isHeld = decision.outcome === "hold";
  const isSent = decision.outcome === "approve" && input.request.http !== undefined;
  if (!isHeld && !isSent) return ok({ scope, standing: [] });
  const { destination, principalId } = input.request;
  // Nobody can have foreseen what a colleague edited, nor what it is held for if that is its content.
  const isForeseen = isHeld && input.edited === undefined && !decision.heldByContent;
  const use = useOf(
    { id: intent, destination, policies: decision.policies, agent: proposer.id },
    principalId,
    decision.facts,
  );
  const [current, standing] = await Promise.all([
    isHeld ? scopeIfReadable(proposer, destination, ports) : scopeNow(proposer, destination, ports),
    isForeseen ? standingIfReadable(use, ports, now) : [],
  ]);
  return current.ok ? ok({ scope: current.value, standing }) : current;
}

async function scopeNow(
  { id, keyEpoch }: Principal,
  destination: string,
  { principals, switches }: ConfirmPorts,
): Promise<Result<AgentScope, AuthFailure>> {
  const [engaged, now] = await Promise.all([switches.engaged("fresh"), principals.get(id)]);
  // Another epoch: its key was rotated since, and whoever has the old one is nobody any more.
  if (now === null || now.keyEpoch !== keyEpoch) return err({ kind: "unknown_key" });
  const active = ifActiveAgent(now);
  if (!active.ok) return active;
  const stop = matchingSwitch(engaged, id, destination);
  return ok(stop === null ? now : { ...now, stop });
}

/** While D1 is down a proposal is held all the same: whoever approves it later needs an active proposer. */
async function scopeIfReadable(
  proposer: Principal,
  destination: string,
  ports: ConfirmPorts,
): Promise<Result<AgentScope, AuthFailure>> {
  try {
    return await scopeNow(proposer, destination, ports);
  } catch (error) {
    console.error(logLine("proposer_unconfirmed", { principal: proposer.id, error: String(error) }));
    return ok(proposer);
  }
}

/** The intent is held: a failure here leaves it to people. */
async function standingIfReadable(
  use: ReturnType<typeof useOf>,
  { mandates }: ConfirmPorts,
  now: number,
): Promise<readonly StandingApproval[]> {
  try {
    return await mandates.matching(use, now);
  } catch (error) {
    console.error(logLine("standing_approvals_failed", { intent: use.intent, error: String(error) }));
    return [];
  }
}

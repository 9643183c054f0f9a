import { eligibility } from "../../core/intent/approval.ts";
import type { VoteContext } from "../../core/intent/command.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentTerms } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { matchingSwitch, type SwitchTarget } from "../../core/policy/kill-switch.ts";
import { excludedHandles } from "../../core/identity/people.ts";
import { err, type Result } from "../../core/base/result.ts";
import { recheckIntent, type RecheckPorts } from "../evaluation/recheck-intent.ts";
import { ifActiveAgent } from "../identity/account.ts";
import { recountOf, type RecountPorts } from "./recount.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";

/** A person's vote on an intent, through any door: API, page, Slack, link, callback, batch. */
export interface Vote extends VoteContext {
  readonly decision: "approve" | "reject";
}

/** Why a vote was not cast. */
export type VoteFailure =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "stopped"; readonly stop: SwitchTarget }
  /** The intents of an agent that is suspended, or no agent any more, stay pending: none is approved or sent meanwhile. */
  | { readonly kind: "proposer_inactive"; readonly status: string };

export type VotePorts = Pick<Ports, "switches"> & RecountPorts & RecheckPorts;

/**
 * Casts every vote, whatever the channel. The intent's object checks eligibility, digest and phase; this function
 * checks what the object can't see: kill switches, the proposer's status, and whether earlier voters may still vote.
 */
export async function castVote(
  intent: Intent,
  vote: Vote,
  ports: VotePorts,
): Promise<Result<CommandOutcome, VoteFailure>> {
  const { decision, voter, digest, link } = vote;
  const note = vote.note === null || vote.note.trim() === "" ? null : vote.note;
  if (decision === "reject") {
    return refusedOr(await intent.handle({ type: "reject", voter, digest, note, link }));
  }
  const read = await intent.getState();
  if (read === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const state = await recheckIntent(intent, read, ports);
  // The voter saw the case as it was under other rules.
  if (state.terms.digest !== read.terms.digest) {
    return err({ kind: "refused", refusal: { reason: "approval_stale" } });
  }
  const blocker = await approvalBlocker(state.terms, ports);
  if (blocker !== null) {
    // An agent that became a reviewer learns that it may not approve its own, and not that it waits for its old role.
    const refusal = blocker.kind === "proposer_inactive" ? eligibility(state, voter) : null;
    return err(refusal?.reason === "self_approval_forbidden" ? { kind: "refused", refusal } : blocker);
  }
  const { agent, approval } = state.terms;
  const [rules, proposer] = await Promise.all([ports.rules.current(), ports.principals.get(agent)]);
  // Beside the exclusions that the intent stores, an owner added to gate.yaml since the proposal is excluded.
  const excluded = proposer === null ? [] : excludedHandles(proposer, approval, rules.registry);
  if (voter.handles.some((handle) => excluded.includes(handle))) {
    return err({ kind: "refused", refusal: { reason: "self_approval_forbidden" } });
  }
  const bindings = currentBindings(state.terms, rules);
  const { lapsed, standings } = await recountOf(state, excluded, ports);
  return refusedOr(
    await intent.handle({ type: "approve", voter, digest, note, link, bindings, lapsed, standings }),
  );
}

function refusedOr(acted: Result<CommandOutcome, Refusal>): Result<CommandOutcome, VoteFailure> {
  return acted.ok ? acted : err({ kind: "refused", refusal: acted.error });
}

/** The reason that blocks every approval of this intent now; null: eligible reviewers may approve. */
export async function approvalBlocker(
  { agent, destination }: Pick<IntentTerms, "agent" | "destination">,
  ports: Pick<Ports, "principals" | "switches">,
): Promise<VoteFailure | null> {
  const [engaged, proposer] = await Promise.all([
    ports.switches.engaged("fresh"),
    ports.principals.get(agent),
  ]);
  const stop = matchingSwitch(engaged, agent, destination);
  if (stop !== null) return { kind: "stopped", stop };
  const active = proposer === null ? null : ifActiveAgent(proposer);
  if (active?.ok === true) return null;
  return { kind: "proposer_inactive", status: active?.error.status ?? "unknown" };
}

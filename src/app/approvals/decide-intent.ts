import type { VoteContext } from "../../core/intent/command.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentTerms, RecordedVote } from "../../core/intent/state.ts";
import { currentBindings } from "../../core/intent/terms.ts";
import { matchingSwitch, type SwitchTarget } from "../../core/policy/kill-switch.ts";
import { excludedHandles } from "../../core/identity/people.ts";
import { err, type Result } from "../../core/base/result.ts";
import { grantorOf, type GrantorPorts } from "./mandate-grantor.ts";
import type { Ports } from "../../ports/ports.ts";
import type { CommandOutcome, Intent } from "../../ports/intents.ts";

/** A person's vote on an intent, through any door: API, page, Slack, link, callback, batch. */
export interface Vote extends VoteContext {
  readonly decision: "approve" | "reject";
}

/** Why a vote was not cast. */
export type VoteFailure =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  /** A rejection without a reason does not tell the agent's owner what to correct. */
  | { readonly kind: "reason_required" }
  | { readonly kind: "stopped"; readonly stop: SwitchTarget }
  /** A suspended agent's intents stay pending: none is approved before it is reactivated. */
  | { readonly kind: "proposer_inactive"; readonly standing: string };

export type VotePorts = Pick<Ports, "switches" | "mandates"> & GrantorPorts;

/**
 * The one way in which people decide. The intent's object judges who may and whether it still holds; here is what
 * it can't see: kill switches, the proposer's standing, and whether those who voted before still stand.
 */
export async function castVote(
  intent: Intent,
  vote: Vote,
  ports: VotePorts,
): Promise<Result<CommandOutcome, VoteFailure>> {
  const { decision, voter, digest, link } = vote;
  const note = vote.note === null || vote.note.trim() === "" ? null : vote.note;
  if (decision === "reject") {
    if (note === null) return err({ kind: "reason_required" });
    return refusedOr(await intent.handle({ type: "reject", voter, digest, note, link }));
  }
  const state = await intent.getState();
  if (state === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const obstacle = await approvalBlocker(state.terms, ports);
  if (obstacle !== null) return err(obstacle);
  const { agent, approval } = state.terms;
  const [rules, lapsed, proposer] = await Promise.all([
    ports.rules.current(),
    invalidatedVotes(state.votes, ports),
    ports.principals.get(agent),
  ]);
  // The intent stores who is excluded; an owner added to gate.yaml since the proposal is excluded as well.
  const excluded = proposer === null ? [] : excludedHandles(proposer, approval, rules.registry);
  if (voter.handles.some((handle) => excluded.includes(handle))) {
    return err({ kind: "refused", refusal: { reason: "self_approval_forbidden" } });
  }
  const inForce = currentBindings(state.terms, rules);
  return refusedOr(await intent.handle({ type: "approve", voter, digest, note, link, inForce, lapsed }));
}

function refusedOr(acted: Result<CommandOutcome, Refusal>): Result<CommandOutcome, VoteFailure> {
  return acted.ok ? acted : err({ kind: "refused", refusal: acted.error });
}

/** Why no one may approve this now; null: eligible reviewers may. */
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
  if (proposer?.status === "active") return null;
  return { kind: "proposer_inactive", standing: proposer?.status ?? "unknown" };
}

/**
 * LinkedIdentities and mandates of earlier votes that were revoked since: those votes no longer count. A mandate also lapses
 * with the credential that granted it, which under a delegation is not the one that voted.
 */
async function invalidatedVotes(
  votes: readonly RecordedVote[],
  ports: VotePorts,
): Promise<readonly string[]> {
  const lapsed = await Promise.all(
    votes.map(async (vote) => {
      const gone = (await isStillTheirs(vote, ports)) ? [] : [vote.principal];
      if (vote.mandate === null) return gone;
      const given = await ports.mandates.find(vote.mandate);
      const holds = given !== null && given.revokedAt === null && (await grantorOf(given, ports)) !== null;
      return holds ? gone : [...gone, vote.mandate];
    }),
  );
  return lapsed.flat();
}

/** Could the voter still vote? An account counts as long as the registry knows its person. */
async function isStillTheirs(
  { principal, acting, assurance }: RecordedVote,
  { principals, rules }: Pick<Ports, "principals" | "rules">,
): Promise<boolean> {
  const [who, { registry }] = await Promise.all([principals.get(principal), rules.current()]);
  if (who?.status !== "active" || who.role !== "reviewer") return false;
  return assurance === "key" || registry.people.has(acting);
}

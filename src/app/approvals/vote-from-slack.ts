import type { Voter } from "../../core/identity/voter.ts";
import { eligibility, mayReject } from "../../core/intent/approval.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { IntentRecord, Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { federatedVoter, type FederatedVoterFailure } from "../identity/federated-voter.ts";
import { castVote, type VotePorts, type Vote, type VoteFailure } from "./decide-intent.ts";

/** A button or form that Gate made, pressed by a Slack user. */
export interface SlackPress {
  readonly team: string;
  readonly user: string;
  readonly intent: string;
  /** The intent digest that the message showed. */
  readonly digest: string;
}

export type SlackVoteFailure =
  | FederatedVoterFailure
  | { readonly kind: "intent_not_found" }
  /** Another vote, a deadline or a revocation came first. */
  | { readonly kind: "already_decided"; readonly record: IntentRecord }
  | VoteFailure;

type SlackPorts = VotePorts & Pick<Ports, "intents">;

/** Casts the vote of the person behind a Slack account. @returns the case as it then is; null: it was erased */
export async function voteFromSlack(
  press: SlackPress,
  vote: Pick<Vote, "decision" | "note">,
  ports: SlackPorts,
): Promise<Result<IntentRecord | null, SlackVoteFailure>> {
  const found = await findVote(press, ports);
  if (!found.ok) return found;
  const { intent, voter } = found.value;
  const { digest } = press;
  const decided = await castVote(intent, { ...vote, voter, digest, link: null }, ports);
  const record = await intent.getRecord();
  if (decided.ok) return ok(record);
  if (record === null || !isAlreadyDecided(decided.error)) return decided;
  // Slack retries a request that it got no response to in time: a rejection that this person gave already holds.
  const { phase, decidedBy } = record.state;
  const isRepeat = vote.decision === "reject" && phase === "rejected" && decidedBy === voter.person;
  return isRepeat ? ok(record) : err({ kind: "already_decided", record });
}

/** The case, if this person could reject it now: to be checked before Slack opens the form for the reason. */
export async function rejectableFromSlack(
  press: SlackPress,
  ports: SlackPorts,
): Promise<Result<IntentRecord, SlackVoteFailure>> {
  const found = await findVote(press, ports);
  if (!found.ok) return found;
  const record = await found.value.intent.getRecord();
  if (record === null) return err({ kind: "intent_not_found" });
  const { state } = record;
  const refusal = eligibility(state, found.value.voter);
  if (refusal !== null) return err({ kind: "refused", refusal });
  return mayReject(state.phase) ? ok(record) : err({ kind: "already_decided", record });
}

async function findVote(
  { team, user, intent: id }: SlackPress,
  ports: SlackPorts,
): Promise<Result<{ readonly intent: Intent; readonly voter: Voter }, SlackVoteFailure>> {
  const voter = await federatedVoter({ system: "slack", team, user }, ports);
  if (!voter.ok) return voter;
  const intent = ports.intents.find(id);
  return intent === null ? err({ kind: "intent_not_found" }) : ok({ intent, voter: voter.value });
}

function isAlreadyDecided(failure: VoteFailure): boolean {
  return failure.kind === "refused" && ["wrong_phase", "expired"].includes(failure.refusal.reason);
}

import type { Assurance } from "../../core/identity/assurance.ts";
import { currentEnd } from "../../core/intent/hold-end.ts";
import { messageIdOf } from "../../core/intent/message-ids.ts";
import type { Phase } from "../../core/intent/phase.ts";
import type { Refusal } from "../../core/intent/refusal.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Ports } from "../../ports/ports.ts";
import { federatedVoter, type FederatedVoterFailure } from "../identity/federated-voter.ts";
import { castVote, type VotePorts, type Vote, type VoteFailure } from "./decide-intent.ts";
import { decisionTimeProblem, type DecisionTimeProblem } from "./decision-time.ts";
import { messageId, readInteraction, type Interaction } from "./interaction.ts";

/** A person's answer, reported by an approval provider whose signature the door has verified. */
export interface ProviderAnswer extends Pick<Vote, "decision" | "note"> {
  readonly intent: string;
  /** The interaction id that Gate signed into its request. */
  readonly interaction: string;
  /** Id of the message it responds to; null: the provider does not say. */
  readonly respondsTo: string | null;
  /** The intent digest that the person saw; null: the provider does not say. */
  readonly digest: string | null;
  readonly decidedAt: number | string | null;
}

/** An approval provider of the registry. */
export interface Provider {
  readonly id: string;
  readonly assurance: Assurance;
}

export type InteractionFailure =
  | { readonly kind: "intent_not_found" }
  /** Gate did not sign this interaction id. */
  | { readonly kind: "interaction_not_found" }
  /** The request went to another provider. */
  | { readonly kind: "provider_mismatch" }
  /** The request was for another intent. */
  | { readonly kind: "interaction_mismatch" }
  | { readonly kind: "interaction_not_pending"; readonly phase: Phase }
  /** The request itself has ended; the intent still waits. */
  | { readonly kind: "interaction_expired" }
  | { readonly kind: "responds_to_mismatch" }
  | { readonly kind: "replay_rejected"; readonly reason: DecisionTimeProblem }
  | FederatedVoterFailure
  | VoteFailure;

/** Casts the vote of the request's addressee, with the assurance that the registry grants the provider. */
export async function answerInteraction(
  answer: ProviderAnswer,
  { id: provider, assurance }: Provider,
  ports: VotePorts & Pick<Ports, "intents" | "acceptedTokens" | "roster">,
  now: number,
): Promise<Result<IntentState, InteractionFailure>> {
  const intent = ports.intents.find(answer.intent);
  const state = (await intent?.getState()) ?? null;
  if (intent === null || state === null) return err({ kind: "intent_not_found" });
  const interaction = readInteraction(ports, answer.interaction);
  if (interaction === null) return err({ kind: "interaction_not_found" });
  const failure = mismatch(answer, interaction, provider, state, now);
  if (failure !== null) return err(failure);
  const { person, digest, departures = 0 } = interaction;
  const { times } = await ports.roster.departuresOf(person);
  if (times !== departures) return err({ kind: "interaction_expired" });
  const voter = await federatedVoter({ system: "provider", provider, assurance, person }, ports);
  if (!voter.ok) return voter;
  const { decision, note } = answer;
  const vote = { decision, note, voter: voter.value, digest, link: null };
  const decided = await castVote(intent, vote, ports);
  return decided.ok ? ok(decided.value.state) : decided;
}

/** How the answer differs from the request, checked in the contract's order; null: it matches. */
function mismatch(
  answer: ProviderAnswer,
  interaction: Interaction,
  provider: string,
  state: IntentState,
  now: number,
): InteractionFailure | null {
  const { terms, phase } = state;
  if (interaction.provider !== provider) return { kind: "provider_mismatch" };
  if (interaction.intent !== terms.id) return { kind: "interaction_mismatch" };
  if (phase === "expired") return refused({ reason: "expired", what: "intent" });
  if (phase !== "pending_approval") return { kind: "interaction_not_pending", phase };
  if (now >= currentEnd(state, interaction.expiresAt)) return { kind: "interaction_expired" };
  // Of the request to this person, or of the question as the intent names it.
  const messages = [messageId(interaction), messageIdOf(terms.id)];
  if (answer.respondsTo !== null && !messages.includes(answer.respondsTo)) {
    return { kind: "responds_to_mismatch" };
  }
  const digests = [interaction.digest, answer.digest ?? interaction.digest];
  if (digests.some((digest) => digest !== terms.digest)) return refused({ reason: "digest_mismatch" });
  const reason = decisionTimeProblem(answer.decidedAt, now);
  return reason === null ? null : { kind: "replay_rejected", reason };
}

function refused(refusal: Refusal): InteractionFailure {
  return { kind: "refused", refusal };
}

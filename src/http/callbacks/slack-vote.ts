import { eligibility } from "../../core/intent/approval.ts";
import { voterOf } from "../../core/identity/people.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { decideIntent } from "../../app/approvals/decide-intent.ts";
import { caseMessage, type CaseMessage } from "../../app/notifications/channels/case-message.ts";
import type { SlackReference } from "../../app/notifications/channels/slack-reference.ts";
import type { Ports } from "../../ports/ports.ts";
import { problemOf, problemOfUndecided } from "../problem/from-refusal.ts";
import type { SlackUser } from "./slack-request.ts";
import type { Voter } from "../../core/identity/voter.ts";
import type { Intent } from "../../ports/intents.ts";

/** What came of a button. */
export interface SlackOutcome {
  /** Why nothing was decided, in words for who pressed it; null: it was. */
  readonly refused: string | null;
  /** As the case stands now; null: there is nothing to show. */
  readonly told: CaseMessage | null;
}

const NO_CASE = "There is no such case any more.";

/** Whose vote it would be, and of what. */
interface Asked {
  readonly intent: Intent;
  readonly voter: Voter;
}

/** Gives the vote of the person behind a Slack account. */
export async function voteFromSlack(
  who: SlackUser,
  reference: SlackReference,
  said: { readonly decision: "approve" | "reject"; readonly note: string | null },
  ports: Ports,
): Promise<SlackOutcome> {
  const asked = await askedOf(who, reference, ports);
  if (!asked.ok) return { refused: asked.error, told: null };
  const { intent, voter } = asked.value;
  const { digest } = reference;
  const decided = await decideIntent(intent, { ...said, voter, digest, link: null }, ports);
  const told = await toldOf(intent, ports);
  if (decided.ok) return { refused: null, told };
  const { error } = decided;
  const isOver = error.kind === "refused" && ["wrong_phase", "expired"].includes(error.refusal.reason);
  if (!isOver || told === null) return { refused: problemOfUndecided(error).detail, told: null };
  // Slack sends again what it got no answer to in time: what they said holds already.
  const { phase, decidedBy } = told.state;
  const isTheirs = said.decision === "reject" && phase === "rejected" && decidedBy === voter.person;
  return { refused: isTheirs ? null : `It is decided already. ${told.statusText}`, told };
}

/** Before somebody is asked for a reason: what would keep them from rejecting it anyway. */
export async function mayRejectFromSlack(
  who: SlackUser,
  reference: SlackReference,
  ports: Ports,
): Promise<SlackOutcome> {
  const asked = await askedOf(who, reference, ports);
  if (!asked.ok) return { refused: asked.error, told: null };
  const { intent, voter } = asked.value;
  const told = await toldOf(intent, ports);
  if (told === null) return { refused: NO_CASE, told };
  const refusal = eligibility(told.state, voter);
  if (refusal !== null) return { refused: problemOf(refusal).detail, told: null };
  // What is approved and not carried out can still be taken back.
  const isOpen = ["pending_approval", "approved", "scheduled"].includes(told.state.phase);
  return { refused: isOpen ? null : `It is decided already. ${told.statusText}`, told };
}

async function askedOf(
  who: SlackUser,
  { intent: id }: SlackReference,
  ports: Ports,
): Promise<Result<Asked, string>> {
  const voter = await voterFromSlack(who, ports);
  if (!voter.ok) return voter;
  const intent = ports.intents.find(id);
  return intent === null ? err(NO_CASE) : ok({ intent, voter: voter.value });
}

/** By Slack's ids alone: the name somebody shows in Slack is theirs to choose. */
async function voterFromSlack({ team, user }: SlackUser, ports: Ports): Promise<Result<Voter, string>> {
  const { registry } = await ports.rules.current();
  const account = `${team}/${user}`;
  const person = [...registry.people.values()].find(({ slack }) => slack === account);
  if (person === undefined) {
    return err(`Gate does not know whose Slack account this is: gate.yaml has nobody with slack ${account}.`);
  }
  const reached = await ports.credentials.reach({ kind: "slack", issuer: team, subject: user }, person);
  if (!reached.ok) return err("You came in with another Slack account before; an admin can unpin it.");
  const { status, role } = reached.value;
  if (status !== "active" || role !== "reviewer") return err("You may not decide: your access is suspended.");
  return ok(voterOf(reached.value, "slack", registry));
}

async function toldOf(intent: Intent, ports: Ports): Promise<CaseMessage | null> {
  const dossier = await intent.dossier();
  return dossier === null ? null : caseMessage(dossier, null, ports);
}

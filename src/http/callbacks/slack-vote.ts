import type { Vote } from "../../app/approvals/decide-intent.ts";
import {
  rejectableFromSlack,
  voteFromSlack,
  type SlackPress,
  type SlackVoteFailure,
} from "../../app/approvals/vote-from-slack.ts";
import { slackId } from "../../app/identity/federated-voter.ts";
import { caseMessage, type CaseMessage } from "../../app/notifications/channels/case-message.ts";
import type { SlackReference } from "../../app/notifications/channels/slack-reference.ts";
import type { IntentRecord } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { problemOfVoteFailure } from "../problem/from-refusal.ts";
import type { SlackUser } from "./slack-request.ts";

/** Result of a Slack button click. */
export interface SlackOutcome {
  /** Why no vote was cast, for the user who clicked; null: the vote was cast. */
  readonly refused: string | null;
  /** The case as it now is; null: the message stays as it is. */
  readonly message: CaseMessage | null;
}

/** The outcome of casting the vote of the person behind a Slack account. */
export async function voteOutcome(
  who: SlackUser,
  reference: SlackReference,
  vote: Pick<Vote, "decision" | "note">,
  ports: Ports,
): Promise<SlackOutcome> {
  const press = pressOf(who, reference);
  const voted = await voteFromSlack(press, vote, ports);
  if (!voted.ok) return refused(voted.error, press, ports);
  return { refused: null, message: await messageOf(voted.value, ports) };
}

/** Refused unless this person may reject the case: to be checked before Slack opens the form for the reason. */
export async function rejectFormOutcome(
  who: SlackUser,
  reference: SlackReference,
  ports: Ports,
): Promise<SlackOutcome> {
  const press = pressOf(who, reference);
  const found = await rejectableFromSlack(press, ports);
  if (!found.ok) return refused(found.error, press, ports);
  return { refused: null, message: await messageOf(found.value, ports) };
}

function pressOf({ team, user }: SlackUser, { intent, digest }: SlackReference): SlackPress {
  return { team, user, intent, digest };
}

async function refused(failure: SlackVoteFailure, press: SlackPress, ports: Ports): Promise<SlackOutcome> {
  if (failure.kind !== "already_decided") return { refused: wordsOf(failure, press), message: null };
  const message = await caseMessage(failure.record, null, ports);
  return { refused: `This case is already decided. ${message.statusText}`, message };
}

function wordsOf(failure: Exclude<SlackVoteFailure, { kind: "already_decided" }>, press: SlackPress): string {
  switch (failure.kind) {
    case "person_unknown":
      return `This Slack account belongs to no person in gate.yaml: add \`slack: ${slackId(press)}\` to the person.`;
    case "identity_already_linked":
      return "Another Slack account is already linked to you; an admin can unlink it.";
    case "inactive":
    case "not_reviewer":
      return "You may not decide: your access is suspended.";
    case "intent_not_found":
      return "This case no longer exists.";
    default:
      return problemOfVoteFailure(failure).detail;
  }
}

async function messageOf(record: IntentRecord | null, ports: Ports): Promise<CaseMessage | null> {
  return record === null ? null : caseMessage(record, null, ports);
}

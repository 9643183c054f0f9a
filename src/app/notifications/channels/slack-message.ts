import type { Part } from "../../../core/presentation/parts.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import { summaryLines, type CaseSummary } from "../case-summary.ts";
import { summaryParts, writeParts } from "../summary-sentences.ts";
import type { CaseMessage } from "./case-message.ts";

/* Block Kit, within Slack's limits. Untrusted text is escaped and in a code span. */

/** Slack's limits; it refuses a whole message for one text that is longer. */
const MAX_HEADER_CHARACTERS = 150;
const MAX_FIELD_CHARACTERS = 2000;
const MAX_CONFIRM_CHARACTERS = 300;
const MAX_FIELDS = 10;

/** Escaping makes at most five characters of one, so a value of this length fits its field whatever it contains. */
const MAX_VALUE_CHARACTERS = 380;

export const APPROVE_ACTION = "gate_approve";
export const REJECT_ACTION = "gate_reject";

const OPEN_ACTION = "gate_open";

/** A message in the form that Slack's Web API, incoming webhooks and `response_url` all accept. */
export interface SlackMessage extends JsonObject {
  /** Shown in notifications, and by clients without block support. */
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  /** Slack's preview must not fetch a case's link. */
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Escapes Slack's three control characters, so that untrusted text can't mention people or channels. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Slack parses neither emphasis nor bare URLs in a code span; a backtick would end it. */
function span(value: string): string {
  const cut = Array.from(value).slice(0, MAX_VALUE_CHARACTERS).join("");
  return `\`${escapeSlack(cut.replaceAll("`", "'"))}\``;
}

/** A sentence with its names in code spans, which they can't end. */
function spoken(parts: readonly Part[]): string {
  return parts.map(({ kind, text }) => (kind === "words" ? escapeSlack(text) : span(text))).join("");
}

/**
 * The approval request, with buttons.
 *
 * @param reference signed value of the vote buttons; null: the message has none, and only opens the case
 */
export function requestMessage(
  title: string,
  caseMessage: CaseMessage,
  reference: string | null,
): SlackMessage {
  const { summary, link } = caseMessage;
  const buttons = [
    ...(reference === null ? [] : decisionButtons(summary, reference)),
    ...(link === null ? [] : [openButton(link)]),
  ];
  return message(`${escapeSlack(title)}: ${spoken(summaryParts(summary))}`, [
    header(`${title}: ${summary.destination}`),
    fields(summary),
    ...(summary.votes === 0 ? [] : [context(caseMessage.statusText)]),
    ...(buttons.length === 0 ? [] : [{ type: "actions", elements: buttons }]),
  ]);
}

/** The same after the decision: the link to the case is the only button left. */
export function decidedMessage(caseMessage: CaseMessage): SlackMessage {
  const { summary, statusText, link } = caseMessage;
  return message(`${spoken(writeParts(summary))} ${escapeSlack(statusText)}`, [
    header(summary.destination),
    fields(summary),
    { type: "section", text: { type: "mrkdwn", verbatim: true, text: `*${escapeSlack(statusText)}*` } },
    ...(link === null ? [] : [{ type: "actions", elements: [openButton(link)] }]),
  ]);
}

/** One line about a case that was posted before: a reminder or an escalation. */
export function noteMessage(text: string, { link }: Pick<CaseMessage, "link">): SlackMessage {
  return message(escapeSlack(text), [
    { type: "section", text: { type: "mrkdwn", verbatim: true, text: escapeSlack(text) } },
    ...(link === null ? [] : [{ type: "actions", elements: [openButton(link)] }]),
  ]);
}

/** Stands for a burst of requests, which are replies to it. */
export function burstMessage(first: CaseSummary, inbox: string | null): SlackMessage {
  const text = `Many requests at once, the first of them: ${spoken(summaryParts(first))} The requests are replies to this message.`;
  return message(text, [
    { type: "section", text: { type: "mrkdwn", verbatim: true, text } },
    ...(inbox === null ? [] : [{ type: "actions", elements: [openButton(inbox, "Open inbox")] }]),
  ]);
}

/** A request in one line: for a burst where nothing holds replies. */
export function lineMessage(title: string, { summary, link }: CaseMessage): SlackMessage {
  const text = `${escapeSlack(title)}: ${spoken(summaryParts(summary))}`;
  return message(text, [
    {
      type: "section",
      text: { type: "mrkdwn", verbatim: true, text },
      ...(link !== null && { accessory: openButton(link) }),
    },
  ]);
}

/** The dialog that asks a rejecting reviewer for the reason. */
export function rejectionView(summary: CaseSummary, metadata: string): JsonObject {
  return {
    type: "modal",
    callback_id: REJECT_ACTION,
    private_metadata: metadata,
    title: plain("Reject"),
    submit: plain("Reject"),
    close: plain("Cancel"),
    blocks: [
      {
        type: "section",
        text: {
          type: "mrkdwn",
          verbatim: true,
          text: `${span(summary.action)} to ${span(summary.destination)}`,
        },
      },
      {
        type: "input",
        block_id: REASON_BLOCK,
        label: plain("Why?"),
        hint: plain("The agent and everybody who may see the case will read it."),
        element: {
          type: "plain_text_input",
          action_id: REASON_INPUT,
          multiline: true,
          max_length: MAX_REASON_CHARACTERS,
        },
      },
    ],
  };
}

export const REASON_BLOCK = "reason";
export const REASON_INPUT = "text";

/** Slack's limit for one input field. */
export const MAX_REASON_CHARACTERS = 3000;

/** @param text escaped */
function message(text: string, blocks: readonly JsonObject[]): SlackMessage {
  return { text, blocks, unfurl_links: false, unfurl_media: false };
}

function header(text: string): JsonObject {
  // Plain text needs no escaping, which could exceed the limit; the three control characters become spaces.
  const shown = Array.from(text.replace(/[&<>]/g, " "));
  return { type: "header", text: plain(shown.slice(0, MAX_HEADER_CHARACTERS).join("")) };
}

function fields(summary: CaseSummary): JsonObject {
  const shown = summaryLines(summary).slice(0, MAX_FIELDS);
  return {
    type: "section",
    fields: shown.map(({ label, value }) => ({
      type: "mrkdwn",
      verbatim: true,
      text: `*${label}*\n${label === "Decide by" ? deadline(summary.decideBy, value) : span(value)}`.slice(
        0,
        MAX_FIELD_CHARACTERS,
      ),
    })),
  };
}

/** Slack's date syntax, which shows the reader's own time zone. */
function deadline(at: number | null, otherwise: string): string {
  if (at === null) return otherwise;
  return `<!date^${Math.floor(at / 1000)}^{date_short_pretty} at {time}|${otherwise}>`;
}

function context(text: string): JsonObject {
  return { type: "context", elements: [{ type: "mrkdwn", verbatim: true, text: escapeSlack(text) }] };
}

function decisionButtons(summary: CaseSummary, reference: string): readonly JsonObject[] {
  const what = `${summary.action} to ${summary.destination}`;
  return [
    {
      type: "button",
      action_id: APPROVE_ACTION,
      style: "primary",
      text: plain("Approve"),
      value: reference,
      // A confirmation, so that a slip of the thumb on a phone does not approve a production write.
      confirm: {
        title: plain("Approve this write?"),
        text: plain(Array.from(what.replace(/[&<>]/g, " ")).slice(0, MAX_CONFIRM_CHARACTERS).join("")),
        confirm: plain("Approve"),
        deny: plain("Back"),
      },
    },
    {
      type: "button",
      action_id: REJECT_ACTION,
      style: "danger",
      text: plain("Reject…"),
      value: reference,
    },
  ];
}

function openButton(url: string, text = "Open case"): JsonObject {
  return { type: "button", action_id: OPEN_ACTION, text: plain(text), url };
}

function plain(text: string): JsonObject {
  return { type: "plain_text", emoji: false, text };
}

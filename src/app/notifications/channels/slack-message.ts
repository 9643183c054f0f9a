import type { JsonObject } from "../../../core/base/json.ts";
import { summaryLines, type CaseSummary } from "../case-summary.ts";
import type { CaseMessage } from "./case-message.ts";

/* Block Kit, within Slack's limits. Everything somebody else chose stands in a code span, escaped. */

/** Slack refuses a whole message for one text that is longer. */
const MAX_HEADER_CHARACTERS = 150;
const MAX_FIELD_CHARACTERS = 2000;
const MAX_CONFIRM_CHARACTERS = 300;
const MAX_FIELDS = 10;

/** Escaping makes one character five at most; a value that stays under this fits its field whatever is in it. */
const MAX_VALUE_CHARACTERS = 380;

export const APPROVE_ACTION = "gate_approve";
export const REJECT_ACTION = "gate_reject";

const OPEN_ACTION = "gate_open";

/** A message as Slack takes it by every way in: Web API, incoming webhook, `response_url`. */
export interface SlackMessage extends JsonObject {
  /** What notifications show, and clients that know no blocks. */
  readonly text: string;
  readonly blocks: readonly JsonObject[];
  /** No preview is fetched of a link into a case. */
  readonly unfurl_links: false;
  readonly unfurl_media: false;
}

/** Slack's three: with them escaped, no text can mention anybody or call a channel together. */
export function escapeSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** In a code span neither emphasis nor bare addresses are read; a backtick would end it. */
function span(value: string): string {
  const cut = Array.from(value).slice(0, MAX_VALUE_CHARACTERS).join("");
  return `\`${escapeSlack(cut.replaceAll("`", "'"))}\``;
}

/**
 * What is asked, with buttons.
 *
 * @param reference what the buttons that decide carry; null: the message only opens the case
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
  return message(`${title}: ${summary.destination}`, [
    header(`${title}: ${summary.destination}`),
    fields(summary),
    ...(summary.votes === 0 ? [] : [context(caseMessage.statusText)]),
    ...(buttons.length === 0 ? [] : [{ type: "actions", elements: buttons }]),
  ]);
}

/** The same once it waits no more: nothing left to press but the way into the case. */
export function decidedMessage(caseMessage: CaseMessage): SlackMessage {
  const { summary, statusText, link } = caseMessage;
  return message(`${summary.destination}: ${statusText}`, [
    header(summary.destination),
    fields(summary),
    { type: "section", text: { type: "mrkdwn", verbatim: true, text: `*${escapeSlack(statusText)}*` } },
    ...(link === null ? [] : [{ type: "actions", elements: [openButton(link)] }]),
  ]);
}

/** One line about a case that was told before: a reminder, or how it ended. */
export function noteMessage(text: string, { link }: Pick<CaseMessage, "link">): SlackMessage {
  return message(text, [
    { type: "section", text: { type: "mrkdwn", verbatim: true, text: escapeSlack(text) } },
    ...(link === null ? [] : [{ type: "actions", elements: [openButton(link)] }]),
  ]);
}

/** The question that a rejection needs an answer to. */
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

/** What Slack lets one field hold at most. */
export const MAX_REASON_CHARACTERS = 3000;

function message(text: string, blocks: readonly JsonObject[]): SlackMessage {
  return { text: escapeSlack(text), blocks, unfurl_links: false, unfurl_media: false };
}

function header(text: string): JsonObject {
  // Escaping could carry it over the limit: plain text needs none but for these three, which no name has.
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

/** In the reader's own time zone, which only Slack knows. */
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
      // A thumb that slips on a phone must not be a production write.
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

function openButton(url: string): JsonObject {
  return { type: "button", action_id: OPEN_ACTION, text: plain("Open case"), url };
}

function plain(text: string): JsonObject {
  return { type: "plain_text", emoji: false, text };
}

import type { Assurance } from "../../../core/identity/assurance.ts";
import type { Json } from "../../../core/base/json.ts";
import type { Channel, Person } from "../../../core/registry/registry.ts";
import type { Ports } from "../../../ports/ports.ts";
import type { DeliveryRecord, DeliveryResult } from "../../../ports/notifications.ts";
import { summaryLines, withoutLinks } from "../case-summary.ts";
import { summarySentences } from "../summary-sentences.ts";
import { oneLine } from "../one-line.ts";
import type { CaseMessage } from "./case-message.ts";
import { titleOf } from "./titles.ts";
import {
  CHANNEL_TIMEOUT_MS,
  credentialFailure,
  failed,
  isHeaderText,
  MOOT,
  deliveryResult,
} from "./send-result.ts";

type Email = Extract<Channel, { kind: "email" }>;

/** Mail clients cut longer subjects, and some providers refuse them. */
const MAX_SUBJECT_CHARACTERS = 150;

/** The values for a template's placeholders. */
interface EmailContent {
  readonly to: string;
  readonly from: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The body that most providers accept; the channel's `body` replaces it for others. */
const USUAL_BODY = {
  from: "{from}",
  to: ["{to}"],
  subject: "{subject}",
  text: "{text}",
  html: "{html}",
} as const;

/** Sends an e-mail to one person through an HTTP provider. */
export async function sendEmail(
  record: DeliveryRecord,
  message: CaseMessage,
  person: Person | null,
  channel: Email,
  ports: Pick<Ports, "sendOutgoing" | "secret">,
): Promise<DeliveryResult> {
  // A sent e-mail can't be updated; its link shows the outcome.
  if (record.kind === "decided") return MOOT;
  if (person === null) return failed("the delivery names no person");
  if (person.email === null) return failed(`${person.id} has no e-mail address in gate.yaml`);
  const fetched = await ports.secret(channel.secret);
  if (!fetched.ok) return credentialFailure(channel.secret, fetched.error);
  const secret = fetched.value;
  const authorization = channel.format.replace("{secret}", () => secret);
  if (!isHeaderText(authorization)) return failed(`the credential ${channel.secret} is no header value`);
  const content = emailContent(record, message, person.email, channel.from);
  const sent = await ports.sendOutgoing({
    url: channel.url,
    method: "POST",
    headers: { [channel.header]: authorization, "Content-Type": "application/json" },
    body: JSON.stringify(fillTemplate(channel.body ?? USUAL_BODY, content)),
    timeoutMs: CHANNEL_TIMEOUT_MS,
    allowPrivate: channel.allowPrivate,
  });
  return deliveryResult(sent, Date.now());
}

/**
 * Fills string values of the parsed template in a single pass, so that an injected value can neither end a string, nor
 * add a member, nor act as a placeholder itself.
 */
export function fillTemplate(template: Json, content: EmailContent): Json {
  if (typeof template === "string") {
    return template.replace(
      /\{(to|from|subject|text|html)\}/g,
      (_, name: keyof EmailContent) => content[name],
    );
  }
  if (typeof template !== "object" || template === null) return template;
  if (Array.isArray(template)) return template.map((each: Json) => fillTemplate(each, content));
  return Object.fromEntries(
    Object.entries(template).map(([name, value]) => [name, fillTemplate(value, content)]),
  );
}

export function emailContent(
  record: Pick<DeliveryRecord, "kind" | "to">,
  { summary, statusText, link }: CaseMessage,
  to: string,
  from: string,
): EmailContent {
  const shown = withoutLinks(summary);
  const title = `${titleOf(record)}: ${shown.destination}`;
  const facts = summaryLines(shown);
  const notice = linkNotice(link, summary.approval.minAssurance);
  const sentences = summarySentences(shown);
  const text = [
    title,
    sentences,
    statusText,
    facts.map(({ label, value }) => `${label}: ${value}`).join("\n"),
    ...(link === null ? [] : [link]),
    notice,
  ].join("\n\n");
  const rows = facts.map(({ label, value }) => {
    return `<tr><th align="left">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`;
  });
  const html = [
    `<h2>${escapeHtml(title)}</h2>`,
    `<p>${escapeHtml(sentences)}</p>`,
    `<p>${escapeHtml(statusText)}</p>`,
    `<table cellpadding="4">${rows.join("")}</table>`,
    ...(link === null ? [] : [`<p><a href="${escapeHtml(link)}">Open case</a></p>`]),
    `<p>${escapeHtml(notice)}</p>`,
  ].join("\n");
  return { to, from, subject: oneLine(title, MAX_SUBJECT_CHARACTERS), text, html };
}

/** Warns the reader of a link that votes without sign-in: Gate takes a person it was forwarded to for the reader. */
function linkNotice(link: string | null, minAssurance: Assurance): string {
  if (link === null) return "Open the case in Gate to decide.";
  return minAssurance === "link"
    ? "The link is for you alone; do not pass it on. Any person who opens it can decide in your name, once."
    : "The link is for you alone; do not pass it on. It opens the case; you sign in to decide.";
}

function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

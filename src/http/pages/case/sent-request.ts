import { html } from "hono/html";
import type { Header } from "../../../core/outbound/header-names.ts";
import { httpView } from "../../api/intents/http-write-view.ts";
import { row } from "./rows.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** The exact request that Gate sends, without its body: the payload has a section of its own. */
export function sendingSection(record: IntentRecord, isPayloadVisible: boolean): Markup | null {
  if (record.state.terms.sending === null) return null;
  return html`<section>
    <h2>The HTTP request</h2>
    ${contentOf(record, isPayloadVisible)}
  </section>`;
}

function contentOf(record: IntentRecord, isPayloadVisible: boolean): Markup {
  if (!isPayloadVisible) return html`<p>Only people who may decide the case see the request.</p>`;
  const http = httpView(record, true);
  if (http === null) return html`<p>The request was erased.</p>`;
  const { method, url, headers, credential_in: slot, repeat_header: repeat, sent_by: sentBy } = http;
  const line = `${sanitizeText(method)} ${sanitizeText(url)}`;
  return html`<pre class="asis" tabindex="0" aria-label="Request">${"\n"}${line}</pre>
    <dl>
      ${queryRow(url)} ${headers.length === 0 ? null : row("Headers", listOf(headers))}
      ${repeat === null ? null : row("Idempotency", html`Gate adds ${listOf([repeat])}`)}
      ${row("Credential", slot === null ? OWN_CREDENTIAL[sentBy] : slotOf(slot.in, slot.name))}
      ${row("Sent by", SENT_BY[sentBy])}
    </dl>`;
}

const OWN_CREDENTIAL = {
  agent: "the agent's own, which Gate never stores",
  gate: "none",
} as const;

const SENT_BY = {
  agent: "Gate, once, when the agent repeats it: Gate has no credential here",
  gate: "Gate, once, as soon as it is approved",
} as const;

function slotOf(place: "header" | "query", name: string): Markup {
  return html`Gate puts it into the ${place === "header" ? "header" : "query parameter"}
    <span class="mono">${sanitizeText(name)}</span>`;
}

/** The decoded query: percent-encoding hides from a reviewer what the server reads. */
function queryRow(url: string): Markup | null {
  const at = url.indexOf("?");
  const parameters = at < 0 ? [] : [...new URLSearchParams(url.slice(at + 1))];
  return parameters.length === 0 ? null : row("Decoded query", listOf(parameters, " = "));
}

/** Names and values, each on a line. */
export function listOf(pairs: readonly Header[], between = ": "): Markup {
  return html`<ul class="asis">
    ${pairs.map(([name, value]) => html`<li>${sanitizeText(name)}${between}${sanitizeText(value)}</li>`)}
  </ul>`;
}

import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { recordOf } from "../../api/shared/stored-record.ts";
import { optional, row } from "./case-request.ts";
import type { Markup } from "../page.ts";
import { visibleLines } from "../sanitize-text.ts";
import { bytesOf, counted } from "../format.ts";

type CaseRecord = ReturnType<typeof recordOf>;

/** As much as anybody reads; who wants the rest takes it as a file. */
export const MAX_CHARACTERS_SHOWN = 64 * 1024;

export interface SeenPayload {
  /** May this reader see it? */
  readonly isTheirs: boolean;
  readonly bytes: Uint8Array | null;
}

/** What would be written, exactly. */
export function payloadSection(
  { terms }: IntentState,
  { decision, payload }: CaseRecord,
  { isTheirs, bytes }: SeenPayload,
): Markup {
  return html`<section>
    <h2>What would be written</h2>
    <dl>
      ${optional("Name", payload?.name)} ${optional("Type", decision?.facts.type)}
      ${payload?.kind === "content" ? row("Size", bytesOf(payload.bytes)) : null}
      ${terms.payloadDigest === null ? null : row("SHA-256", html`<span class="mono">${terms.payloadDigest}</span>`)}
    </dl>
    ${contentOf(terms, payload, { isTheirs, bytes })}
  </section>`;
}

function contentOf(
  { id, sending }: IntentState["terms"],
  payload: CaseRecord["payload"],
  { isTheirs, bytes }: SeenPayload,
): Markup {
  const isSent = sending !== null;
  if (payload === null) return html`<p>The payload was erased.</p>`;
  if (payload.kind === "none") {
    return html`<p>
      There is no payload: ${isSent ? "the request above has no body" : "the action itself is all"}.
    </p>`;
  }
  if (payload.kind === "reference") {
    return html`<p>Gate has not seen it: the agent gave a name and kept the content.</p>`;
  }
  if (!isTheirs) return html`<p>The payload is shown to those who may decide the case.</p>`;
  if (bytes === null) return html`<p>The payload was erased.</p>`;
  const text = textOf(bytes);
  if (text === null) return html`<p>It is no text. ${download(id, "Download it")} to look at it.</p>`;
  if (text === "") return html`<p>It is empty.</p>`;
  const shown = startOf(text);
  // A parser drops a line end right after the tag: without this one, the payload's own would be.
  return html`<pre tabindex="0" aria-label="Payload">${"\n"}${visibleLines(shown)}</pre>
    ${
      shown.length === text.length
        ? html`<p class="dim">${counted(linesIn(text), "line")}.</p>`
        : html`<p>
            <strong>This is only the start:</strong> ${counted(shown.length, "character")} of
            ${text.length.toLocaleString("en-US")}. ${download(id, "Download all of it")}.
          </p>`
    }`;
}

function download(id: string, words: string): Markup {
  return html`<a href="/v1/intents/${id}/payload" download="payload">${words}</a>`;
}

/** Null for what is not UTF-8 text to the last byte. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    // A byte order mark is part of what is written, so it is part of what is seen.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** A line end at the end begins no line. */
function linesIn(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** As much of it as is shown, and never half a character. */
export function startOf(text: string): string {
  if (text.length <= MAX_CHARACTERS_SHOWN) return text;
  const cut = text.slice(0, MAX_CHARACTERS_SHOWN);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

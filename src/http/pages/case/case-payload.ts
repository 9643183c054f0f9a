import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { storedContent } from "../../api/shared/stored-record.ts";
import { optional, row } from "./case-request.ts";
import type { Markup } from "../page.ts";
import { visibleLines } from "../sanitize-text.ts";
import { bytesOf, counted } from "../format.ts";

type CaseRecord = ReturnType<typeof storedContent>;

/** The page shows this many characters; the rest is in the download. */
export const MAX_CHARACTERS_SHOWN = 64 * 1024;

export interface SeenPayload {
  /** Whether this reader may see the bytes. */
  readonly isVisible: boolean;
  readonly bytes: Uint8Array | null;
}

/** The payload, byte for byte. */
export function payloadSection(
  { terms }: IntentState,
  { decision, payload }: CaseRecord,
  { isVisible, bytes }: SeenPayload,
): Markup {
  return html`<section>
    <h2>What would be written</h2>
    <dl>
      ${optional("Name", payload?.name)} ${optional("Type", decision?.facts.type)}
      ${payload?.kind === "content" ? row("Size", bytesOf(payload.bytes)) : null}
      ${terms.payloadDigest === null ? null : row("SHA-256", html`<span class="mono">${terms.payloadDigest}</span>`)}
    </dl>
    ${contentOf(terms, payload, { isVisible, bytes })}
  </section>`;
}

function contentOf(
  { id, sending }: IntentState["terms"],
  payload: CaseRecord["payload"],
  { isVisible, bytes }: SeenPayload,
): Markup {
  const isSent = sending !== null;
  if (payload === null) return html`<p>The payload was erased.</p>`;
  if (payload.kind === "none") {
    return html`<p>
      There is no payload: ${isSent ? "the request above has no body" : "the action needs none"}.
    </p>`;
  }
  if (payload.kind === "reference") {
    return html`<p>Gate has not seen the payload: the agent sent only a reference to it.</p>`;
  }
  if (!isVisible) return html`<p>Only people who may decide the case see the payload.</p>`;
  if (bytes === null) return html`<p>The payload was erased.</p>`;
  const text = textOf(bytes);
  if (text === null) return html`<p>It is no text. ${download(id, "Download it")} to look at it.</p>`;
  if (text === "") return html`<p>It is empty.</p>`;
  const shown = startOf(text);
  // HTML parsers drop a line end right after the tag: this one, so that the payload's own survives.
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

function download(id: string, label: string): Markup {
  return html`<a href="/v1/intents/${id}/payload" download="payload">${label}</a>`;
}

/** The bytes as text; null: they are not valid UTF-8, or contain a NUL. */
export function textOf(bytes: Uint8Array): string | null {
  try {
    // The byte order mark stays: it is part of the write, so the reviewer must see it.
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    return text.includes("\0") ? null : text;
  } catch {
    return null;
  }
}

/** The number of lines; a final line end begins none. */
function linesIn(text: string): number {
  return text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
}

/** The part that the page shows, never cut inside a surrogate pair. */
export function startOf(text: string): string {
  if (text.length <= MAX_CHARACTERS_SHOWN) return text;
  const cut = text.slice(0, MAX_CHARACTERS_SHOWN);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}

import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import { isEnded } from "../../../core/presentation/phase-words.ts";
import { bytesText, counted, groupDigits } from "../../../core/presentation/numbers.ts";
import { payloadLayout } from "../../../core/presentation/payload/layout.ts";
import { foundTerms, markedText } from "../../../core/presentation/payload/marks.ts";
import { hasRightToLeft } from "../../../core/presentation/payload/right-to-left.ts";
import { startWithin } from "../../../core/presentation/payload/weight.ts";
import type { storedContent } from "../../api/shared/stored-record.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { textBox } from "./box.ts";
import { csvBox } from "./csv-box.ts";
import { fieldsBox } from "./fields-box.ts";
import { linesIn, textOf } from "./payload-text.ts";

type CaseRecord = ReturnType<typeof storedContent>;

/** Bytes that a payload takes on the case's page; all of it is one link away. */
export const MAX_WEIGHT = 24 * 1024;

export interface SeenPayload {
  /** Whether this reader may see the bytes. */
  readonly isVisible: boolean;
  readonly bytes: Uint8Array | null;
}

/** The payload as its type is read best, with what the rules found marked, and the bytes as they are one link away. */
export function payloadSection(
  { terms, phase }: IntentState,
  content: CaseRecord,
  seen: SeenPayload,
): Markup {
  return html`<section>
    <h2>${HEADINGS[writtenBy(phase)]}</h2>
    ${bodyOf(terms, content, seen)}
  </section>`;
}

const HEADINGS = {
  wish: "What would be written",
  done: "What was written",
  over: "What would have been written",
  unknown: "What may have been written",
} as const;

function writtenBy(phase: IntentState["phase"]): keyof typeof HEADINGS {
  if (phase === "succeeded") return "done";
  if (phase === "indeterminate" || phase === "failed") return "unknown";
  return isEnded(phase) ? "over" : "wish";
}

function bodyOf(
  { id, sending }: IntentState["terms"],
  content: CaseRecord,
  { isVisible, bytes }: SeenPayload,
): Markup {
  const { payload, decision } = content;
  if (payload === null) return html`<p>The payload was erased.</p>`;
  if (payload.kind === "none") {
    return html`<p>
      There is no payload: ${sending === null ? "the action needs none" : "the request above has no body"}.
    </p>`;
  }
  const name = payload.name === null ? null : html`<p><bdi>${sanitizeText(payload.name)}</bdi></p>`;
  if (payload.kind === "reference") {
    return html`${name}
      <p>Gate has not seen the payload: the agent sent only a reference to it.</p>`;
  }
  if (!isVisible) {
    return html`${name}
      <p>Only people who may decide the case see the payload.</p>`;
  }
  if (bytes === null) return html`<p>The payload was erased.</p>`;
  const text = textOf(bytes);
  const about = [decision?.facts.type ?? null, bytesText(bytes.length)].filter((each) => each !== null);
  const head = html`<p class="label">
    ${payload.name === null ? null : html`<bdi>${sanitizeText(payload.name)}</bdi> · `}${sanitizeText(about.join(" · "))}
  </p>`;
  if (text === null) {
    return html`${head}
      <p>It is no text. ${download(id, "Download it")} to look at it.</p>`;
  }
  if (text === "") {
    return html`${head}
      <p>It is empty.</p>`;
  }
  return html`${head} ${rightToLeft(text)} ${laidOut(id, text, decision)}`;
}

function rightToLeft(text: string): Markup | null {
  if (!hasRightToLeft(text)) return null;
  return html`<p>
    It has letters that are written from right to left. They are shown here one by one, from left to right, in
    the order in which they are sent: otherwise numbers beside them would change places.
  </p>`;
}

function laidOut(id: string, text: string, decision: Decision | null): Markup {
  const trace = decision?.trace ?? [];
  const terms = foundTerms(trace);
  const hasPlaceholders = trace.some(({ reasonCode }) => reasonCode === "template_error_detected");
  const layout =
    decision === null
      ? ({ kind: "text", because: null } as const)
      : payloadLayout(text, decision.facts, MAX_WEIGHT);
  switch (layout.kind) {
    case "json": {
      const shown = startWithin(layout.text, MAX_WEIGHT);
      const isWhole = layout.isWhole && shown.length === layout.text.length;
      const pieces = markedText(shown, terms, hasPlaceholders);
      return html`${textBox(pieces, "Payload, indented")}
      ${isWhole ? asSent(id, "Indented here; ") : onlyStart(id, shown.length, text.length, "indented")}
      ${notMarked(pieces, terms, hasPlaceholders)}`;
    }
    case "table":
      return html`${csvBox(layout.table)}
      ${asSent(id, `${counted(layout.table.rows, "row")}; ${layout.table.sums.some((sum) => sum !== null) ? "sums are over all of them, whatever their currency; " : ""}`)}`;
    case "fields":
      return html`${fieldsBox(layout.fields, terms, hasPlaceholders)} ${asSent(id, "Decoded here; ")}`;
    case "text": {
      const shown = startWithin(text, MAX_WEIGHT);
      const pieces = markedText(shown, terms, hasPlaceholders);
      return html`${layout.because === null ? null : html`<p>Shown as sent: ${layout.because}.</p>`}
      ${textBox(pieces, "Payload")}
      ${
        shown.length === text.length
          ? asSent(id, `${counted(linesIn(text), "line")}; `)
          : onlyStart(id, shown.length, text.length, null)
      }
      ${notMarked(pieces, terms, hasPlaceholders)}`;
    }
  }
}

/** What was found stands in another spelling, or beyond what is shown. */
function notMarked(
  pieces: readonly { readonly isMarked: boolean }[],
  terms: readonly string[],
  hasPlaceholders: boolean,
): Markup | null {
  if (terms.length === 0 && !hasPlaceholders) return null;
  if (pieces.some(({ isMarked }) => isMarked)) return null;
  return html`<p class="dim">
    What the rule found is not marked: it is in another spelling, or beyond what is shown here.
  </p>`;
}

function asSent(id: string, before: string): Markup {
  return html`<p class="small dim">${before}${links(id)}</p>`;
}

function onlyStart(id: string, shown: number, total: number, how: string | null): Markup {
  return html`<p>
    <strong>This is only the start:</strong> ${counted(shown, "character")}${how === null ? "" : `, ${how},`}
    of ${groupDigits(total)}. ${links(id)}
  </p>`;
}

function links(id: string): Markup {
  return html`<a href="/cases/${id}/payload">Show it as sent</a> · ${download(id, "Download all of it")}`;
}

function download(id: string, label: string): Markup {
  return html`<a href="/v1/intents/${id}/payload" download="payload">${label}</a>`;
}

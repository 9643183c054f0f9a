import { html } from "hono/html";
import { currentOrder } from "../../../core/intent/state.ts";
import { phaseWords, toneOf } from "../../../core/presentation/phase-words.ts";
import { indentJson } from "../../../core/presentation/payload/json-lines.ts";
import { startWithin } from "../../../core/presentation/payload/weight.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { exactTime, nameAndId, toneMark } from "../text.ts";
import { row } from "./rows.ts";

/** A worker's result is a short JSON; a longer one is in the API's answer. */
const MAX_RESULT_BYTES = 8 * 1024;

/** What the executor reported. A result can quote the payload, so only its readers see it. */
export function reportSection(
  record: IntentRecord,
  isPayloadVisible: boolean,
  nameOf: NameOf,
  now: number,
): Markup | null {
  const { state, notes } = record;
  const order = currentOrder(state);
  const report = order?.report ?? null;
  if (report === null) return null;
  const result = notes.findLast(({ kind }) => kind === "result") ?? null;
  return html`<section>
    <h2>Outcome</h2>
    <dl>
      ${row("Reported", toneMark(toneOf(report.outcome), phaseWords(report.outcome)))}
      ${row("By", nameAndId(nameOf(report.by), report.by))} ${row("When", exactTime(report.at, now))}
      ${report.executedAt === null ? null : row("Executed at", html`${exactTime(report.executedAt, now)} <span class="dim">by the executor's own clock</span>`)}
      ${row("Signed", report.proof === "verified" ? "yes, with the executor's registered key" : "no")}
      ${result === null ? null : row("Result", isPayloadVisible ? resultBox(result.text) : "only people who may decide the case see it")}
    </dl>
  </section>`;
}

function resultBox(text: string): Markup {
  const laid = indentJson(text, MAX_RESULT_BYTES);
  const shown = startWithin(laid.text, MAX_RESULT_BYTES);
  const isWhole = laid.isWhole && shown.length === laid.text.length;
  return html`<pre class="asis" tabindex="0" aria-label="Result">${"\n"}${visibleLines(shown)}</pre>
    ${isWhole ? null : html`<p>${sanitizeText("This is only the start of it.")}</p>`}`;
}

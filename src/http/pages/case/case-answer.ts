import { html } from "hono/html";
import { currentOrder, type IntentState, type UnsentReason } from "../../../core/intent/state.ts";
import { isSendDue } from "../../../core/intent/sending.ts";
import { sentResult, type DigestedResponse } from "../../api/intents/http-write-view.ts";
import { listOf } from "./sent-request.ts";
import { bytesText, counted } from "../../../core/presentation/numbers.ts";
import { startWithin } from "../../../core/presentation/payload/weight.ts";
import { timeText } from "../../../core/presentation/times.ts";
import { textOf } from "../payload/payload-text.ts";
import { optional, row } from "./rows.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** Bytes that a response takes on the page; all of it is in the download. */
const MAX_WEIGHT = 12 * 1024;

/** The outcome of a write that Gate sent, and what a person has to do about it. */
export function answerSection(
  record: IntentRecord,
  answer: DigestedResponse | null,
  isPayloadVisible: boolean,
  now: number,
): Markup | null {
  const { state } = record;
  if (state.terms.sending === null) return null;
  const result = sentResult(record);
  const status = result?.["http_status"];
  const problem = result?.["problem"];
  return html`${unsentNotice(record)}
  ${state.phase === "indeterminate" ? unknownNotice(state, typeof problem === "string" ? problem : null, now) : null}
  ${typeof status === "number" ? answered(state, status, answer, isPayloadVisible) : null}`;
}

function answered(
  { terms, phase }: IntentState,
  status: number,
  answer: DigestedResponse | null,
  isPayloadVisible: boolean,
): Markup {
  return html`<section>
    <h2>Response</h2>
    <dl>
      ${row("Status", html`<strong>${status}</strong>`)} ${optional("Outcome", OUTCOME_TEXT[phase])}
      ${answer === null ? null : row("When", timeText(answer.at))}
      ${answer === null ? null : row("Size", sizeOf(answer))}
      ${answer === null ? null : row("SHA-256", html`<span class="mono">${answer.sha256}</span>`)}
      ${answer === null || answer.headers.length === 0 ? null : row("Headers", listOf(answer.headers))}
    </dl>
    ${bodyOf(terms.id, answer, isPayloadVisible)}
  </section>`;
}

const OUTCOME_TEXT: Partial<Record<IntentState["phase"], string>> = {
  succeeded: "carried out",
  failed: "not carried out",
  indeterminate: "unknown",
};

function sizeOf({ body, truncated }: DigestedResponse): string {
  return `${bytesText(body.length)}${truncated ? "; there was more, or it broke off" : ""}`;
}

function bodyOf(id: string, answer: DigestedResponse | null, isPayloadVisible: boolean): Markup {
  if (!isPayloadVisible) return html`<p>Only people who may decide the case see the response.</p>`;
  if (answer === null) return html`<p>The response is no longer stored.</p>`;
  const text = textOf(answer.body);
  if (text === null) return html`<p>It is no text. ${download(id)} to look at it.</p>`;
  if (text === "") return html`<p>It has no body.</p>`;
  const shown = startWithin(text, MAX_WEIGHT);
  return html`<pre class="asis" tabindex="0" aria-label="Response">${"\n"}${visibleLines(shown)}</pre>
    ${
      shown.length === text.length
        ? null
        : html`<p>
            <strong>This is only the start</strong> of ${counted(text.length, "character")}. ${download(id)}.
          </p>`
    }`;
}

function download(id: string): Markup {
  return html`<a href="/v1/intents/${id}/response?format=raw" download="response">Download it</a>`;
}

/** Shown for an approved write whose attempts all failed before sending: a person may have to fix the cause. */
function unsentNotice({ entries, state }: IntentRecord): Markup | null {
  const { phase, terms } = state;
  const why = currentOrder(state)?.undone?.why;
  const tries = entries.filter(({ event }) => event === "execution_claim_undone").length;
  if (phase !== "scheduled" || tries === 0) return null;
  return html`<section class="notice wait">
    <p>
      It could not be sent: ${counted(tries, "attempt")} ended before anything left.
      ${
        terms.sending === "by_gate"
          ? `Gate tries again by itself. ${why === undefined ? "" : UNSENT_TEXT[why]}`
          : "The agent can repeat its request."
      }
    </p>
  </section>`;
}

const UNSENT_TEXT = {
  credential_unavailable:
    "The credential can't be fetched or used: `npx zehrava-gate vault check` names the problem.",
  request_not_sent: "The request can't be sent to the address in gate.yaml.",
} as const satisfies Record<UnsentReason, string>;

function unknownNotice(state: IntentState, problem: string | null, now: number): Markup {
  const { id, destination } = state.terms;
  return html`<section class="notice doubt">
    <h2>The outcome is unknown</h2>
    ${
      state.restoredAt === undefined
        ? null
        : html`<p>
            Gate's data were restored from a backup after this was approved: whether it was sent since then is
            not known here.
          </p>`
    }
    <p>
      It may have been sent, and no conclusive response is
      known${problem === null ? null : html` (${sanitizeText(problem.replaceAll("_", " "))})`}.
      ${
        isSendDue(state, now)
          ? "Gate sends it again by itself: the provider recognises the repeat and executes it once."
          : "Gate does not send it again before a person has resolved it."
      }
    </p>
    <p>
      Check in ${sanitizeText(destination)} whether the write is there. Then an admin, or a reviewer who may
      decide this case, resolves it: <code>POST /v1/intents/${id}/resolve</code> with
      <code>{"outcome": "executed", "note": "…"}</code> or <code>"not_executed"</code>.
    </p>
  </section>`;
}

import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import { isSendDue } from "../../../core/intent/sending.ts";
import { sentResult, type Answer } from "../../api/intents/http-write-view.ts";
import { listOf } from "./sent-request.ts";
import { MAX_CHARACTERS_SHOWN, startOf, textOf } from "./case-payload.ts";
import { optional, row } from "./case-request.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { bytesOf, counted, timeOf } from "../format.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/** What came of a write that Gate sent, and what there is to do about it. */
export function answerSection(
  dossier: IntentRecord,
  answer: Answer | null,
  isPayloadTheirs: boolean,
  now: number,
): Markup | null {
  const { state } = dossier;
  if (state.terms.sending === null) return null;
  const result = sentResult(dossier);
  const status = result?.["http_status"];
  const problem = result?.["problem"];
  return html`${unsentNotice(dossier)}
  ${state.phase === "indeterminate" ? unknownNotice(state, typeof problem === "string" ? problem : null, now) : null}
  ${typeof status === "number" ? answered(state, status, answer, isPayloadTheirs) : null}`;
}

function answered(
  { terms, phase }: IntentState,
  status: number,
  answer: Answer | null,
  isPayloadTheirs: boolean,
): Markup {
  return html`<section>
    <h2>What was answered</h2>
    <dl>
      ${row("Status", html`<strong>${status}</strong>`)} ${optional("Taken for", TAKEN_FOR[phase])}
      ${answer === null ? null : row("When", timeOf(answer.at))}
      ${answer === null ? null : row("Size", sizeOf(answer))}
      ${answer === null ? null : row("SHA-256", html`<span class="mono">${answer.sha256}</span>`)}
      ${answer === null || answer.headers.length === 0 ? null : row("Headers", listOf(answer.headers))}
    </dl>
    ${bodyOf(terms.id, answer, isPayloadTheirs)}
  </section>`;
}

const TAKEN_FOR: Partial<Record<IntentState["phase"], string>> = {
  succeeded: "carried out",
  failed: "not carried out",
  indeterminate: "not known",
};

function sizeOf({ body, truncated }: Answer): string {
  return `${bytesOf(body.length)}${truncated ? "; there was more, or it broke off" : ""}`;
}

function bodyOf(id: string, answer: Answer | null, isPayloadTheirs: boolean): Markup {
  if (!isPayloadTheirs) return html`<p>The answer is shown to those who may decide the case.</p>`;
  if (answer === null) return html`<p>The answer is not kept any more.</p>`;
  const text = textOf(answer.body);
  if (text === null) return html`<p>It is no text. ${download(id)} to look at it.</p>`;
  if (text === "") return html`<p>It has no body.</p>`;
  return html`<pre tabindex="0" aria-label="Answer">${"\n"}${visibleLines(startOf(text))}</pre>
    ${
      text.length <= MAX_CHARACTERS_SHOWN
        ? null
        : html`<p>
            <strong>This is only the start</strong> of ${counted(text.length, "character")}. ${download(id)}.
          </p>`
    }`;
}

function download(id: string): Markup {
  return html`<a href="/v1/intents/${id}/response?format=raw" download="response">Download it</a>`;
}

/** Approved, and nothing of it has left: people wait for something that may need them. */
function unsentNotice({ entries, state: { phase, terms } }: IntentRecord): Markup | null {
  const tries = entries.filter(({ event }) => event === "execution_claim_undone").length;
  if (phase !== "scheduled" || tries === 0) return null;
  return html`<section class="notice warn">
    <p>
      It could not be sent: ${counted(tries, "attempt")} ended before anything left.
      ${
        terms.sending === "by_gate"
          ? "Gate tries again by itself; a credential that can't be had, or a server that is away, is the usual reason."
          : "The agent can repeat its request."
      }
    </p>
  </section>`;
}

function unknownNotice(state: IntentState, problem: string | null, now: number): Markup {
  const { id, destination } = state.terms;
  return html`<section class="notice warn">
    <h2>Whether it was carried out is not known</h2>
    <p>
      It was sent, and no answer came that would say
      so${problem === null ? null : html` (${sanitizeText(problem.replaceAll("_", " "))})`}.
      ${
        isSendDue(state, now)
          ? "Gate sends it again by itself: the provider knows the repeat, and does it once."
          : "Nothing sends it again before somebody has looked."
      }
    </p>
    <p>
      Look in ${sanitizeText(destination)} whether it is there. Then an admin, or a reviewer who may decide
      this case, says so: <code>POST /v1/intents/${id}/resolve</code> with
      <code>{"outcome": "executed", "note": "…"}</code> or <code>"not_executed"</code>.
    </p>
  </section>`;
}

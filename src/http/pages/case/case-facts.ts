import { silenceWords } from "../../../core/presentation/silence-words.ts";
import { html } from "hono/html";
import type { SeenBefore } from "../../../core/intent/earlier-intents.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import { dollars } from "../../../core/presentation/amounts.ts";
import { earlierFacts } from "../../../core/presentation/earlier.ts";
import { type FactText, factTexts, riskNote } from "../../../core/presentation/facts.ts";
import { groupDigits } from "../../../core/presentation/numbers.ts";
import { spanText, timeText } from "../../../core/presentation/times.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { riskMark } from "../text.ts";

/** The numbers by which people decide, above the payload. */
export function factsStrip(
  state: IntentState,
  decision: Decision | null,
  seen: SeenBefore | null,
  now: number,
): Markup {
  const { terms, phase, votes, decideBy } = state;
  const measured = decision === null ? leftFacts(terms) : factTexts(decision.facts);
  const facts = [...measured, ...(seen === null ? [] : earlierFacts(seen))];
  const isWaiting = phase === "pending_approval";
  return html`<section>
    <h2 class="hidden">Facts</h2>
    <dl class="facts">
      ${facts.map(factMarkup)}
      <div>
        <dt>Risk</dt>
        <dd>${riskMark(terms.risk.level)}<small>${sanitizeText(riskNote(terms.risk))}</small></dd>
      </div>
      ${
        terms.outcome !== "hold"
          ? null
          : html`<div>
              <dt>Approvals</dt>
              <dd>${votes.length} of ${terms.approval.require}</dd>
            </div>`
      }
      ${isWaiting ? deadline(decideBy, silenceWords(state), now) : null}
    </dl>
  </section>`;
}

function factMarkup({ label, value, note, isUnknown }: FactText): Markup {
  return html`<div class="${isUnknown ? "unknown" : "known"}">
    <dt>${label}</dt>
    <dd>${value}${note === null ? null : html`<small>${sanitizeText(note)}</small>`}</dd>
  </div>`;
}

/** What the intent's terms have of the facts after an erasure. */
function leftFacts({ records, valueCents }: IntentState["terms"]): readonly FactText[] {
  const note = "the rest was erased";
  return [
    {
      label: "Records",
      value: records === null ? "unknown" : groupDigits(records),
      note,
      isUnknown: records === null,
    },
    {
      label: "Value",
      value: valueCents === null ? "unknown" : dollars(valueCents),
      note,
      isUnknown: valueCents === null,
    },
  ];
}

function deadline(at: number | null, silence: string | null, now: number): Markup {
  if (at === null) {
    return html`<div>
      <dt>Decide by</dt>
      <dd>no deadline<small>${silence ?? "it waits until somebody decides"}</small></dd>
    </div>`;
  }
  return html`<div>
    <dt>Decide by</dt>
    <dd>
      <time datetime="${new Date(at).toISOString()}"
        >${at <= now ? "over" : `${spanText(at - now)} left`}<small>${timeText(at)}</small></time
      >
    </dd>
  </div>`;
}

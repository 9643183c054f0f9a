import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import { reasonWords } from "../../../core/presentation/reason-words.ts";
import { caseSentence, type DescribedCase } from "../../../core/presentation/sentence.ts";
import { whyOf } from "../../../core/presentation/why.ts";
import type { storedContent } from "../../api/shared/stored-record.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { nameAndId, partsMarkup, relativeTime, riskMark, stateMark } from "../text.ts";

/** What would happen, in one sentence, and where the case stands. */
export function headline(state: IntentState, described: DescribedCase, nameOf: NameOf, now: number): Markup {
  const { terms, phase } = state;
  return html`<header class="headline">
    <p class="marks">
      ${stateMark(phase)} ${riskMark(terms.risk.level)} ${decidedText(state, nameOf)}
      <span class="dim">proposed ${relativeTime(terms.createdAt, now)}</span>
    </p>
    <h1>${partsMarkup(caseSentence(described))}</h1>
    ${labelOf(terms)}
  </header>`;
}

function decidedText({ phase, decidedBy, endedBy }: IntentState, nameOf: NameOf): Markup | null {
  const who = endedBy ?? decidedBy;
  if (phase === "pending_approval" || who === null) return null;
  return html`<span>Decided by ${nameAndId(nameOf(who), who)}.</span>`;
}

/** The agent's own label stays a quotation: it can say anything. */
function labelOf({ action, destination }: IntentState["terms"]): Markup | null {
  if (action === destination || /^http\.[a-z]+$/.test(action)) return null;
  return html`<p class="dim">The agent calls it “<bdi>${sanitizeText(action)}</bdi>”.</p>`;
}

/** Why it is here, by which rule, and how many others object as well. */
export function whyBanner(
  { terms, phase }: IntentState,
  { decision }: ReturnType<typeof storedContent>,
  isPayloadVisible: boolean,
): Markup {
  const { reasonCode, outcome } = terms;
  const why = whyOf({ reasonCode, outcome, decision, isPayloadVisible });
  const isOver = phase !== "pending_approval" && outcome !== "block";
  const tone = outcome === "block" ? " stop" : outcome === "approve" ? " ok" : "";
  return html`<div class="why${isOver ? " idle" : tone}">
    <p>${partsMarkup(why.parts)}</p>
    <p class="dim">
      ${
        why.rule === null
          ? reasonWords(reasonCode)
          : html`Rule <code>${sanitizeText(why.rule.rule)}</code> of the policy
              <bdi>${sanitizeText(why.rule.policy)}</bdi
              >${why.rule.line === null ? "" : `, line ${why.rule.line}`}`
      }.
      ${why.others === 0 ? null : html`<a href="#details">${why.others} more ${why.others === 1 ? "rule objects" : "rules object"}</a>`}
    </p>
  </div>`;
}

import { html } from "hono/html";
import { scrub } from "../../core/detection/pii/scrub.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { requestLine } from "../../app/notifications/case-summary.ts";
import type { GateContext } from "../middleware/context.ts";
import { allowsUnauthenticatedVote, type FollowedLink } from "../../app/approvals/decide-by-link.ts";
import type { Problem } from "../problem/problem.ts";
import { decisionForms } from "./case/case-forms.ts";
import { optional, row } from "./case/rows.ts";
import { page, type Markup } from "./page.ts";
import { returnPath } from "./problem-page.ts";
import { sanitizeText } from "./sanitize-text.ts";
import { dollars } from "../../core/presentation/amounts.ts";
import { groupDigits } from "../../core/presentation/numbers.ts";
import { phaseWords } from "../../core/presentation/phase-words.ts";
import { reasonWords } from "../../core/presentation/reason-words.ts";
import { distanceText, timeText } from "../../core/presentation/times.ts";
import { describedCase } from "../../core/presentation/described.ts";
import { writeTitle } from "../../core/presentation/sentence.ts";
import { partsMarkup, riskMark, stateMark } from "./text.ts";

/**
 * The case for the holder of a link. A forwarded message can reach any stranger, so the page shows only what the
 * message itself contains: no payload, no person's name, and texts that an agent chose without their personal data.
 *
 * @param problem why the link can no longer decide; null: it still can
 */
export async function linkPage(
  c: GateContext,
  followed: FollowedLink,
  token: string,
  problem: Problem | null,
): Promise<Response> {
  const { state } = followed;
  const record = state.terms.sending === null ? null : await followed.intent.getRecord();
  const request = record === null ? null : requestLine(record);
  const { terms, phase } = state;
  const title = writeTitle(describedCase(state, null, null, terms.agent));
  return page(c, {
    title: phaseWords(phase),
    status: problem?.status ?? 200,
    isNarrow: true,
    body: html`
      <header class="headline">
        <p class="marks">${stateMark(phase)} ${riskMark(terms.risk.level)}</p>
        <h1>${partsMarkup(title.map(({ kind, text }) => ({ kind, text: scrub(text) })))}</h1>
        ${terms.action === terms.destination ? null : html`<p class="dim">The agent calls it “${safe(terms.action)}”.</p>`}
      </header>
      ${problem === null ? null : html`<section class="notice"><p>${problemText(problem)}</p></section>`}
      ${problem?.code === "link_expired" ? null : summary(state, request)}
      ${problem === null && allowsUnauthenticatedVote(followed) ? decisionForms(state, null, token) : null}
      ${signIn(c, problem === null, allowsUnauthenticatedVote(followed), terms.id)}
    `,
  });
}

/** A person who has just decided by link is redirected here, and must read first that the decision is recorded. */
function problemText(problem: Problem): string {
  return problem.code === "link_already_used"
    ? "The decision made with this link is recorded. A link works once."
    : problem.detail;
}

function summary({ terms, votes, decideBy, phase }: IntentState, request: string | null): Markup {
  const now = Date.now();
  return html`<section>
    <h2>The case</h2>
    <dl>
      ${optional("Sends", request)}
      ${row("Records", terms.records === null ? "unknown" : groupDigits(terms.records))}
      ${row("Value", terms.valueCents === null ? "unknown" : dollars(terms.valueCents))}
      ${row("Risk", `${terms.risk.level} (${(terms.risk.score / 100).toFixed(2)})`)}
      ${row("Why it waits", reasonWords(terms.reasonCode))} ${row("Policy", safe(terms.policy))}
      ${row("Approvals", `${votes.length} of ${terms.approval.require}`)}
      ${
        phase === "pending_approval" && decideBy !== null
          ? row("Decide by", `${timeText(decideBy)} (${distanceText(decideBy, now)})`)
          : null
      }
    </dl>
  </section>`;
}

function signIn(c: GateContext, isOpen: boolean, isVoteAllowed: boolean, id: string): Markup {
  const next = encodeURIComponent(isOpen ? returnPath(c) : `/cases/${id}`);
  const label = isOpen && !isVoteAllowed ? "Sign in to see all of it and decide" : "Sign in to see all of it";
  return html`<p><a class="button" href="/sign-in?next=${next}">${label}</a></p>`;
}

function safe(text: string): string {
  return sanitizeText(scrub(text));
}

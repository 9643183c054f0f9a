import { html } from "hono/html";
import { scrub } from "../../core/detection/pii/scrub.ts";
import type { IntentState } from "../../core/intent/state.ts";
import { requestLine } from "../../app/notifications/case-summary.ts";
import type { GateContext } from "../middleware/context.ts";
import { allowsUnauthenticatedVote, type FollowedLink } from "../../app/approvals/decide-by-link.ts";
import type { Problem } from "../problem/problem.ts";
import { deciding } from "./case/case-forms.ts";
import { optional, row } from "./case/case-request.ts";
import { page, type Markup } from "./page.ts";
import { returnPath } from "./problem-page.ts";
import { sanitizeText } from "./sanitize-text.ts";
import { distanceTo, dollars, standingOf, timeOf, toneOf } from "./format.ts";

/**
 * The case for the holder of a link, who may be anybody the message was forwarded to: only what the message said. No
 * payload, no person's name, and texts that an agent chose only with personal data removed.
 *
 * @param over why the link no longer decides; null: it still may
 */
export async function linkPage(
  c: GateContext,
  followed: FollowedLink,
  token: string,
  over: Problem | null,
): Promise<Response> {
  const { state } = followed;
  const dossier = state.terms.sending === null ? null : await followed.intent.getRecord();
  const request = dossier === null ? null : requestLine(dossier);
  const { terms, phase } = state;
  return page(c, {
    title: standingOf(phase),
    status: over?.status ?? 200,
    body: html`
      <section class="notice ${toneOf(phase)}">
        <p>
          <span class="tag ${toneOf(phase)}">${standingOf(phase)}</span>
          <span class="tag ${terms.risk.level}">${terms.risk.level} risk</span>
        </p>
        <h1>${safe(terms.action)}</h1>
        ${
          terms.action === terms.destination
            ? null
            : html`<p>at <strong>${safe(terms.destination)}</strong></p>`
        }
      </section>
      ${over === null ? null : html`<section class="notice"><p>${wordsOf(over)}</p></section>`}
      ${over?.code === "link_expired" ? null : summary(state, request)}
      ${over === null && allowsUnauthenticatedVote(followed) ? deciding(state, null, token) : null}
      ${signIn(c, over === null, allowsUnauthenticatedVote(followed), terms.id)}
    `,
  });
}

/** A person who has just decided is redirected here, and reads first that the decision is recorded. */
function wordsOf(over: Problem): string {
  return over.code === "link_already_used"
    ? "What was decided with this link is recorded. It works once."
    : over.detail;
}

function summary({ terms, votes, decideBy, phase }: IntentState, request: string | null): Markup {
  const now = Date.now();
  return html`<section>
    <h2>The case</h2>
    <dl>
      ${optional("Sends", request)}
      ${row("Records", terms.records === null ? "unknown" : terms.records.toLocaleString("en-US"))}
      ${row("Value", terms.valueCents === null ? "unknown" : dollars(terms.valueCents))}
      ${row("Risk", `${terms.risk.level} (${(terms.risk.score / 100).toFixed(2)})`)}
      ${row("Why it waits", safe(terms.reasonCode.replaceAll("_", " ")))} ${row("Policy", safe(terms.policy))}
      ${row("Approvals", `${votes.length} of ${terms.approval.require}`)}
      ${
        phase === "pending_approval" && decideBy !== null
          ? row("Decide by", `${timeOf(decideBy)} (${distanceTo(decideBy, now)})`)
          : null
      }
    </dl>
  </section>`;
}

function signIn(c: GateContext, isOpen: boolean, isAlone: boolean, id: string): Markup {
  const next = encodeURIComponent(isOpen ? returnPath(c) : `/cases/${id}`);
  const words = isOpen && !isAlone ? "Sign in to see all of it and decide" : "Sign in to see all of it";
  return html`<p><a class="button" href="/sign-in?next=${next}">${words}</a></p>`;
}

function safe(text: string): string {
  return sanitizeText(scrub(text));
}

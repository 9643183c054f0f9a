import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import type { Voter } from "../../../core/identity/voter.ts";

/** Each form carries the digest of the case shown above it, so that the vote is bound to it (TOCTOU). */
function hidden(digest: string, link: string | null): Markup {
  return html`<input type="hidden" name="digest" value="${digest}" />
    ${link === null ? null : html`<input type="hidden" name="link" value="${link}" />`}`;
}

function approveForm(id: string, digest: string, link: string | null): Markup {
  return html`<form method="post" action="/cases/${id}/approve">
    ${hidden(digest, link)}
    <div>
      <label for="comment">Comment <span class="dim">(may stay empty)</span></label>
      <textarea class="prose" id="comment" name="comment" maxlength="4096"></textarea>
    </div>
    <button class="yes">Approve</button>
  </form>`;
}

function rejectForm(id: string, digest: string, link: string | null, label: string): Markup {
  return html`<form method="post" action="/cases/${id}/reject">
    ${hidden(digest, link)}
    <div>
      <label for="reason">Reason <span class="dim">(the agent's people read it)</span></label>
      <textarea class="prose" id="reason" name="reason" maxlength="4096" required></textarea>
    </div>
    <button class="no">${label}</button>
  </form>`;
}

/** HTML parsers drop a line end right after the tag: this one, so that the payload's own survives. */
const DROPPED_LINE_END = "\n";

/** How an edited payload changes the HTTP request that Gate sends. */
const EDIT_EFFECT = {
  sent: "Only the body changes: method, URL and headers stay as they are.",
  made: "Gate then builds a new request from your text.",
} as const;

/**
 * @param text the current payload
 * @param request `sent`: the agent wrote the request; `made`: Gate built it from the payload; null: Gate sends none
 */
export function editForm(
  { terms: { id, digest } }: IntentState,
  link: string | null,
  text: string,
  request: keyof typeof EDIT_EFFECT | null,
): Markup {
  return html`<section>
    <details>
      <summary>Change what would be written</summary>
      <form method="post" action="/cases/${id}/edit">
        ${hidden(digest, link)}
        <p>This case then ends. A new case with you as its proposer replaces it and is evaluated anew.</p>
        ${request === null ? null : html`<p>${EDIT_EFFECT[request]}</p>`}
        <p>
          <label for="payload">New payload</label>
          <textarea id="payload" name="payload" required>${DROPPED_LINE_END}${text}</textarea>
        </p>
        <p>
          <label for="why">Reason</label>
          <textarea class="prose" id="why" name="reason" maxlength="4096" required></textarea>
        </p>
        <button>Replace the payload</button>
      </form>
    </details>
  </section>`;
}

/** The forms that an eligible person can submit in the intent's current state. */
export function decisionForms(
  { terms: { id, digest, outcome }, phase, votes, rejections }: IntentState,
  voter: Voter | null,
  link: string | null,
): Markup {
  const isMine = ({ person, acting }: { readonly person: string; readonly acting: string }) =>
    voter !== null && [person, acting].includes(voter.person);
  if (rejections.some(isMine)) {
    return html`<section class="notice"><p>You already rejected this intent.</p></section>`;
  }
  if (phase !== "pending_approval") {
    return html`<section>
      <h2>Take the approval back</h2>
      <div class="choices">${rejectForm(id, digest, link, "Revoke")}</div>
    </section>`;
  }
  const hasApproved = votes.some(isMine);
  return html`<section>
    <h2>Your decision</h2>
    ${hasApproved ? html`<p>You approved this. You can still reject it.</p>` : null}
    <div class="choices">
      ${hasApproved || outcome === "block" ? null : approveForm(id, digest, link)}
      ${rejectForm(id, digest, link, "Reject")}
    </div>
    ${voter === null ? null : html`<p class="dim">You decide as ${sanitizeText(voter.person)}.</p>`}
  </section>`;
}

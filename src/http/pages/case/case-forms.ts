import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import { NOTE_READERS } from "../note-readers.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";

/** Each form carries the digest of the case shown above it, so that the vote is bound to it (TOCTOU). */
export function hiddenFields(digest: string, link: string | null): Markup {
  return html`<input type="hidden" name="digest" value="${digest}" />
    ${link === null ? null : html`<input type="hidden" name="link" value="${link}" />`}`;
}

function approveForm(id: string, digest: string, link: string | null): Markup {
  return html`<form method="post" action="/cases/${id}/approve">
    ${hiddenFields(digest, link)}
    <div>
      <label for="comment">Comment <span class="dim">may stay empty ${NOTE_READERS}</span></label>
      <textarea id="comment" name="comment" maxlength="4096"></textarea>
    </div>
    <button class="primary">Approve</button>
  </form>`;
}

function rejectForm(id: string, digest: string, link: string | null, label: string): Markup {
  return html`<form method="post" action="/cases/${id}/reject">
    ${hiddenFields(digest, link)}
    <div>
      <label for="reason">Reason <span class="dim">${NOTE_READERS}</span></label>
      <textarea id="reason" name="reason" maxlength="4096" required></textarea>
    </div>
    <button class="no">${label}</button>
  </form>`;
}

/** Has this person given an answer of this kind, in person or through another one? */
function isFrom(voter: Voter | null) {
  return ({ person, acting }: { readonly person: string; readonly acting: string }) =>
    voter !== null && [person, acting].includes(voter.person);
}

export function hasAnswered({ votes, rejections }: IntentState, voter: Voter): boolean {
  return [...votes, ...rejections].some(isFrom(voter));
}

/** The forms that an eligible person can submit in the intent's current state. */
export function decisionForms(
  { terms: { id, digest, outcome }, phase, votes, rejections }: IntentState,
  voter: Voter | null,
  link: string | null,
): Markup {
  if (rejections.some(isFrom(voter))) {
    return html`<section class="notice idle"><p>You already rejected this intent.</p></section>`;
  }
  if (phase !== "pending_approval") {
    return html`<section>
      <details>
        <summary>Take the approval back</summary>
        <div class="choices">${rejectForm(id, digest, link, "Revoke")}</div>
      </details>
    </section>`;
  }
  const hasApproved = hasApprovedInPerson(votes, voter);
  return html`<section>
    <h2>Your decision</h2>
    ${hasApproved ? html`<p>You approved this. You can still reject it.</p>` : delegatedNote(votes, voter)}
    <div class="choices">
      ${hasApproved || outcome === "block" ? null : approveForm(id, digest, link)}
      ${rejectForm(id, digest, link, "Reject")}
    </div>
    ${voter === null ? null : html`<p class="dim">You decide as ${sanitizeText(voter.person)}.</p>`}
  </section>`;
}

function hasApprovedInPerson(votes: IntentState["votes"], voter: Voter | null): boolean {
  return votes.some((vote) => vote.person === vote.acting && isFrom(voter)(vote));
}

/** A vote under a delegation that this person is part of; their own takes its place. */
function delegatedNote(votes: IntentState["votes"], voter: Voter | null): Markup | null {
  const vote = votes.find(isFrom(voter));
  if (vote === undefined || voter === null) return null;
  return vote.person === voter.person
    ? html`<p>${sanitizeText(vote.acting)} approved this for you. Your own approval takes its place.</p>`
    : html`<p>
        You approved this for ${sanitizeText(vote.person)}. Your own approval takes its place;
        ${sanitizeText(vote.person)} can then approve in person too.
      </p>`;
}

/** On a phone: the way to the forms, always in reach. */
export function jumpBar({ votes, terms }: IntentState, voter: Voter): Markup {
  const canApprove = terms.outcome !== "block" && !hasApprovedInPerson(votes, voter);
  return html`<nav class="jump" aria-label="Decision">
    ${canApprove ? html`<a class="button primary" href="#comment">Approve…</a>` : null}
    <a class="button no" href="#reason">Reject…</a>
  </nav>`;
}

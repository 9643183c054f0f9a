import { html } from "hono/html";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import type { Voter } from "../../../core/identity/voter.ts";

/** Each form names the digest of what is shown above it: nothing else can be decided by it. */
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

function rejectForm(id: string, digest: string, link: string | null, words: string): Markup {
  return html`<form method="post" action="/cases/${id}/reject">
    ${hidden(digest, link)}
    <div>
      <label for="reason">Reason <span class="dim">(the agent's people read it)</span></label>
      <textarea class="prose" id="reason" name="reason" maxlength="4096" required></textarea>
    </div>
    <button class="no">${words}</button>
  </form>`;
}

/** A field drops a line end right after its tag: without this one, the payload's own would be. */
const DROPPED = "\n";

/** What stays as it is of a request that Gate sends, when its payload is changed. */
const STAYING = {
  sent: "Only the body changes: method, URL and headers stay as they are.",
  made: "Gate then makes the request anew of what you write.",
} as const;

/**
 * @param text what is in the payload now
 * @param request null: Gate sends none; `made`: it made the request of the payload itself
 */
export function editForm(
  { terms: { id, digest } }: IntentState,
  link: string | null,
  text: string,
  request: keyof typeof STAYING | null,
): Markup {
  return html`<section>
    <details>
      <summary>Change what would be written</summary>
      <form method="post" action="/cases/${id}/edit">
        ${hidden(digest, link)}
        <p>This case then ends, and another one is decided anew, with you as the one who proposed it.</p>
        ${request === null ? null : html`<p>${STAYING[request]}</p>`}
        <p>
          <label for="payload">New payload</label>
          <textarea id="payload" name="payload" required>${DROPPED}${text}</textarea>
        </p>
        <p>
          <label for="why">Reason</label>
          <textarea class="prose" id="why" name="reason" maxlength="4096" required></textarea>
        </p>
        <button>Put this in its place</button>
      </form>
    </details>
  </section>`;
}

/** What somebody who may decide can say about it now. */
export function deciding(
  { terms: { id, digest }, phase, votes, rejections }: IntentState,
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
    ${hasApproved ? html`<p>You approved this. You can still say no.</p>` : null}
    <div class="choices">
      ${hasApproved ? null : approveForm(id, digest, link)} ${rejectForm(id, digest, link, "Reject")}
    </div>
    ${voter === null ? null : html`<p class="dim">You decide as ${sanitizeText(voter.person)}.</p>`}
  </section>`;
}

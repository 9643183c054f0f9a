import { html } from "hono/html";
import type { Voter } from "../../core/intent/command.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Markup } from "./page.ts";
import { visible } from "./visible.ts";

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

/** What somebody who may decide can say about it now. */
export function deciding(
  { terms: { id, digest }, phase, votes, rejections }: IntentState,
  voter: Voter | null,
  link: string | null,
): Markup {
  const isMine = ({ person, acting }: { readonly person: string; readonly acting: string }) =>
    voter !== null && [person, acting].includes(voter.person);
  if (rejections.some(isMine)) {
    return html`<section class="notice"><p>You said no to this; it counts as long as it waits.</p></section>`;
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
    ${voter === null ? null : html`<p class="dim">You decide as ${visible(voter.person)}.</p>`}
  </section>`;
}

import { html } from "hono/html";
import { NOTE_READERS } from "../note-readers.ts";
import type { Markup } from "../page.ts";

/** `?pick=all` checks every line: without a script nothing else can. */
export const PICK_ALL = "all";

/** Decides several alike cases with one form; each vote names the digest that its line showed. */
export function batchForm(group: string, list: Markup, count: number): Markup {
  const query = `group=${encodeURIComponent(group)}`;
  return html`<form class="batch" method="post" action="/cases/batch">
    <div class="buttons">
      <a class="button quiet" href="/cases?${query}&pick=${PICK_ALL}">Check all ${count}</a>
      <a class="button quiet" href="/cases?${query}">Check none</a>
    </div>
    ${list}
    <section>
      <h2>Decide what is checked</h2>
      <label for="reason"
        >Comment, or the reason of a rejection <span class="dim">${NOTE_READERS}</span></label
      >
      <textarea id="reason" name="reason" maxlength="4096"></textarea>
      <div class="buttons">
        <button class="primary" name="decision" value="approve">Approve what is checked</button>
        <button class="no" name="decision" value="reject">Reject what is checked</button>
      </div>
      <p class="small dim">Each vote is counted by itself: the next page says what became of every one.</p>
    </section>
  </form>`;
}

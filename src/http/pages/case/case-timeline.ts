import { html } from "hono/html";
import { eventWords } from "../../../core/presentation/event-words.ts";
import { counted } from "../../../core/presentation/numbers.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { exactTime } from "../text.ts";

/** The first and the last entries; an agent that asks a hundred times must not bury the decision. */
const MAX_AT_EACH_END = 40;

/** The intent's ledger entries, with the comments and reasons that are stored beside them. */
export function timelineSection({ entries, notes }: IntentRecord, nameOf: NameOf, now: number): Markup {
  const left = entries.length - 2 * MAX_AT_EACH_END;
  const line = (entry: IntentRecord["entries"][number]) => {
    const texts = notes.filter(({ kind, seq }) => kind === "note" && seq === entry.seq);
    return html`<li>
      ${exactTime(entry.at, now)}
      <span>
        ${eventWords(entry.event)}
        <span class="dim">by <bdi>${sanitizeText(nameOf(actorOf(entry)))}</bdi></span>
        ${texts.map(({ text }) => html`<blockquote>${visibleLines(text)}</blockquote>`)}
      </span>
    </li>`;
  };
  const [first, last] =
    left > 0 ? [entries.slice(0, MAX_AT_EACH_END), entries.slice(-MAX_AT_EACH_END)] : [entries, []];
  return html`<section>
    <h2>What happened</h2>
    <ol class="steps">
      ${first.map(line)}
      ${left > 0 ? html`<li><span></span><span class="dim">${counted(left, "entry", "entries")} more: the evidence has them all</span></li>` : null}
      ${last.map(line)}
    </ol>
  </section>`;
}

/** The person that an entry names; where it names none, its actor. */
export function actorOf({ actor, body }: IntentRecord["entries"][number]): string {
  const { person, by } = JSON.parse(body) as { readonly person?: unknown; readonly by?: unknown };
  const named = person ?? by;
  return typeof named === "string" ? named : actor;
}

import { html } from "hono/html";
import { phaseWords } from "../../../core/presentation/phase-words.ts";
import type { GateContext } from "../../middleware/context.ts";
import { namesOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { DECIDED_PHASES } from "../../../core/intent/phase.ts";
import { ANY_INTENT } from "../../../ports/intent-index.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { relativeTime } from "../text.ts";

/** What would be here, and what was decided last. */
export async function emptyInbox(c: GateContext, isFiltered: boolean): Promise<Markup> {
  if (isFiltered) {
    return html`<section class="empty">
      <p>Nothing of this kind waits.</p>
      <p><a href="/cases">Show all that waits</a></p>
    </section>`;
  }
  const [last] = await c.env.index.list({ ...ANY_INTENT, phases: DECIDED_PHASES, limit: 1 });
  if (last === undefined) {
    return html`<section class="empty">
      <p>Nothing waits for a decision.</p>
      <p>A write that a policy holds appears here as soon as an agent proposes it.</p>
    </section>`;
  }
  const nameOf = await namesOf(c, [last.agent_id]);
  return html`<section class="empty">
    <p>Nothing waits for a decision.</p>
    <p>
      The last case was ${relativeTime(last.updated_at, Date.now())}:
      <a href="/cases/${last.id}"
        >${sanitizeText(last.destination)} by ${sanitizeText(nameOf(last.agent_id))}</a
      >, ${phaseWords(last.phase).toLowerCase()}.
    </p>
  </section>`;
}

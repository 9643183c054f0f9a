import { html } from "hono/html";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import { describedRow } from "../../../core/presentation/described.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import type { GateContext } from "../../middleware/context.ts";
import type { Markup } from "../page.ts";
import { ANY_INTENT } from "../../../ports/intent-index.ts";
import { exactTime, partsMarkup, stateMark } from "../text.ts";

const SHOWN = 5;

/** The agent's last intents before this one. */
export async function beforeRows(
  c: GateContext,
  agent: string,
  id: string,
  createdAt: number,
): Promise<readonly IntentRow[]> {
  const rows = await c.env.index.list({ ...ANY_INTENT, agent, until: createdAt + 1, limit: SHOWN + 1 });
  return rows.filter((row) => row.id !== id).slice(0, SHOWN);
}

export function beforeSection(
  rows: readonly IntentRow[],
  agent: { readonly id: string; readonly name: string },
  now: number,
): Markup {
  return html`<section>
    <h2>What this agent did before</h2>
    ${
      rows.length === 0
        ? html`<p>This is the first write that this agent proposed.</p>`
        : html`<ul class="steps">
              ${rows.map(
                (row) =>
                  html`<li>
                    ${exactTime(row.created_at, now)}
                    <span
                      ><a href="/cases/${row.id}"
                        >${partsMarkup(writeTitle(describedRow(row, agent.name)))}</a
                      >
                      ${stateMark(row.phase)}</span
                    >
                  </li>`,
              )}
            </ul>
            <p class="small">
              <a href="/cases/decided?agent=${agent.id}">All of this agent's decided cases</a>
            </p>`
    }
  </section>`;
}

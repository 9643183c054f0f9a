import { html } from "hono/html";
import type { Principal } from "../../../core/identity/principal.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { timeOf } from "../format.ts";
import type { IntentRecord } from "../../../ports/intents.ts";

/**
 * The intent's ledger entries, with the comments and reasons that are stored beside them. A worker's result can quote
 * the payload, so only its readers see it.
 */
export function historySection(
  { entries, notes }: IntentRecord,
  agent: Principal | null,
  isPayloadVisible: boolean,
): Markup {
  const shown = notes.filter(({ kind }) => kind === "note" || (kind === "result" && isPayloadVisible));
  return html`<section>
    <h2>What happened</h2>
    <div class="scroll">
      <table>
        <thead>
          <tr>
            <th>When</th>
            <th>What</th>
            <th>By</th>
            <th>Comment</th>
          </tr>
        </thead>
        <tbody>
          ${entries.map(
            ({ seq, event, actor, at, body }) =>
              html`<tr>
                <td>${timeOf(at)}</td>
                <td>${event.replaceAll("_", " ")}</td>
                <td>${sanitizeText(personIn(body) ?? (actor === agent?.id ? agent.name : actor))}</td>
                <td>
                  ${shown
                    .filter((note) => note.seq === seq)
                    .map(({ kind, text }) =>
                      kind === "note" ? visibleLines(text) : html`Result: <code>${visibleLines(text)}</code>`,
                    )}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

/** The person that the entry names; null: it names none, and its actor is a principal. */
function personIn(body: string): string | null {
  const { person, by } = JSON.parse(body) as { readonly person?: unknown; readonly by?: unknown };
  const named = person ?? by;
  return typeof named === "string" ? named : null;
}

import { html } from "hono/html";
import type { IntentRow } from "../../core/intent/read-model.ts";
import type { DeliveryRecord } from "../../ports/notifications.ts";
import { requirementsOf } from "../../app/approvals/voter-queue.ts";
import type { GateContext } from "../middleware/context.ts";
import { cursorText } from "../../core/intent/list-cursor.ts";
import { listFilter } from "../api/shared/list-query.ts";
import { deadlineOf } from "../api/approvals/queue-view.ts";
import { page, type Markup } from "./page.ts";
import { undeliveredOf } from "./case/undelivered.ts";
import { sanitizeText } from "./sanitize-text.ts";
import { distanceTo, dollars, timeOf } from "./format.ts";

/** Pending intents, newest first. */
export async function queuePage(c: GateContext): Promise<Response> {
  const ports = c.env;
  const filter = await listFilter(c);
  const { rows: shown, next: rest } = await ports.index.page({ ...filter, phases: ["pending_approval"] });
  const ids = shown.map(({ id }) => id);
  const [names, undelivered] = await Promise.all([
    namesOf(c, shown),
    ids.length === 0 ? [] : undeliveredOf(c, ids),
  ]);
  const now = Date.now();
  return page(c, {
    title: "Waiting for a decision",
    body: html`
      <h1>Waiting for a decision</h1>
      ${filter.group === null ? null : html`<p>Only cases of one group. <a href="/cases">Show all</a></p>`}
      <section>
        ${shown.length === 0 ? html`<p>Nothing waits.</p>` : table(shown, names, undelivered ?? [], now)}
        ${rest === null ? null : next(c, cursorText(rest))}
      </section>
    `,
  });
}

async function namesOf(c: GateContext, rows: readonly IntentRow[]): Promise<ReadonlyMap<string, string>> {
  const ports = c.env;
  const ids = [...new Set(rows.map(({ agent_id: id }) => id))];
  const agents = await Promise.all(ids.map((id) => ports.principals.get(id)));
  return new Map(agents.flatMap((agent) => (agent === null ? [] : [[agent.id, agent.name] as const])));
}

function table(
  rows: readonly IntentRow[],
  names: ReadonlyMap<string, string>,
  undelivered: readonly DeliveryRecord[],
  now: number,
): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Case</th>
          <th>Agent</th>
          <th>Risk</th>
          <th>Records</th>
          <th>Value</th>
          <th>Approvals</th>
          <th>Decide by</th>
          <th></th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              <td>
                <a href="/cases/${row.id}">${sanitizeText(row.action)}</a>
                ${row.action === row.destination ? null : html`<br /><span class="dim">${sanitizeText(row.destination)}</span>`}
                ${notDelivered(undelivered.filter(({ intent }) => intent === row.id))}
              </td>
              <td>${sanitizeText(names.get(row.agent_id) ?? row.agent_id)}</td>
              <td><span class="tag ${row.risk_level}">${row.risk_level}</span></td>
              <td>${row.records === null ? "unknown" : row.records.toLocaleString("en-US")}</td>
              <td>${row.value_cents === null ? "unknown" : dollars(row.value_cents)}</td>
              <td>${approvalsOf(row)}</td>
              <td>${deadline(deadlineOf(row), now)}</td>
              <td>
                ${
                  row.group_key === null
                    ? null
                    : html`<a href="/cases?group=${encodeURIComponent(row.group_key)}">alike</a>`
                }
              </td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function deadline(at: number | null, now: number): Markup | string {
  if (at === null) return "no deadline";
  if (at <= now) return "over";
  return html`${distanceTo(at, now)}<br /><span class="dim">${timeOf(at)}</span>`;
}

/** Each delivery target once, with its last problem. */
function notDelivered(undelivered: readonly DeliveryRecord[]): Markup | null {
  const problems = new Map(
    undelivered.map(({ target, lastProblem }) => [target, lastProblem ?? "it failed"]),
  );
  if (problems.size === 0) return null;
  return html`<ul class="undelivered">
    ${[...problems].map(([target, why]) => html`<li>not delivered to ${sanitizeText(target)}: ${sanitizeText(why)}</li>`)}
  </ul>`;
}

function approvalsOf(row: IntentRow): string {
  const requirements = requirementsOf(row);
  return requirements === null ? "" : `${requirements.votes} of ${requirements.require}`;
}

function next(c: GateContext, cursor: string): Markup {
  const query = new URL(c.req.url).searchParams;
  query.set("after", cursor);
  return html`<p class="pages"><a href="/cases?${query.toString()}">Older ones</a></p>`;
}

import { html } from "hono/html";
import { DECIDED_PHASES } from "../../../core/intent/phase.ts";
import { idsInRows } from "../../../core/intent/named-ids.ts";
import { cursorText } from "../../../core/intent/list-cursor.ts";
import { dollars } from "../../../core/presentation/amounts.ts";
import { factTexts } from "../../../core/presentation/facts.ts";
import { groupDigits } from "../../../core/presentation/numbers.ts";
import { phaseWords } from "../../../core/presentation/phase-words.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import type { IntentFilter } from "../../../ports/intent-index.ts";
import { listFilter } from "../../api/shared/list-query.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import type { GateContext } from "../../middleware/context.ts";
import { type CaseRow, caseRows } from "../inbox/case-rows.ts";
import { namesOf, type NameOf } from "../names.ts";
import { page, type Markup } from "../page.ts";
import { pathWith } from "../path-with.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { columnTime, partsMarkup, stateMark } from "../text.ts";

/** Each line costs the read of an object. */
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 50;

/** What was decided, the newest first: where auditors look things up. */
export async function decidedPage(c: GateContext): Promise<Response> {
  const ports = c.env;
  const filter = await decidedFilter(c);
  const { rows, next } = await ports.index.page(filter);
  const nameOf = await namesOf(c, [...idsInRows(rows), filter.agent, filter.person]);
  const cases = await caseRows(c, rows, nameOf);
  const now = Date.now();
  return page(c, {
    title: "Decided",
    current: "decided",
    body: html`
      <div class="title">
        <h1>Decided</h1>
        <span class="dim">What was decided, carried out or ended, newest first</span>
      </div>
      ${searchForm(c)} ${chips(c, filter, nameOf)}
      ${
        cases.length === 0
          ? html`<section class="empty">
              <p>Nothing decided matches.</p>
              <p><a href="/cases/decided">Show all that was decided</a></p>
            </section>`
          : table(cases, nameOf, now)
      }
      <p class="pages">
        <a
          class="button quiet"
          href="${pathWith(c, "/cases/decided.csv", { after: null, limit: null })}"
          download
          >Export as CSV</a
        >
        ${next === null ? null : html`<a class="button" href="${pathWith(c, "/cases/decided", { after: cursorText(next) })}">Older ones</a>`}
      </p>
    `,
  });
}

/** The filter of a request for what was decided, which never shows what waits. */
export async function decidedFilter(c: GateContext): Promise<IntentFilter> {
  const filter = await listFilter(c);
  const limit = c.req.query("limit") === undefined ? DEFAULT_LIMIT : Math.min(filter.limit, MAX_LIMIT);
  const phases = (filter.phases ?? DECIDED_PHASES).filter((phase) => phase !== "pending_approval");
  return { ...filter, phases, limit };
}

/** What an auditor chooses from; the others are told apart on the page. */
const OUTCOMES = [
  "succeeded",
  "approved",
  "rejected",
  "blocked",
  "expired",
  "failed",
  "indeterminate",
] as const;

function searchForm(c: GateContext): Markup {
  const chosen = c.req.query("status") ?? "";
  const linked = ["agent", "destination", "policy", "person"].flatMap((key) => {
    const value = c.req.query(key) ?? "";
    return value === "" ? [] : [html`<input type="hidden" name="${key}" value="${value}" />`];
  });
  return html`<form class="search" method="get" action="/cases/decided" role="search">
    ${linked}
    <div>
      <label for="q">Id, agent, destination, policy or person</label>
      <input id="q" name="q" type="search" maxlength="128" value="${c.req.query("q") ?? ""}" />
    </div>
    <div>
      <label for="day">Day (UTC) of any change</label>
      <input id="day" name="day" type="date" value="${c.req.query("day") ?? ""}" />
    </div>
    <div>
      <label for="status">Outcome</label>
      <select id="status" name="status">
        <option value="">any</option>
        ${OUTCOMES.map(
          (phase) =>
            html`<option value="${phase}" ${phase === chosen ? " selected" : ""}>
              ${phaseWords(phase)}
            </option>`,
        )}
      </select>
    </div>
    <button class="primary">Search</button>
  </form>`;
}

/** The filters that a link on a page sets. */
function chips(
  c: GateContext,
  { agent, destinations, policy, person }: IntentFilter,
  nameOf: NameOf,
): Markup | null {
  const filters = [
    ["agent", "Agent", agent === null ? null : nameOf(agent)],
    ["destination", "Destination", destinations?.join(", ") ?? null],
    ["policy", "Policy", policy],
    ["person", "Person", person === null ? null : nameOf(person)],
  ] as const;
  const set = filters.filter(([, , value]) => value !== null);
  if (set.length === 0) return null;
  return html`<ul class="chips" aria-label="Filters">
    ${set.map(
      ([key, label, value]) =>
        html`<li>
          <a
            class="chip"
            aria-current="true"
            href="${pathWith(c, "/cases/decided", { [key]: null, after: null })}"
            >${label}: <bdi>${sanitizeText(value ?? "")}</bdi> ✕</a
          >
        </li>`,
    )}
  </ul>`;
}

function table(cases: readonly CaseRow[], nameOf: NameOf, now: number): Markup {
  return html`<section class="flush">
    <table class="ledger">
      <thead>
        <tr>
          <th scope="col">Last change (UTC)</th>
          <th scope="col">Case</th>
          <th scope="col">Agent</th>
          <th scope="col">Outcome</th>
          <th scope="col">Decided by</th>
          <th scope="col" class="num">Records</th>
          <th scope="col" class="num">Value</th>
          <th scope="col">Policy</th>
          <th scope="col">Evidence</th>
        </tr>
      </thead>
      <tbody>
        ${cases.map((each) => line(each, nameOf, now))}
      </tbody>
    </table>
  </section>`;
}

function line({ row, described, record }: CaseRow, nameOf: NameOf, now: number): Markup {
  const policies =
    record?.state.terms.policies.map(({ id }) => id) ?? (JSON.parse(row.policies) as readonly string[]);
  return html`<tr>
    <td>${columnTime(row.updated_at, now)}</td>
    <td><a class="what" href="/cases/${row.id}">${partsMarkup(writeTitle(described))}</a></td>
    <td><bdi>${sanitizeText(described.agent)}</bdi></td>
    <td>${stateMark(row.phase)}</td>
    <td data-label="by">
      <bdi>${row.decided_by === null ? "nobody" : sanitizeText(nameOf(row.decided_by))}</bdi>
    </td>
    <td class="num" data-label="records">${recordsOf(row, record)}</td>
    <td class="num" data-label="value">${valueOf(row, record)}</td>
    <td data-label="under"><bdi>${sanitizeText(policies.join(", "))}</bdi></td>
    <td data-label="evidence"><a href="/v1/intents/${row.id}/evidence" download>Download</a></td>
  </tr>`;
}

/** As the case's page has it: in its own currency, and told apart whether it is unknown or was not looked for. */
function valueOf({ value_cents: cents }: CaseRow["row"], record: CaseRow["record"]): string {
  const fact = factOf(record, "Value");
  return fact ?? (cents === null ? "unknown" : dollars(cents));
}

function recordsOf({ records }: CaseRow["row"], record: CaseRow["record"]): string {
  return factOf(record, "Records") ?? (records === null ? "unknown" : groupDigits(records));
}

function factOf(record: CaseRow["record"], label: string): string | null {
  const decision = record === null ? null : storedContent(record).decision;
  if (decision === null) return null;
  return factTexts(decision.facts).find((fact) => fact.label === label)?.value ?? null;
}

import { html } from "hono/html";
import { cursorText } from "../../../core/intent/list-cursor.ts";
import type { IntentRow } from "../../../core/intent/read-model.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import { counted } from "../../../core/presentation/numbers.ts";
import { mapConcurrently } from "../../../app/approvals/vote-on-several.ts";
import { voterQueue } from "../../../app/approvals/voter-queue.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import type { IntentFilter } from "../../../ports/intent-index.ts";
import { listFilter } from "../../api/shared/list-query.ts";
import { queryFlag } from "../../api/shared/query-flag.ts";
import type { GateContext } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { undeliveredOf } from "../case/undelivered.ts";
import { namesOf } from "../names.ts";
import { page, type Markup } from "../page.ts";
import { pathWith } from "../path-with.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { batchForm, PICK_ALL } from "./batch-form.ts";
import { type CaseRow, caseRows, payloadSample } from "./case-rows.ts";
import { emptyInbox } from "./empty-inbox.ts";
import { inboxRow } from "./inbox-row.ts";

/** Each line costs the read of an object. */
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 50;

const MOST_COUNTED = 100;

/** From so many on, alike cases take one line of the page together. */
const FOLDED_FROM = 3;

/** The cases that wait: what is due first, or what is new. */
export async function inboxPage(c: GateContext, caller: Caller): Promise<Response> {
  const ports = c.env;
  const filter = await inboxFilter(c);
  const voted = await voterFor(caller, ports);
  const voter = voted.ok ? voted.value : null;
  const isMine = voter !== null && queryFlag(c, "mine");
  const { rows, next } = isMine ? await voterQueue(voter, filter, ports) : await ports.index.page(filter);
  const shown = filter.group === null ? folded(rows) : rows;
  const groups = [...new Set(shown.flatMap(({ group_key: key }) => key ?? []))];
  const [nameOf, undelivered, count] = await Promise.all([
    namesOf(
      c,
      shown.map(({ agent_id: id }) => id),
    ),
    shown.length === 0
      ? []
      : undeliveredOf(
          c,
          shown.map(({ id }) => id),
        ),
    ports.index.countPending(groups, MOST_COUNTED),
  ]);
  const cases = await caseRows(c, shown, nameOf);
  const isBatch = filter.group !== null && voter !== null;
  const now = Date.now();
  const isChecked = c.req.query("pick") === PICK_ALL;
  const samples = isBatch ? await mapConcurrently(cases, (each) => payloadSample(c, each)) : [];
  const lines = cases.map((each, at) =>
    inboxRow(each, {
      now,
      voter,
      undelivered: (undelivered ?? []).filter(({ intent }) => intent === each.row.id),
      alike: count.byGroup.get(each.row.group_key ?? "") ?? 1,
      mostAlike: MOST_COUNTED,
      pick: isBatch ? { isChecked, sample: samples[at] ?? null } : null,
    }),
  );
  const list = html`<ol class="rows">
    ${lines}
  </ol>`;
  return page(c, {
    title: "Waiting for a decision",
    current: "inbox",
    body: html`
      <div class="title">
        <h1>Waiting for a decision</h1>
        <span class="dim">${totalText(count.total)}</span>
      </div>
      ${chips(c, filter, voter, isMine, cases)}
      ${
        lines.length === 0
          ? await emptyInbox(c, isFiltered(filter) || isMine)
          : isBatch && filter.group !== null
            ? batchForm(filter.group, list, cases.length)
            : list
      }
      ${next === null ? null : nextPage(c, cursorText(next))}
    `,
  });
}

async function inboxFilter(c: GateContext): Promise<IntentFilter> {
  const filter = await listFilter(c);
  const order = c.req.query("order") ?? "soonest";
  if (order !== "soonest" && order !== "newest") {
    return refuse({ status: 400, code: "invalid_request", detail: "order: soonest or newest" });
  }
  const limit = c.req.query("limit") === undefined ? DEFAULT_LIMIT : Math.min(filter.limit, MAX_LIMIT);
  return { ...filter, phases: ["pending_approval"], order, limit };
}

/** A group with several lines on one page takes only its first: forty alike must not hide the one that differs. */
function folded(rows: readonly IntentRow[]): readonly IntentRow[] {
  const sizes = new Map<string, number>();
  for (const { group_key: key } of rows) if (key !== null) sizes.set(key, (sizes.get(key) ?? 0) + 1);
  const seen = new Set<string>();
  return rows.filter(({ group_key: key }) => {
    if (key === null || (sizes.get(key) ?? 0) < FOLDED_FROM) return true;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}

function totalText(total: number): string {
  return total >= MOST_COUNTED ? `${MOST_COUNTED} or more` : counted(total, "case");
}

function isFiltered(filter: IntentFilter): boolean {
  const { agent, destinations, policy, person, day, search, group, since, until } = filter;
  return [agent, destinations, policy, person, day, search, group, since, until].some(
    (each) => each !== null,
  );
}

/** What the list is ordered and filtered by, and what else there is. */
function chips(
  c: GateContext,
  filter: IntentFilter,
  voter: Voter | null,
  isMine: boolean,
  cases: readonly CaseRow[],
): Markup {
  const chip = (label: string, changes: Readonly<Record<string, string | null>>, isCurrent: boolean) => {
    const current = isCurrent ? html` aria-current="true"` : null;
    return html`<li>
      <a class="chip" href="${pathWith(c, "/cases", { after: null, ...changes })}" ${current}>${label}</a>
    </li>`;
  };
  const isSoonest = filter.order === "soonest";
  const agent = cases[0]?.described.agent;
  return html`<ul class="chips" aria-label="Order and filters">
    ${chip("Soonest first", { order: null }, isSoonest)}
    ${chip("Newest first", { order: "newest" }, !isSoonest)}
    ${voter === null ? null : chip("You may decide", { mine: isMine ? null : "true" }, isMine)}
    ${filter.group === null ? null : chip("Alike ✕", { group: null, pick: null }, true)}
    ${filter.agent === null ? null : chip(`Agent: ${sanitizeText(agent ?? filter.agent)} ✕`, { agent: null }, true)}
    ${filter.policy === null ? null : chip(`Policy: ${sanitizeText(filter.policy)} ✕`, { policy: null }, true)}
    ${
      filter.destinations === null
        ? null
        : chip(`Destination: ${sanitizeText(filter.destinations.join(", "))} ✕`, { destination: null }, true)
    }
  </ul>`;
}

function nextPage(c: GateContext, cursor: string): Markup {
  return html`<p class="pages">
    <span></span><a class="button" href="${pathWith(c, "/cases", { after: cursor })}">More</a>
  </p>`;
}

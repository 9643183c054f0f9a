import { html } from "hono/html";
import { eligibility } from "../../../core/intent/approval.ts";
import { deadlineOf, requestedApproval } from "../../../core/intent/read-model.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import { whyNotYou } from "../../../core/presentation/deciders.ts";
import { reasonWords } from "../../../core/presentation/reason-words.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import { shortSpan, timeText } from "../../../core/presentation/times.ts";
import type { DeliveryRecord } from "../../../ports/notifications.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { partsMarkup, riskMark, toneMark } from "../text.ts";
import type { CaseRow } from "./case-rows.ts";

/** Less time than this is said in the colour of what stops. */
const SOON_MS = 30 * 60_000;

export interface RowContext {
  readonly now: number;
  readonly voter: Voter | null;
  readonly undelivered: readonly DeliveryRecord[];
  /** How many are alike, this one included. */
  readonly alike: number;
  /** No count goes beyond it. */
  readonly mostAlike: number;
  /** The checkbox of a batch; null: the line is in no form. */
  readonly pick: { readonly isChecked: boolean; readonly sample: string | null } | null;
}

/** One case of the inbox: what, how soon; who, why, how long, under which policy. */
export function inboxRow(shown: CaseRow, context: RowContext): Markup {
  const { row, described, record } = shown;
  const { pick, voter, now } = context;
  const refusal = record === null || voter === null ? null : eligibility(record.state, voter);
  const hasVoted = record !== null && voter !== null && isAnswered(shown, voter);
  const isOpen =
    record !== null && refusal === null && !hasVoted && record.state.phase === "pending_approval";
  return html`<li class="row${pick === null ? "" : " pick"}">
    ${pick === null ? null : checkbox(shown, isOpen, pick.isChecked)} ${riskMark(row.risk_level)}
    <a class="what" href="/cases/${row.id}">${partsMarkup(writeTitle(described))}</a>
    ${due(deadlineOf(row), now)}
    <span class="more">
      <span><bdi>${sanitizeText(described.agent)}</bdi></span>
      ${labelOf(shown)}
      <span>${reasonWords(row.reason_code)}</span>
      ${shown.payloadName === null ? null : html`<span><bdi>${sanitizeText(shown.payloadName)}</bdi></span>`}
      ${policiesOf(shown)}
      <span>waits for ${shortSpan(now - row.created_at)}</span>
      ${votesOf(shown)} ${context.alike > 1 && pick === null ? alikeLink(shown, context) : null}
      ${hasVoted ? html`<span>you voted</span>` : null}
      ${refusal === null || hasVoted ? null : html`<span>${whyNotYou(refusal, false) ?? "You can't decide this."}</span>`}
      ${notDelivered(context.undelivered)}
    </span>
    ${pick === null || pick.sample === null ? null : html`<span class="sample asis">${sanitizeText(oneLine(pick.sample))}</span>`}
  </li>`;
}

/** A sample is one line; the page of the case shows the text as it is. */
function oneLine(sample: string): string {
  return sample.trimEnd().replaceAll(/\r?\n/g, " ⏎ ");
}

/** Has this person voted, in person or through another one? */
function isAnswered({ record }: CaseRow, voter: Voter): boolean {
  const { votes = [], rejections = [] } = record?.state ?? {};
  return [...votes, ...rejections].some(({ person, acting }) => [person, acting].includes(voter.person));
}

function checkbox({ row, record }: CaseRow, isOpen: boolean, isChecked: boolean): Markup {
  const digest = record?.state.terms.digest;
  if (!isOpen || digest === undefined) return html`<span></span>`;
  // The digest of what is shown on this line: the vote counts for it and for nothing else (TOCTOU).
  return html`<label
    ><input type="checkbox" name="case.${row.id}" value="${digest}" ${isChecked ? " checked" : ""} /><span
      class="hidden"
      >Decide this one</span
    ></label
  >`;
}

function due(at: number | null, now: number): Markup {
  if (at === null) return html`<span class="due">no deadline</span>`;
  if (at <= now) return html`<span class="due soon">over</span>`;
  const soon = at - now < SOON_MS ? " soon" : "";
  return html`<time
    class="due${soon}"
    datetime="${new Date(at).toISOString()}"
    title="Decide by ${timeText(at)}"
    >${shortSpan(at - now)} left</time
  >`;
}

/** The agent's own label, where it is not the destination's name. */
function labelOf({ row }: CaseRow): Markup | null {
  if (row.action === row.destination || row.action.startsWith("http.")) return null;
  return html`<span>“<bdi>${sanitizeText(row.action)}</bdi>”</span>`;
}

/** The policies that were in force, not the one that the agent named. */
function policiesOf({ row, record }: CaseRow): Markup | null {
  const ids =
    record?.state.terms.policies.map(({ id }) => id) ?? (JSON.parse(row.policies) as readonly string[]);
  return ids.length === 0 ? null : html`<span><bdi>${sanitizeText(ids.join(", "))}</bdi></span>`;
}

function votesOf({ row }: CaseRow): Markup | null {
  const requirements = requestedApproval(row.approval);
  if (requirements === null || (requirements.require === 1 && requirements.votes === 0)) return null;
  return html`<span>${requirements.votes} of ${requirements.require} approvals</span>`;
}

function alikeLink({ row }: CaseRow, { alike, mostAlike }: RowContext): Markup {
  const count = alike >= mostAlike ? `${mostAlike} or more` : String(alike);
  return html`<span
    ><a href="/cases?group=${encodeURIComponent(row.group_key ?? "")}">${count} alike</a></span
  >`;
}

/** Each delivery target once, with its last problem. */
function notDelivered(undelivered: readonly DeliveryRecord[]): readonly Markup[] {
  const problems = new Map(
    undelivered.map(({ target, lastProblem }) => [target, lastProblem ?? "it failed"]),
  );
  return [...problems].map(
    ([target, why]) =>
      html`<span
        >${toneMark("stop", "not delivered")} to ${sanitizeText(target)}: ${sanitizeText(why)}</span
      >`,
  );
}

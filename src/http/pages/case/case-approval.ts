import { html } from "hono/html";
import { rejectionsIn, type ShownRejection } from "../../../core/intent/rejections.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Quorum } from "../../../core/policy/decision.ts";
import { assuranceWords, decidersText, exclusionText } from "../../../core/presentation/deciders.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { exactTime, nameAndId, toneMark } from "../text.ts";
import { optional, row } from "./rows.ts";

/** More names are a list that nobody reads. */
const MAX_NAMED = 12;

/** @param eligible ids of the people of the registry who may still decide */
export function approvalSection(
  { state, entries, notes }: IntentRecord,
  eligible: readonly string[],
  nameOf: NameOf,
  now: number,
): Markup {
  const { terms, phase, votes } = state;
  const rejections = rejectionsIn(entries, notes);
  const { approval } = terms;
  if (terms.outcome !== "hold") return html``;
  return html`<section>
    <h2>Approvals</h2>
    ${
      votes.length + rejections.length === 0
        ? html`<p class="dim">No votes yet.</p>`
        : html`<ul class="steps">
            ${votes.map((vote) => approvalLine(vote, { entries, notes, nameOf, now }))}${rejections.map((each) => rejectionLine(each, nameOf, now))}
          </ul>`
    }
    <dl>
      ${row("Needed", approval.require === 1 ? "one person" : `${approval.require} different people`)}
      ${row("Who may decide", sanitizeText(decidersText(approval)))}
      ${phase === "pending_approval" ? optional("Who may still", namedText(eligible, nameOf)) : null}
      ${optional("Excluded", exclusionText(approval))}
      ${approval.quorums.length < 2 ? null : approval.quorums.map((quorum) => row(`For ${quorum.policy}`, quorumText(quorum)))}
      ${row("Signed in by", `${assuranceWords(approval.minAssurance)}, or stronger`)}
      ${row("Rejections", approval.rejections === 1 ? "one decides" : `${approval.rejections} decide`)}
    </dl>
  </section>`;
}

function namedText(people: readonly string[], nameOf: NameOf): string | null {
  if (people.length === 0) return null;
  const names = people.slice(0, MAX_NAMED).map(nameOf);
  const more = people.length - names.length;
  return more > 0 ? `${names.join(", ")} and ${more} more` : names.join(", ");
}

interface VoteContext extends Pick<IntentRecord, "entries" | "notes"> {
  readonly nameOf: NameOf;
  readonly now: number;
}

function approvalLine(vote: IntentState["votes"][number], context: VoteContext): Markup {
  const { person, acting, mandate, assurance, at } = vote;
  return html`<li>
    ${toneMark("ok", "approve")}
    <span>
      ${voterName(person, acting, context.nameOf)}
      <span class="dim">signed in by ${assuranceWords(assurance)},</span>
      ${exactTime(at, context.now)}
      ${mandate === null ? null : html` <span class="dim">under</span> <span class="id">${mandate}</span>`}
      ${comment(commentOf(vote, context))}
    </span>
  </li>`;
}

/** The comment that was stored with this vote; null: none, or it was erased. */
function commentOf(
  { person, at }: IntentState["votes"][number],
  { entries, notes }: VoteContext,
): string | null {
  const entry = entries.find(
    ({ event, at: when, body }) =>
      event === "approval_vote_recorded" &&
      when === at &&
      (JSON.parse(body) as { person?: unknown }).person === person,
  );
  return notes.find(({ seq, kind }) => kind === "note" && seq === entry?.seq)?.text ?? null;
}

const REJECTION_TEXT = {
  rejection_vote_recorded: "reject",
  rejected: "reject",
  cancelled: "cancel",
  revoked: "revoke",
} as const satisfies Record<ShownRejection["event"], string>;

function rejectionLine(
  { event, person, acting, at, reason }: ShownRejection,
  nameOf: NameOf,
  now: number,
): Markup {
  return html`<li>
    ${toneMark("stop", REJECTION_TEXT[event])}
    <span>${voterName(person, acting, nameOf)} ${exactTime(at, now)} ${comment(reason)}</span>
  </li>`;
}

function comment(text: string | null): Markup | null {
  return text === null ? null : html`<blockquote>${visibleLines(text)}</blockquote>`;
}

function voterName(person: string, acting: string, nameOf: NameOf): Markup {
  const own = nameAndId(nameOf(person), person);
  return person === acting ? own : html`${own}, by ${nameAndId(nameOf(acting), acting)}`;
}

function quorumText(quorum: Quorum): string {
  return `${quorum.require} of: ${sanitizeText(decidersText(quorum))}`;
}

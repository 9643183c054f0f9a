import { html } from "hono/html";
import type { Assurance } from "../../../core/identity/assurance.ts";
import type { Quorum } from "../../../core/policy/decision.ts";
import { rejectionsIn, type ShownRejection } from "../../../core/intent/rejections.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { DeliveryKind, DeliveryRecord } from "../../../ports/notifications.ts";
import { row } from "./case-request.ts";
import type { Markup } from "../page.ts";
import { sanitizeText, visibleLines } from "../sanitize-text.ts";
import { distanceTo, timeOf } from "../format.ts";

const ASSURANCE_TEXT = {
  link: "a link sent to them",
  slack: "Slack",
  key: "a reviewer's key",
  sso: "single sign-on",
  passkey: "a passkey",
} as const satisfies Record<Assurance, string>;

/** The approvals that the intent needs, and the votes so far. */
export function approvalSection({ state, entries, notes }: IntentRecord, now: number): Markup {
  const { terms, phase, votes, decideBy } = state;
  const rejections = rejectionsIn(entries, notes);
  const { approval } = terms;
  if (terms.outcome !== "hold") return html``;
  return html`<section>
    <h2>Required approvals</h2>
    <dl>
      ${row("Approvals", approval.require === 1 ? "one person" : `${approval.require} different people`)}
      ${approval.quorums.map((quorum) => row(`Policy ${quorum.policy}`, quorumOf(quorum)))}
      ${row("Excluded", exclusionsOf(approval))}
      ${row("Signed in by", `${ASSURANCE_TEXT[approval.minAssurance]}, or stronger`)}
      ${row("Rejections", approval.rejections === 1 ? "one decides" : `${approval.rejections} decide`)}
      ${
        phase === "pending_approval" && decideBy !== null
          ? row("Deadline", `${timeOf(decideBy)} (${distanceTo(decideBy, now)})`)
          : null
      }
    </dl>
    ${votes.length + rejections.length === 0 ? html`<p class="dim">No votes yet.</p>` : voteList(votes, rejections)}
  </section>`;
}

const REJECTION_TEXT = {
  rejection_vote_recorded: "reject",
  rejected: "reject",
  cancelled: "cancel",
  revoked: "take the approval back",
} as const satisfies Record<ShownRejection["event"], string>;

function voteList(votes: IntentState["votes"], rejections: readonly ShownRejection[]): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Who</th>
          <th>Vote</th>
          <th>Signed in by</th>
          <th>When</th>
        </tr>
      </thead>
      <tbody>
        ${votes.map(
          ({ person, acting, mandate, assurance, at }) =>
            html`<tr>
              <td>
                ${nameOf(person, acting)}${mandate === null ? null : html` <span class="dim mono">${mandate}</span>`}
              </td>
              <td>approve</td>
              <td>${ASSURANCE_TEXT[assurance]}</td>
              <td>${timeOf(at)}</td>
            </tr>`,
        )}
        ${rejections.map(
          ({ event, person, acting, at, reason }) =>
            html`<tr>
              <td>${nameOf(person, acting)}</td>
              <td>${REJECTION_TEXT[event]}${reason === null ? null : html`: ${visibleLines(reason)}`}</td>
              <td></td>
              <td>${timeOf(at)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function nameOf(person: string, acting: string): string {
  return person === acting ? sanitizeText(person) : `${sanitizeText(person)}, by ${sanitizeText(acting)}`;
}

function quorumOf({ require, groups, people }: Quorum): string {
  const from = [...groups.map((group) => `group ${sanitizeText(group)}`), ...people.map(sanitizeText)];
  const whom = from.length === 0 ? "any reviewer" : from.join(", ");
  return `${require} of: ${whom}`;
}

function exclusionsOf({ excludeProposer, excludeOwner }: IntentState["terms"]["approval"]): string {
  const out = [
    ...(excludeProposer ? ["the agent that proposed it"] : []),
    ...(excludeOwner ? ["the agent's owner"] : []),
  ];
  return out.length === 0 ? "none" : out.join(", ");
}

const DELIVERY_TEXT = {
  held: "The first message",
  reminder: "A reminder",
  escalation: "The escalation",
  decided: "The decision",
  event: "An event",
  test: "A test",
} as const satisfies Record<DeliveryKind, string>;

/** Failed deliveries, so that a reviewer does not wait for a person whom no message reached. */
export function undeliveredSection(records: readonly DeliveryRecord[] | null): Markup {
  if (records === null) {
    return html`<section class="notice warn">
      <p>The state of notifications can't be read right now.</p>
    </section>`;
  }
  return html`<section class="notice warn">
    <h2>Not delivered</h2>
    <ul>
      ${records.map(
        ({ target, person, kind, state, lastProblem, nextAt }) =>
          html`<li>
            ${DELIVERY_TEXT[kind]} to
            ${sanitizeText(target)}${person === null ? null : html` for ${sanitizeText(person)}`}:
            ${sanitizeText(lastProblem ?? "it failed")}.
            ${state === "pending" && nextAt !== null ? html`Tried again at ${timeOf(nextAt)}.` : "It is not tried again."}
          </li>`,
      )}
    </ul>
  </section>`;
}

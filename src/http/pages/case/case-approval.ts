import { html } from "hono/html";
import type { Assurance } from "../../../core/identity/assurance.ts";
import type { Quorum } from "../../../core/policy/decision.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { DeliveryKind, DeliveryRecord } from "../../../ports/notifications.ts";
import { row } from "./case-request.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { distanceTo, timeOf } from "../format.ts";

const HOW = {
  link: "a link sent to them",
  slack: "Slack",
  key: "a reviewer's key",
  sso: "single sign-on",
  passkey: "a passkey",
} as const satisfies Record<Assurance, string>;

/** What it takes, and what was said so far. */
export function approvalSection(
  { terms, phase, votes, rejections, decideBy }: IntentState,
  now: number,
): Markup {
  const { approval } = terms;
  if (terms.outcome !== "hold") return html``;
  return html`<section>
    <h2>What it takes</h2>
    <dl>
      ${row("Approvals", approval.require === 1 ? "one person" : `${approval.require} different people`)}
      ${approval.quorums.map((quorum) => row(`Policy ${quorum.policy}`, quorumOf(quorum)))}
      ${row("Left out", exclusionsOf(approval))}
      ${row("Signed in by", `${HOW[approval.minAssurance]}, or stronger`)}
      ${row("Rejections", approval.rejections === 1 ? "one decides" : `${approval.rejections} decide`)}
      ${
        phase === "pending_approval" && decideBy !== null
          ? row("Deadline", `${timeOf(decideBy)} (${distanceTo(decideBy, now)})`)
          : null
      }
    </dl>
    ${votes.length + rejections.length === 0 ? html`<p class="dim">Nobody has said anything yet.</p>` : voteList(votes, rejections)}
  </section>`;
}

function voteList(votes: IntentState["votes"], rejections: IntentState["rejections"]): Markup {
  return html`<div class="scroll">
    <table>
      <thead>
        <tr>
          <th>Who</th>
          <th>Said</th>
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
              <td>yes</td>
              <td>${HOW[assurance]}</td>
              <td>${timeOf(at)}</td>
            </tr>`,
        )}
        ${rejections.map(
          ({ person, acting }) =>
            html`<tr>
              <td>${nameOf(person, acting)}</td>
              <td>no</td>
              <td></td>
              <td></td>
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
    ...(excludeOwner ? ["who answers for the agent"] : []),
  ];
  return out.length === 0 ? "the policy excludes nobody" : out.join(", ");
}

const DELIVERY_TEXT = {
  held: "The first message",
  reminder: "A reminder",
  escalation: "The escalation",
  decided: "What was decided",
  event: "An event",
  test: "A test",
} as const satisfies Record<DeliveryKind, string>;

/** Who could not be told, so that nobody waits for somebody who does not know. */
export function undeliveredSection(records: readonly DeliveryRecord[] | null): Markup {
  if (records === null) {
    return html`<section class="notice warn"><p>Whom this was told can't be read right now.</p></section>`;
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

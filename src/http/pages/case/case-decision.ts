import { html } from "hono/html";
import { eligibility, mayReject } from "../../../core/intent/approval.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import { orList, whyNotYou } from "../../../core/presentation/deciders.ts";
import { problemOf } from "../../problem/from-refusal.ts";
import type { NameOf } from "../names.ts";
import type { Markup } from "../page.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { decisionForms } from "./case-forms.ts";

/** More names are a list that nobody reads. */
const MAX_NAMED = 6;

export interface DecisionContext {
  /** Null: the reader is no reviewer. */
  readonly voter: Voter | null;
  readonly link: string | null;
  /** Ids of the people who may still decide. */
  readonly eligible: readonly string[];
  readonly nameOf: NameOf;
  /** Whether a page can hold the payload for editing. */
  readonly isEditable: boolean;
}

/** The forms of the decision; or why this reader has none, and who has. */
export function decisionSection(state: IntentState, context: DecisionContext): Markup | null {
  const { voter, link, eligible, nameOf, isEditable } = context;
  const isPending = state.phase === "pending_approval";
  if (voter === null) {
    if (!isPending) return null;
    return html`<section class="notice idle">
      <p>Reviewers decide this. ${othersText(eligible, nameOf)}</p>
    </section>`;
  }
  if (!mayReject(state.phase)) return null;
  const refusal = eligibility(state, voter);
  if (refusal !== null) {
    const isEditor = state.terms.editor !== null && state.terms.editor === voter.person;
    const why = whyNotYou(refusal, isEditor) ?? problemOf(refusal).detail;
    return html`<section class="notice wait">
      <p>${sanitizeText(why)} ${isPending ? othersText(eligible, nameOf) : null}</p>
    </section>`;
  }
  return html`${decisionForms(state, voter, link)} ${isEditable ? editLink(state.terms.id, link) : null}`;
}

function othersText(eligible: readonly string[], nameOf: NameOf): string {
  if (eligible.length === 0) return "";
  const names = eligible.slice(0, MAX_NAMED).map(nameOf);
  const more = eligible.length - names.length;
  return sanitizeText(`${orList(more > 0 ? [...names, `${more} others`] : names)} may.`);
}

function editLink(id: string, link: string | null): Markup {
  const query = link === null ? "" : `?link=${link}`;
  return html`<p class="buttons">
    <a class="button quiet" href="/cases/${id}/edit${query}">Change what would be written</a>
  </p>`;
}

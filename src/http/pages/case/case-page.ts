import { html } from "hono/html";
import type { ProposalRequest } from "../../../core/proposal/request.ts";
import { eligibility, mayReject } from "../../../core/intent/approval.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { approvalBlocker } from "../../../app/approvals/decide-intent.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import type { GateContext } from "../../middleware/context.ts";
import { takeReadSlot } from "../../middleware/read-slot.ts";
import { problemOf, problemOfVoteFailure } from "../../problem/from-refusal.ts";
import { storedResponse } from "../../api/intents/http-write-view.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import { decisionForms, editForm } from "./case-forms.ts";
import { answerSection } from "./case-answer.ts";
import { approvalSection, undeliveredSection } from "./case-approval.ts";
import { historySection } from "./case-history.ts";
import { sendingSection } from "./sent-request.ts";
import { payloadSection } from "./case-payload.ts";
import { requestSection, whySection } from "./case-request.ts";
import { editableText } from "./editable-text.ts";
import { page, type Markup } from "../page.ts";
import { undeliveredOf } from "./undelivered.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { counted, distanceTo, phaseText, timeOf, toneOf } from "../format.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import type { IntentRecord, Intent } from "../../../ports/intents.ts";
import { maySeePayload } from "../../../app/authority.ts";

export interface CaseView {
  readonly intent: Intent;
  readonly record: IntentRecord;
  readonly caller: Caller;
  /** The link that opened the page, which its forms use up; null: it was opened by its own address. */
  readonly link: string | null;
}

/** The whole case, for reviewers, auditors and admins. */
export async function casePage(
  c: GateContext,
  { intent, record, caller, link }: CaseView,
): Promise<Response> {
  const ports = c.env;
  const { state } = record;
  const { principal } = caller;
  const [voter, isPayloadVisible, agent, undelivered, blocker] = await Promise.all([
    voterFor(caller, ports),
    maySeePayload(principal, state, ports),
    ports.principals.get(state.terms.agent),
    undeliveredOf(c, [intent.id]),
    state.phase === "pending_approval" ? approvalBlocker(state.terms, ports) : null,
  ]);
  const payload = isPayloadVisible ? record.case?.payload : undefined;
  const bytes = payload?.kind === "content" ? await wholePayload(c, intent, payload.bytes) : null;
  const isAnswerVisible = isPayloadVisible && state.terms.sending !== null;
  const answer = isAnswerVisible ? await storedResponse(intent) : null;
  const content = storedContent(record);
  const now = Date.now();
  return page(c, {
    title: `${state.terms.action}: ${phaseText(state.phase)}`,
    body: html`
      ${headline(state, now)} ${blocker === null ? null : warning(problemOfVoteFailure(blocker).detail)}
      ${ruleChange(state)} ${successionOf(state)} ${answerSection(record, answer, isPayloadVisible, now)}
      ${requestSection(state, content, agent)} ${sendingSection(record, isPayloadVisible)}
      ${payloadSection(state, content, { isVisible: isPayloadVisible, bytes })}
      ${whySection(state, content, isPayloadVisible)} ${approvalSection(record, now)}
      ${undelivered === null || undelivered.length > 0 ? undeliveredSection(undelivered) : null}
      <div id="decide">
        ${decisionSection(state, voter.ok ? voter.value : null, link, bytes, content.request)}
      </div>
      ${historySection(record, agent, isPayloadVisible)}
    `,
  });
}

/** The page counts a payload's lines, so it reads all of it; a large one takes a place until the page is there. */
async function wholePayload(c: GateContext, intent: Intent, bytes: number): Promise<Uint8Array | null> {
  c.set("releaseBody", await takeReadSlot(c, bytes));
  return intent.payload();
}

function decisionSection(
  state: IntentState,
  voter: Voter | null,
  link: string | null,
  bytes: Uint8Array | null,
  request: ProposalRequest | null,
): Markup | null {
  if (voter === null || !mayReject(state.phase)) return null;
  const refusal = eligibility(state, voter);
  if (refusal !== null) return warning(problemOf(refusal).detail);
  const isChangeable = state.phase === "pending_approval" && state.terms.edit.allow;
  const text = isChangeable && bytes !== null ? editableText(bytes) : null;
  return html`${decisionForms(state, voter, link)}
  ${text === null ? null : editForm(state, link, text, requestOrigin(request))}`;
}

function requestOrigin(request: ProposalRequest | null): "sent" | "made" | null {
  if (request?.http === undefined) return null;
  return request.http.fromTemplate === true ? "made" : "sent";
}

function headline({ terms, phase, decideBy, votes, decidedBy }: IntentState, now: number): Markup {
  return html`<section class="notice ${toneOf(phase)}">
    <p>
      <span class="tag ${toneOf(phase)}">${phaseText(phase)}</span>
      <span class="tag ${terms.risk.level}">${terms.risk.level} risk</span>
    </p>
    <h1>${sanitizeText(terms.action)}</h1>
    ${
      terms.action === terms.destination
        ? null
        : html`<p>at <strong>${sanitizeText(terms.destination)}</strong></p>`
    }
    ${phase === "pending_approval" ? waiting(terms.approval.require, votes.length, decideBy, now) : null}
    ${phase !== "pending_approval" && decidedBy !== null ? html`<p>Decided by ${sanitizeText(decidedBy)}.</p>` : null}
  </section>`;
}

function waiting(required: number, voted: number, decideBy: number | null, now: number): Markup {
  return html`<p>
    ${voted} of ${counted(required, "approval")} so far.
    ${
      decideBy === null
        ? "It waits without a deadline."
        : html`Decide by ${timeOf(decideBy)} (${distanceTo(decideBy, now)}).`
    }
    <a href="#decide">To the decision</a>
  </p>`;
}

function warning(sentence: string): Markup {
  return html`<section class="notice warn"><p>${sanitizeText(sentence)}</p></section>`;
}

/** The rules in force block what waits: it can be rejected, and approved only once they allow it. */
function ruleChange({ phase, terms }: IntentState): Markup | null {
  if (phase !== "pending_approval" || terms.outcome !== "block") return null;
  return warning(problemOf({ reason: "blocked_by_rules", code: terms.reasonCode }).detail);
}

function successionOf({ successor, terms: { predecessor, editor } }: IntentState): Markup | null {
  if (successor === null && predecessor === null) return null;
  return html`<section class="notice">
    ${
      predecessor === null
        ? null
        : html`<p>
            ${sanitizeText(editor ?? "A reviewer")} changed
            <a href="/cases/${predecessor}">an earlier intent</a> into this one.
          </p>`
    }
    ${
      successor === null
        ? null
        : html`<p>A reviewer changed it: see <a href="/cases/${successor}">its successor</a>.</p>`
    }
  </section>`;
}

import { html } from "hono/html";
import { eligibility } from "../../../core/intent/approval.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import { idsIn } from "../../../core/intent/named-ids.ts";
import { plainText } from "../../../core/presentation/parts.ts";
import { phaseWords } from "../../../core/presentation/phase-words.ts";
import { describedCase } from "../../../core/presentation/described.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import { approvalBlocker } from "../../../app/approvals/decide-intent.ts";
import { eligiblePeople } from "../../../app/approvals/eligible-people.ts";
import { maySeePayload } from "../../../app/authority.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import { seenBefore } from "../../../app/seen-before.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import type { IntentRecord, Intent } from "../../../ports/intents.ts";
import { storedResponse } from "../../api/intents/http-write-view.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import type { GateContext } from "../../middleware/context.ts";
import { takeReadSlot } from "../../middleware/read-slot.ts";
import { problemOf, problemOfVoteFailure } from "../../problem/from-refusal.ts";
import { namesOf, type NameOf } from "../names.ts";
import { page, type Markup } from "../page.ts";
import { payloadSection } from "../payload/payload-section.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { answerSection } from "./case-answer.ts";
import { approvalSection } from "./case-approval.ts";
import { beforeRows, beforeSection } from "./case-before.ts";
import { decisionSection } from "./case-decision.ts";
import { detailsSection } from "./case-details.ts";
import { factsStrip } from "./case-facts.ts";
import { hasAnswered, jumpBar } from "./case-forms.ts";
import { headline, whyBanner } from "./case-headline.ts";
import { reportSection } from "./case-outcome.ts";
import { timelineSection } from "./case-timeline.ts";
import { undeliveredSection } from "./case-undelivered.ts";
import { editableText } from "./editable-text.ts";
import { nextCase, nextCaseLink } from "./next-case.ts";
import { sendingSection } from "./sent-request.ts";
import { undeliveredOf } from "./undelivered.ts";
import { nameAndId } from "../text.ts";

export interface CaseView {
  readonly intent: Intent;
  readonly record: IntentRecord;
  readonly caller: Caller;
  /** The link that opened the page, which its forms use up; null: it was opened by its own address. */
  readonly link: string | null;
}

/** The whole case, for reviewers, auditors and admins: the sentence first, hashes last. */
export async function casePage(
  c: GateContext,
  { intent, record, caller, link }: CaseView,
): Promise<Response> {
  const ports = c.env;
  const { state } = record;
  const { terms, phase } = state;
  const { principal } = caller;
  const [voted, isPayloadVisible, agent, undelivered, blocker, before, seen, { registry }] =
    await Promise.all([
      voterFor(caller, ports),
      maySeePayload(principal, state, ports),
      ports.principals.get(terms.agent),
      undeliveredOf(c, [intent.id]),
      phase === "pending_approval" ? approvalBlocker(terms, ports) : null,
      beforeRows(c, terms.agent, intent.id, terms.createdAt),
      seenBefore(terms, principal, ports),
      ports.rules.current(),
    ]);
  const voter = voted.ok ? voted.value : null;
  const payload = isPayloadVisible ? record.case?.payload : undefined;
  const bytes = payload?.kind === "content" ? await wholePayload(c, intent, payload.bytes) : null;
  const answer = isPayloadVisible && terms.sending !== null ? await storedResponse(intent) : null;
  const content = storedContent(record);
  const eligible = eligiblePeople(state, registry);
  const now = Date.now();
  const nameOf = await namesOf(c, [...idsIn(state, record.entries), ...eligible, agent?.owner ?? null]);
  const agentName = agent?.name ?? terms.agent;
  const described = describedCase(state, content.decision?.facts ?? null, content.request, agentName);
  const isDone = voter !== null && isBehind(state, voter, now);
  const next = isDone ? await nextCase(c, voter, intent.id) : null;
  return page(c, {
    title: `${plainText(writeTitle(described))}: ${phaseWords(phase)}`,
    isNarrow: true,
    body: html`
      ${headline(state, described, nameOf, now)} ${isDone ? nextCaseLink(next, now) : null}
      ${whyBanner(state, content, isPayloadVisible)}
      ${blocker === null ? null : warning(problemOfVoteFailure(blocker).detail)} ${ruleChange(state)}
      ${successionOf(state, nameOf)} ${factsStrip(state, content.decision, seen, now)}
      ${answerSection(record, answer, isPayloadVisible, now)}
      ${terms.sending === null ? reportSection(record, isPayloadVisible, nameOf, now) : null}
      ${sendingSection(record, isPayloadVisible)}
      ${payloadSection(state, content, { isVisible: isPayloadVisible, bytes })}
      ${undelivered === null || undelivered.length > 0 ? undeliveredSection(undelivered) : null}
      <div id="decide">
        ${decisionSection(state, { voter, link, eligible, nameOf, isEditable: isEditable(state, bytes) })}
      </div>
      ${approvalSection(record, eligible, nameOf, now)}
      ${beforeSection(before, { id: terms.agent, name: agentName }, now)}
      ${timelineSection(record, nameOf, now)}
      ${detailsSection(state, content, agent, isPayloadVisible, nameOf)}
      ${voter !== null && mayDecideNow(state, voter) ? jumpBar(state, voter) : null}
    `,
  });
}

/** The page lays the payload out, so it reads all of it; a large one takes a place until the page is there. */
async function wholePayload(c: GateContext, intent: Intent, bytes: number): Promise<Uint8Array | null> {
  c.set("releaseBody", await takeReadSlot(c, bytes));
  return intent.payload();
}

/** After a decision a reviewer goes on to the next case; a page from last week leads nowhere. */
const JUST_DECIDED_MS = 10 * 60_000;

/** Has this person answered, or somebody else a moment ago? */
function isBehind(state: IntentState, voter: Voter, now: number): boolean {
  if (state.phase === "pending_approval") return hasAnswered(state, voter);
  return now - state.updatedAt < JUST_DECIDED_MS;
}

function mayDecideNow(state: IntentState, voter: Voter): boolean {
  return state.phase === "pending_approval" && eligibility(state, voter) === null;
}

function isEditable({ phase, terms }: IntentState, bytes: Uint8Array | null): boolean {
  return phase === "pending_approval" && terms.edit.allow && bytes !== null && editableText(bytes) !== null;
}

function warning(sentence: string): Markup {
  return html`<section class="notice wait"><p>${sanitizeText(sentence)}</p></section>`;
}

/** The rules in force block what waits: it can be rejected, and approved only once they allow it. */
function ruleChange({ phase, terms }: IntentState): Markup | null {
  if (phase !== "pending_approval" || terms.outcome !== "block") return null;
  return warning(problemOf({ reason: "blocked_by_rules", code: terms.reasonCode }).detail);
}

function successionOf(
  { successor, terms: { predecessor, editor } }: IntentState,
  nameOf: NameOf,
): Markup | null {
  if (successor === null && predecessor === null) return null;
  return html`<section class="notice">
    ${
      predecessor === null
        ? null
        : html`<p>
            ${editor === null ? "A reviewer" : nameAndId(nameOf(editor), editor)} changed
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

import { html } from "hono/html";
import { voteOnSeveral, type OneOfSeveral, type VoteResult } from "../../../app/approvals/vote-on-several.ts";
import { writeTitle } from "../../../core/presentation/sentence.ts";
import { describedCase } from "../../../core/presentation/described.ts";
import { phaseWords, toneOf } from "../../../core/presentation/phase-words.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import type { GateContext } from "../../middleware/context.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import { INTENT_NOT_FOUND } from "../../problem/from-refusal.ts";
import { refuse } from "../../problem/problem.ts";
import { noteIn, readForm, type Form } from "../form.ts";
import { namesOf } from "../names.ts";
import { page, type Markup } from "../page.ts";
import { senderOf, SIGN_IN_REQUIRED } from "../page-caller.ts";
import { sanitizeText } from "../sanitize-text.ts";
import { partsMarkup, toneMark } from "../text.ts";

/** As many as the API's batch: more than a person marks at once. */
const MAX_BATCH = 100;

const PREFIX = "case.";

/** Handles the form of a group: one vote for each checked case, and a page that says what became of every one. */
export async function decideBatch(c: GateContext): Promise<Response> {
  const ports = c.env;
  const caller = await senderOf(c);
  const form = await readForm(c);
  if (caller === null) return refuse(SIGN_IN_REQUIRED);
  const votes = votesIn(form);
  const results = await voteOnSeveral(caller, votes, ports);
  const lines = await Promise.all(
    votes.map(({ id }, at) => lineOf(c, id, results[at] ?? { kind: "unknown" }, caller.principal.id)),
  );
  const isApproval = form.get("decision") === "approve";
  return page(c, {
    title: "Decided together",
    current: "inbox",
    body: html`
      <div class="title">
        <h1>${isApproval ? "Your approvals" : "Your rejections"}</h1>
        <span class="dim"
          >${results.filter(({ kind }) => kind === "cast").length} of ${votes.length} recorded</span
        >
      </div>
      <section>
        <ul class="steps">
          ${lines}
        </ul>
      </section>
      <p class="pages"><a class="button primary" href="/cases">Next cases</a></p>
    `,
  });
}

function votesIn(form: Form): readonly OneOfSeveral[] {
  const decision = form.get("decision");
  if (decision !== "approve" && decision !== "reject") return invalid("decision: approve or reject");
  const note = noteIn(form, "reason");
  const votes: OneOfSeveral[] = [];
  for (const [field, digest] of form) {
    if (!field.startsWith(PREFIX)) continue;
    if (!/^[0-9a-f]{64}$/.test(digest)) return invalid("The form has no intent digest: reload the list.");
    votes.push({ id: field.slice(PREFIX.length), vote: { decision, digest, note, onBehalfOf: null } });
  }
  if (votes.length === 0) return invalid("Nothing is checked: check at least one case.");
  if (votes.length > MAX_BATCH) return invalid(`At most ${MAX_BATCH} cases are decided together.`);
  if (decision === "reject" && note === null) return invalid("A rejection needs a reason.");
  return votes;
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}

/** What became of one vote, beside what it was about. */
async function lineOf(c: GateContext, id: string, result: VoteResult, principal: string): Promise<Markup> {
  const found = c.env.intents.find(id);
  const record = result.kind === "not_found" ? null : ((await found?.getRecord()) ?? null);
  if (record === null) {
    return html`<li>
      ${toneMark("stop", "Not counted")}
      <span>${INTENT_NOT_FOUND.detail} <span class="id">${sanitizeText(id)}</span></span>
    </li>`;
  }
  const { request, decision } = storedContent(record);
  const nameOf = await namesOf(c, [record.state.terms.agent]);
  const described = describedCase(
    record.state,
    decision?.facts ?? null,
    request,
    nameOf(record.state.terms.agent),
  );
  return html`<li>
    ${markOf(result)}
    <span>
      <a href="/cases/${id}">${partsMarkup(writeTitle(described))}</a><br />
      <span class="small dim">${outcomeOf(result, principal)}</span>
    </span>
  </li>`;
}

function markOf(result: VoteResult): Markup {
  switch (result.kind) {
    case "cast":
      return toneMark(
        toneOf(result.state.phase),
        result.state.phase === "pending_approval" ? "Recorded" : phaseWords(result.state.phase),
      );
    case "unknown":
      return toneMark("doubt", "Not known");
    case "refused":
    case "not_found":
    case "named_twice":
      return toneMark("stop", "Not counted");
  }
}

function outcomeOf(result: VoteResult, principal: string): string {
  switch (result.kind) {
    case "cast": {
      const { phase, votes, rejections, terms } = result.state;
      if (phase === "approved" && votes.every((vote) => vote.principal !== principal)) {
        return "Others had approved it before: your vote was not needed, and is not recorded.";
      }
      if (phase !== "pending_approval") return "Your vote decided it.";
      const no =
        rejections.length === 0 ? "" : ` and ${rejections.length} of ${terms.approval.rejections} rejections`;
      return `Your vote is recorded. It waits for others: ${votes.length} of ${terms.approval.require} approvals${no}.`;
    }
    case "refused":
      return problemOfVote(result.failure).detail;
    case "named_twice":
      return "The form names it twice; only the first vote counts.";
    case "unknown":
      return "Gate failed to handle this vote: open the case to see whether it was recorded.";
    case "not_found":
      return INTENT_NOT_FOUND.detail;
  }
}

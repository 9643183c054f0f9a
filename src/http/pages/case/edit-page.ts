import { html } from "hono/html";
import { eligibility } from "../../../core/intent/approval.ts";
import { describedCase } from "../../../core/presentation/described.ts";
import { caseSentence } from "../../../core/presentation/sentence.ts";
import { maySeePayload } from "../../../app/authority.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import { storedContent } from "../../api/shared/stored-record.ts";
import type { GateContext } from "../../middleware/context.ts";
import { visibleRecord } from "../../middleware/guards.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import { problemOf } from "../../problem/from-refusal.ts";
import { refuse } from "../../problem/problem.ts";
import { namesOf } from "../names.ts";
import { NOTE_READERS } from "../note-readers.ts";
import { page } from "../page.ts";
import { partsMarkup } from "../text.ts";
import { hiddenFields } from "./case-forms.ts";
import { NOT_EDITABLE_HERE } from "./edit.ts";
import { editableText, MAX_EDITED_BYTES } from "./editable-text.ts";

/** HTML parsers drop a line end right after the tag: this one, so that the payload's own survives. */
const DROPPED_LINE_END = "\n";

/** How an edited payload changes the HTTP request that Gate sends. */
const EDIT_EFFECT = {
  sent: "Only the body changes: method, URL and headers stay as they are.",
  made: "Gate then builds a new request from your text.",
} as const;

/** The form that replaces a pending intent's payload: a page of its own, because the whole text is in it. */
export async function editPage(c: GateContext, caller: Caller): Promise<Response> {
  const ports = c.env;
  const { intent, record } = await visibleRecord(c, c.req.param("id") ?? "");
  const { state } = record;
  const voted = await voterFor(caller, ports);
  if (!voted.ok) return refuse(problemOfVote(voted.error));
  const refusal = eligibility(state, voted.value);
  if (refusal !== null) return refuse(problemOf(refusal));
  if (!state.terms.edit.allow || state.phase !== "pending_approval") {
    return refuse(problemOf({ reason: "edit_not_allowed" }));
  }
  const isVisible = await maySeePayload(caller.principal, state, ports);
  const { request, decision, payload } = storedContent(record);
  const isShort = isVisible && payload?.kind === "content" && payload.bytes <= MAX_EDITED_BYTES;
  const bytes = isShort ? await intent.payload() : null;
  const text = bytes === null ? null : editableText(bytes);
  if (text === null) return refuse(NOT_EDITABLE_HERE);
  const nameOf = await namesOf(c, [state.terms.agent]);
  const described = describedCase(state, decision?.facts ?? null, request, nameOf(state.terms.agent));
  const made = request?.http?.fromTemplate === true ? "made" : "sent";
  return page(c, {
    title: "Change what would be written",
    isNarrow: true,
    body: html`
      <p><a href="/cases/${intent.id}">Back to the case</a></p>
      <div class="title"><h1>Change what would be written</h1></div>
      <section>
        <p>${partsMarkup(caseSentence(described))}</p>
        <p>This case then ends. A new case with you as its proposer replaces it and is evaluated anew.</p>
        ${request?.http === undefined ? null : html`<p>${EDIT_EFFECT[made]}</p>`}
        <form method="post" action="/cases/${intent.id}/edit">
          ${hiddenFields(state.terms.digest, c.req.query("link") ?? null)}
          <p>
            <label for="payload">New payload</label>
            <textarea id="payload" name="payload" required>${DROPPED_LINE_END}${text}</textarea>
          </p>
          <p>
            <label for="why">Reason <span class="dim">${NOTE_READERS}</span></label>
            <textarea id="why" name="reason" maxlength="4096" required></textarea>
          </p>
          <button class="primary">Replace the payload</button>
        </form>
      </section>
    `,
  });
}

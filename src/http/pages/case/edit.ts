import { followLink, linkProblem } from "../../../app/approvals/decide-by-link.ts";
import { voterFor } from "../../../app/identity/voter-for.ts";
import { editIntent } from "../../../app/proposals/edit-intent.ts";
import { visibleRecord } from "../../middleware/guards.ts";
import { SMALL_BODY_BYTES } from "../../middleware/body.ts";
import type { GateContext } from "../../middleware/context.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { INVALID_LINK, problemOfLink, problemOfVote } from "../../problem/from-approval-failure.ts";
import { problemOfEditFailure } from "../../problem/from-refusal.ts";
import { editableText, editedBytes, MAX_EDITED_BYTES, MAX_EDITED_CHARACTERS } from "./editable-text.ts";
import { digestIn, noteIn, readForm, type Form } from "../form.ts";
import { senderOf, SIGN_IN_REQUIRED } from "../page-caller.ts";
import { maySeePayload } from "../../../app/authority.ts";

export const NOT_EDITABLE_HERE: Problem = {
  status: 409,
  code: "edit_not_allowed",
  detail: "A page can edit only plain text. Edit this payload through the API.",
};

/** Form encoding writes one character in up to nine (`%E2%82%AC`); the other fields fit a small body. */
const EDIT_FORM_BYTES = 9 * MAX_EDITED_CHARACTERS + SMALL_BODY_BYTES;

/** Replaces the intent by an edited successor; redirects to the successor's case. */
export async function editOnPage(c: GateContext): Promise<Response> {
  const ports = c.env;
  const caller = await senderOf(c);
  const form = await readForm(c, EDIT_FORM_BYTES);
  if (caller === null) return refuse(SIGN_IN_REQUIRED);
  const { intent, record } = await visibleRecord(c, c.req.param("id") ?? "");
  const voter = await voterFor(caller, ports);
  if (!voter.ok) return refuse(problemOfVote(voter.error));
  const isVisible = await maySeePayload(caller.principal, record.state, ports);
  const payload = isVisible ? record.case?.payload : undefined;
  const isShort = payload?.kind === "content" && payload.bytes <= MAX_EDITED_BYTES;
  const before = isShort ? await intent.payload() : null;
  if (before === null || editableText(before) === null) return refuse(NOT_EDITABLE_HERE);
  const bytes = editedBytes(before, form.get("payload") ?? "");
  const change = {
    payload: { kind: "content", bytes, name: null, mediaType: null },
    recordCount: null,
    estimatedValueUsd: null,
    voter: voter.value,
    digest: digestIn(form),
    note: noteIn(form, "reason"),
    link: await linkIn(c, form, intent.id),
  } as const;
  const edited = await editIntent(intent, change, ports, Date.now());
  if (!edited.ok) return refuse(problemOfEditFailure(edited.error));
  return c.redirect(`/cases/${edited.value.successor.terms.id}`, 303);
}

/** The id of the link that opened the form, which the edit uses up; null: none did. */
async function linkIn(c: GateContext, form: Form, id: string): Promise<string | null> {
  const ports = c.env;
  const token = form.get("link");
  if (token === undefined) return null;
  const followed = await followLink(token, ports);
  if (followed === null || followed.intent.id !== id) return refuse(INVALID_LINK);
  const problem = linkProblem(followed, Date.now());
  return problem === null ? followed.claims.id : refuse(problemOfLink(problem));
}

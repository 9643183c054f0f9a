import { Hono } from "hono";
import { decideByLink, followLink, linkProblem } from "../../app/approvals/decide-by-link.ts";
import type { Vote } from "../../app/approvals/decide-intent.ts";
import { voteAsCaller } from "../../app/approvals/vote-as-caller.ts";
import { visibleRecord, visibleIntent } from "../middleware/guards.ts";
import type { Caller } from "../../app/identity/authenticate.ts";
import { readAhead } from "../middleware/request-reads.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { casePage } from "./case/case-page.ts";
import { editOnPage } from "./case/edit.ts";
import { editPage } from "./case/edit-page.ts";
import { digestIn, noteIn, readForm, type Form } from "./form.ts";
import { linkPage } from "./link-page.ts";
import { asPage, returnPath } from "./problem-page.ts";
import { decidedCsv } from "./decided/decided-csv.ts";
import { decidedPage } from "./decided/decided-page.ts";
import { decideBatch } from "./inbox/batch.ts";
import { inboxPage } from "./inbox/inbox-page.ts";
import { payloadPage } from "./payload/payload-page.ts";
import { readerOf, senderOf, SIGN_IN_REQUIRED } from "./page-caller.ts";
import { cameFromElsewhere, continuePage } from "./strict-cookie.ts";
import { STYLE } from "./style.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import {
  INVALID_LINK,
  problemOfLink,
  problemOfLinkVote,
  problemOfVote,
} from "../problem/from-approval-failure.ts";

/** A page for signed-in people; a browser without a session is sent to sign in, and comes back. */
function signedIn(run: (c: GateContext, caller: Caller) => Promise<Response>) {
  return asPage(async (c) => {
    const caller = await readerOf(c);
    if (caller !== null) return run(c, caller);
    if (cameFromElsewhere(c)) return continuePage(c);
    return c.redirect(`/sign-in?next=${encodeURIComponent(returnPath(c))}`, 302);
  });
}

/** Opens a link's case. The GET changes nothing, because mail filters and link previews send it too. */
async function openLink(c: GateContext): Promise<Response> {
  const ports = c.env;
  const token = c.req.query("link") ?? "";
  const followed = (await followLink(token, ports)) ?? refuse(INVALID_LINK);
  const caller = await readerOf(c);
  if (caller === null && cameFromElsewhere(c)) return continuePage(c);
  const problem = linkProblem(followed, Date.now());
  if (caller === null) {
    return linkPage(c, followed, token, problem === null ? null : problemOfLink(problem));
  }
  const { intent, record } = await visibleRecord(c, followed.intent.id);
  return casePage(c, { intent, record, caller, link: problem === null ? token : null });
}

const REASON_REQUIRED: Problem = {
  status: 400,
  code: "reason_required",
  detail: "A rejection needs a reason: say what the agent's owner should correct.",
};

type PageVote = Pick<Vote, "decision" | "note" | "digest">;

/** Handles a form of a case page; redirects to the case in its new state. */
function decide(decision: Vote["decision"]) {
  return asPage(async (c) => {
    readAhead(c);
    const caller = await senderOf(c);
    const form = await readForm(c);
    const link = form.get("link");
    if (link !== undefined) return byLink(c, caller, link, voteIn(form, decision));
    return caller === null ? refuse(SIGN_IN_REQUIRED) : bySignIn(c, caller, voteIn(form, decision));
  });
}

function voteIn(form: Form, decision: Vote["decision"]): PageVote {
  const note = noteIn(form, decision === "approve" ? "comment" : "reason");
  // The API takes a bare no; here a person is asked why, because nobody else can tell the agent's owner.
  if (decision === "reject" && note === null) refuse(REASON_REQUIRED);
  return { decision, note, digest: digestIn(form) };
}

async function byLink(
  c: GateContext,
  caller: Caller | null,
  link: string,
  vote: PageVote,
): Promise<Response> {
  const ports = c.env;
  const followed = await followLink(link, ports);
  if (followed === null || followed.intent.id !== c.req.param("id")) return refuse(INVALID_LINK);
  const decided = await decideByLink(caller, followed, vote, ports, Date.now());
  if (!decided.ok) return refuse(problemOfLinkVote(decided.error));
  return c.redirect(caller === null ? `/case?link=${link}` : `/cases/${followed.intent.id}`, 303);
}

async function bySignIn(c: GateContext, caller: Caller, vote: PageVote): Promise<Response> {
  const ports = c.env;
  const { intent } = await visibleIntent(c, c.req.param("id") ?? "");
  const voted = await voteAsCaller(caller, intent, { ...vote, onBehalfOf: null }, ports, Date.now());
  if (!voted.ok) return refuse(problemOfVote(voted.error));
  return c.redirect(`/cases/${intent.id}`, 303);
}

/** The pages people decide on: plain HTML, no script. */
export const cases = new Hono<GateEnv>()
  .get("/", (c) => c.redirect("/cases", 302))
  .get("/gate.css", (c) =>
    // Immutable: the page links it with a version that changes with the content.
    c.body(STYLE, 200, {
      "Content-Type": "text/css; charset=utf-8",
      "Cache-Control": "public, max-age=31536000, immutable",
    }),
  )
  .get("/case", asPage(openLink))
  .get("/cases", signedIn(inboxPage))
  .get("/cases/decided", signedIn(decidedPage))
  .get("/cases/decided.csv", signedIn(decidedCsv))
  .post("/cases/batch", asPage(decideBatch))
  .get(
    "/cases/:id",
    signedIn(async (c, caller) => {
      const { intent, record } = await visibleRecord(c, c.req.param("id") ?? "");
      return casePage(c, { intent, record, caller, link: null });
    }),
  )
  .get("/cases/:id/payload", signedIn(payloadPage))
  .get("/cases/:id/edit", signedIn(editPage))
  .post("/cases/:id/approve", decide("approve"))
  .post("/cases/:id/reject", decide("reject"))
  .post("/cases/:id/edit", asPage(editOnPage));

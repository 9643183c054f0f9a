import { Hono } from "hono";
import { decideIntent, type Said } from "../../app/approvals/decide-intent.ts";
import { visibleDossier, visibleIntent } from "../middleware/guards.ts";
import type { Caller } from "../../app/identity/authenticate.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { decideByLink, followLink, INVALID_LINK, voterBehind, whyOver } from "../api/approvals/links.ts";
import { casePage } from "./case/case-page.ts";
import { editOnPage } from "./case/edit.ts";
import { digestIn, noteIn, readForm, type Form } from "./form.ts";
import { linkPage } from "./link-page.ts";
import { asPage, returnPath } from "./problem-page.ts";
import { queuePage } from "./queue.ts";
import { readerOf, senderOf, SIGN_IN_REQUIRED } from "./page-caller.ts";
import { cameFromElsewhere, continuePage } from "./strict-cookie.ts";
import { STYLE } from "./style.ts";
import { refuse } from "../problem/problem.ts";
import { problemOfUndecided } from "../problem/from-refusal.ts";

/** A page for those who are signed in; everybody else signs in first and comes back. */
function signedIn(run: (c: GateContext, caller: Caller) => Promise<Response>) {
  return asPage(async (c) => {
    const caller = await readerOf(c);
    if (caller !== null) return run(c, caller);
    if (cameFromElsewhere(c)) return continuePage(c);
    return c.redirect(`/sign-in?next=${encodeURIComponent(returnPath(c))}`, 302);
  });
}

/** Opens the case a link is for. Only looks, however often and whoever asks. */
async function openLink(c: GateContext): Promise<Response> {
  const token = c.req.query("link") ?? "";
  const followed = (await followLink(c, token)) ?? refuse(INVALID_LINK);
  const caller = await readerOf(c);
  if (caller === null && cameFromElsewhere(c)) return continuePage(c);
  const over = whyOver(followed, Date.now());
  if (caller === null) return linkPage(c, followed, token, over);
  const { intent, dossier } = await visibleDossier(c, followed.intent.id);
  return casePage(c, { intent, dossier, caller, link: over === null ? token : null });
}

type OnPage = Pick<Said, "decision" | "note" | "digest">;

/** A form of a case page. Answers with the case as it then is. */
function decide(decision: Said["decision"]) {
  return asPage(async (c) => {
    const caller = await senderOf(c);
    const form = await readForm(c);
    const link = form.get("link");
    if (link !== undefined) return byLink(c, caller, link, saidIn(form, decision));
    return caller === null ? refuse(SIGN_IN_REQUIRED) : bySignIn(c, caller, saidIn(form, decision));
  });
}

function saidIn(form: Form, decision: Said["decision"]): OnPage {
  const note = noteIn(form, decision === "approve" ? "comment" : "reason");
  return { decision, note, digest: digestIn(form) };
}

async function byLink(c: GateContext, caller: Caller | null, link: string, said: OnPage): Promise<Response> {
  const followed = await followLink(c, link);
  if (followed === null || followed.intent.id !== c.req.param("id")) return refuse(INVALID_LINK);
  const decided = await decideByLink(c, caller, followed, said);
  if (!decided.ok) return refuse(decided.error);
  return c.redirect(caller === null ? `/case?link=${link}` : `/cases/${followed.intent.id}`, 303);
}

async function bySignIn(c: GateContext, caller: Caller, said: OnPage): Promise<Response> {
  const { intent } = await visibleIntent(c, c.req.param("id") ?? "");
  const voter = await voterBehind(c, caller);
  const decided = await decideIntent(intent, { ...said, voter, link: null }, c.env);
  if (!decided.ok) return refuse(problemOfUndecided(decided.error));
  return c.redirect(`/cases/${intent.id}`, 303);
}

/** The pages people decide on: plain HTML, no script. */
export const cases = new Hono<GateEnv>()
  .get("/", (c) => c.redirect("/cases", 302))
  .get("/gate.css", (c) =>
    // Its address changes with its content.
    c.body(STYLE, 200, {
      "Content-Type": "text/css; charset=utf-8",
      "Cache-Control": "public, max-age=31536000, immutable",
    }),
  )
  .get("/case", asPage(openLink))
  .get("/cases", signedIn(queuePage))
  .get(
    "/cases/:id",
    signedIn(async (c, caller) => {
      const { intent, dossier } = await visibleDossier(c, c.req.param("id") ?? "");
      return casePage(c, { intent, dossier, caller, link: null });
    }),
  )
  .post("/cases/:id/approve", decide("approve"))
  .post("/cases/:id/reject", decide("reject"))
  .post("/cases/:id/edit", asPage(editOnPage));

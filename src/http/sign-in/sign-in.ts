import { Hono } from "hono";
import { html } from "hono/html";
import type { Registry } from "../../core/registry/registry.ts";
import type { Credential, SessionProof, SignInProblem } from "../../ports/identity.ts";
import { principalOfAccount } from "../middleware/accounts.ts";
import { callerOf, requireActive, requireHuman } from "../middleware/auth.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { nextPath } from "./return-path.ts";
import { ownOrigin, publicOrigin, requireSameOrigin } from "../middleware/origin.ts";
import { readForm } from "../pages/form.ts";
import { asPage, problemPage } from "../pages/problem-page.ts";
import { signedInPage, signInPage, type SignInChoices } from "./sign-in-page.ts";
import { cameFromElsewhere, continuePage } from "../pages/strict-cookie.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import { providerId, withButton } from "./providers.ts";
import {
  attemptOf,
  clearAttemptCookie,
  clearSessionCookie,
  sessionTokenOf,
  setAttemptCookie,
} from "../middleware/session-cookie.ts";
import { maySignInLocally, openSession } from "../middleware/sessions.ts";

const WHAT_WENT_WRONG = {
  attempt_unknown: [
    400,
    "This sign-in took too long, is over, or was begun in another browser. Begin again.",
  ],
  denied: [403, "The provider did not sign you in."],
  provider_unavailable: [503, "The provider can't be reached right now. Try again, or sign in another way."],
  keys_unavailable: [503, "The provider's keys can't be had right now. Try again, or sign in another way."],
  malformed: [401, "The provider's answer is not one that proves who you are."],
  unknown_issuer: [401, "The provider's answer is somebody else's."],
  wrong_audience: [401, "The provider's answer is meant for somebody else."],
  expired: [401, "The provider's answer had run out when it came."],
  not_yet_valid: [401, "The provider's answer does not hold yet: its clock and this one differ."],
  bad_signature: [401, "The provider's answer is not signed with its keys."],
} as const satisfies Record<SignInProblem, readonly [Problem["status"], string]>;

/** What the callback was registered as with providers. */
const CALLBACK = "/sign-in/callback";

async function show(c: GateContext): Promise<Response> {
  const next = nextPath(c.req.query("next"));
  if ((await callerOf(c)) !== null) return c.redirect(next, 303);
  if (cameFromElsewhere(c)) return continuePage(c);
  return signInPage(c, await choices(c, next));
}

async function choices(c: GateContext, next: string): Promise<SignInChoices> {
  const { registry } = await c.env.rules.current();
  return {
    next,
    providers: withButton(registry.signIn),
    people: maySignInLocally(c) ? [...registry.people.values()] : null,
  };
}

/** Signs in with a key, or by name where that is how this Gate is run. */
async function signIn(c: GateContext): Promise<Response> {
  // Or another site signs a browser in as somebody else, who then sees what its owner does.
  requireSameOrigin(c);
  const form = await readForm(c);
  const next = nextPath(form.get("next"));
  const person = form.get("person");
  const key = form.get("key")?.trim() ?? "";
  const proof: SessionProof = person === undefined ? { key } : await becoming(c, person);
  if ("key" in proof) {
    const principal = key.length > 512 ? null : await c.env.principals.byKey(key, "fresh");
    if (principal === null) {
      const detail = "This key is not known here.";
      return signInPage(c, await choices(c, next), { status: 401, detail });
    }
    requireActive(principal);
    requireHuman(principal);
  }
  await openSession(c, proof, "key");
  return c.redirect(next, 303);
}

/** The local account of a person of the registry. */
async function becoming(c: GateContext, id: string): Promise<Credential> {
  const { registry } = await c.env.rules.current();
  if (!maySignInLocally(c)) {
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "People sign in by name only on a machine of their own, where its operator said so.",
    });
  }
  const person = registry.people.get(id) ?? refuse(NO_SUCH_PERSON);
  const credential = { kind: "local", issuer: "local", subject: person.id } as const;
  const reached = await c.env.credentials.reach(credential, person);
  if (!reached.ok) throw new Error("a local account is pinned to somebody else");
  requireActive(reached.value);
  requireHuman(reached.value);
  return credential;
}

const NO_SUCH_PERSON: Problem = {
  status: 403,
  code: "person_unknown",
  detail: "There is no such person in gate.yaml.",
};

async function signOut(c: GateContext): Promise<Response> {
  requireSameOrigin(c);
  const token = sessionTokenOf(c);
  if (token !== undefined) await c.env.sessions.close(token);
  clearSessionCookie(c);
  return c.redirect("/sign-in", 303);
}

/** Sends the browser to a provider. */
async function leave(c: GateContext): Promise<Response> {
  const { registry } = await c.env.rules.current();
  const provider = providerOf(c.req.param("provider") ?? "", registry);
  const next = nextPath(c.req.query("next"));
  const origin = publicOrigin(c) ?? ownOrigin(c);
  if (origin !== ownOrigin(c) && c.req.query("here") === undefined) {
    // The provider sends the browser back there, and only what it keeps for there comes with it.
    return c.redirect(`${origin}${c.req.path}?here=&next=${encodeURIComponent(next)}`, 302);
  }
  const redirectUri = origin + CALLBACK;
  const begun = await c.env.signIn.begin(provider, { next, redirectUri, now: Date.now() });
  if (!begun.ok) return wentWrong(c, begun.error);
  setAttemptCookie(c, begun.value.kept);
  return c.redirect(begun.value.url, 302);
}

function providerOf(id: string, { signIn: trusted }: Registry) {
  const found = withButton(trusted).find((provider) => providerId(provider) === id);
  return found ?? refuse({ status: 404, code: "not_found", detail: "There is no such way to sign in." });
}

/** Takes a browser back from a provider. */
async function comeBack(c: GateContext): Promise<Response> {
  const kept = attemptOf(c);
  clearAttemptCookie(c);
  if (kept === undefined) return wentWrong(c, "attempt_unknown");
  const { registry } = await c.env.rules.current();
  const callback = { url: c.req.url, kept, now: Date.now() };
  const finished = await c.env.signIn.finish(withButton(registry.signIn), callback);
  if (!finished.ok) return wentWrong(c, finished.error);
  const { token, next } = finished.value;
  const principal = await principalOfAccount(token, c.env);
  requireActive(principal);
  requireHuman(principal);
  await openSession(c, { kind: "oidc", issuer: token.issuer, subject: token.subject }, "sso");
  return signedInPage(c, next);
}

function wentWrong(c: GateContext, problem: SignInProblem): Response | Promise<Response> {
  const [status, detail] = WHAT_WENT_WRONG[problem];
  return problemPage(c, { status, detail }, html`<p><a href="/sign-in">Sign in</a></p>`);
}

/** The pages on which people sign in. */
export const signInPages = new Hono<GateEnv>()
  .get("/sign-in", asPage(show))
  .post("/sign-in", asPage(signIn))
  .post("/sign-out", asPage(signOut))
  .get(CALLBACK, asPage(comeBack))
  .get("/sign-in/:provider", asPage(leave));

import { enforceRequestLimit } from "../middleware/request-limit.ts";
import { Hono } from "hono";
import { html } from "hono/html";
import { logLine } from "../../core/base/log-line.ts";
import { err } from "../../core/base/result.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { ExternalIdentity, SessionProof, SignInFailure } from "../../ports/identity.ts";
import { principalOfPerson } from "../../app/identity/account.ts";
import { authenticateKey, principalOfAccount } from "../../app/identity/authenticate.ts";
import { callerOf, requireHuman } from "../middleware/auth.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { nextPath } from "./return-path.ts";
import { ownOrigin, publicOrigin, requireSameOrigin } from "../middleware/origin.ts";
import { readForm } from "../pages/form.ts";
import { asPage, problemPage } from "../pages/problem-page.ts";
import { signedInPage, signInPage, type SignInChoices } from "./sign-in-page.ts";
import { cameFromElsewhere, continuePage } from "../pages/strict-cookie.ts";
import { authenticated } from "../problem/from-auth-failure.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import { providerId, withButton } from "./providers.ts";
import {
  attemptOf,
  clearAttemptCookie,
  clearSessionCookie,
  sessionTokenOf,
  setAttemptCookie,
} from "../middleware/session-cookie.ts";
import { maySignInLocally } from "../middleware/local-sign-in.ts";
import { openSession } from "./open-session.ts";
import { signInProblem } from "./sign-in-problem.ts";

/** The redirect URI that operators register with providers. */
const CALLBACK = "/sign-in/callback";

async function show(c: GateContext): Promise<Response> {
  const next = nextPath(c.req.query("next"));
  if ((await callerOf(c)) !== null) return c.redirect(next, 303);
  if (cameFromElsewhere(c)) return continuePage(c);
  return signInPage(c, await choices(c, next));
}

async function choices(c: GateContext, next: string): Promise<SignInChoices> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  return {
    next,
    providers: withButton(registry.signIn),
    people: maySignInLocally(c) ? [...registry.people.values()] : null,
  };
}

/** Ten times the length of Gate's own keys. */
const MAX_KEY_CHARACTERS = 512;

const UNKNOWN_KEY = err({ kind: "unknown_key" } as const);

/** Signs in with a key, or by name where the operator set `--local-sign-in`. */
async function signIn(c: GateContext): Promise<Response> {
  const ports = c.env;
  // Login CSRF: another site could sign the browser in as the attacker, who then sees what its user does.
  requireSameOrigin(c);
  const form = await readForm(c);
  const next = nextPath(form.get("next"));
  const person = form.get("person");
  const key = form.get("key")?.trim() ?? "";
  const proof: SessionProof = person === undefined ? { key } : await localAccountOf(c, person);
  if ("key" in proof) {
    const known = key.length > MAX_KEY_CHARACTERS ? UNKNOWN_KEY : await authenticateKey(key, ports, "fresh");
    if (!known.ok && known.error.kind === "unknown_key") {
      const detail = "This key is not known here.";
      return signInPage(c, await choices(c, next), { status: 401, detail });
    }
    const principal = authenticated(known);
    requireHuman(principal);
    await enforceRequestLimit(c, principal.id);
  }
  await openSession(c, proof, "key");
  return c.redirect(next, 303);
}

/** The local account of a person in gate.yaml; 403 without `--local-sign-in`. */
async function localAccountOf(c: GateContext, id: string): Promise<ExternalIdentity> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  if (!maySignInLocally(c)) {
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "Signing in by name needs --local-sign-in, on the machine that Gate runs on.",
    });
  }
  const account = { kind: "local", issuer: "local", subject: id } as const;
  const principal = await principalOfPerson(account, registry.people.get(id), ports);
  if (!principal.ok && principal.error.kind === "person_unknown") return refuse(NO_SUCH_PERSON);
  if (!principal.ok && principal.error.kind === "identity_already_linked") {
    throw new Error("invariant: a person's local account is linked to that person alone");
  }
  requireHuman(authenticated(principal));
  return account;
}

const NO_SUCH_PERSON: Problem = {
  status: 403,
  code: "person_unknown",
  detail: "gate.yaml has no person with this id.",
};

async function signOut(c: GateContext): Promise<Response> {
  const ports = c.env;
  requireSameOrigin(c);
  const token = sessionTokenOf(c);
  if (token !== undefined) await ports.sessions.close(token);
  clearSessionCookie(c);
  return c.redirect("/sign-in", 303);
}

/** Redirects the browser to a provider. */
async function startAtProvider(c: GateContext): Promise<Response> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  const provider = providerOf(c.req.param("provider") ?? "", registry);
  const next = nextPath(c.req.query("next"));
  const origin = publicOrigin(c) ?? ownOrigin(c);
  if (origin !== ownOrigin(c) && c.req.query("here") === undefined) {
    // The provider redirects to the public origin, so the attempt's cookie must be set there.
    return c.redirect(`${origin}${c.req.path}?here=&next=${encodeURIComponent(next)}`, 302);
  }
  const redirectUri = origin + CALLBACK;
  const begun = await ports.signIn.begin(provider, { next, redirectUri, now: Date.now() });
  if (!begun.ok) return signInFailed(c, begun.error);
  setAttemptCookie(c, begun.value.state, begun.value.sealedAttempt);
  return c.redirect(begun.value.url, 302);
}

function providerOf(id: string, { signIn: trusted }: Registry) {
  const found = withButton(trusted).find((provider) => providerId(provider) === id);
  return (
    found ?? refuse({ status: 404, code: "not_found", detail: "gate.yaml has no such sign-in provider." })
  );
}

/** Finishes a sign-in when the provider redirects the browser back. */
async function finishAtProvider(c: GateContext): Promise<Response> {
  const state = c.req.query("state") ?? "";
  const sealed = attemptOf(c, state);
  clearAttemptCookie(c, state);
  if (sealed === undefined) return signInFailed(c, NO_ATTEMPT);
  const ports = c.env;
  const { registry } = await ports.rules.current();
  const callback = { url: c.req.url, sealedAttempt: sealed, now: Date.now() };
  const finished = await ports.signIn.finish(withButton(registry.signIn), callback);
  if (!finished.ok) return signInFailed(c, finished.error);
  const { token, next } = finished.value;
  requireHuman(authenticated(await principalOfAccount(token, ports)));
  await openSession(c, { kind: "oidc", issuer: token.issuer, subject: token.subject }, "sso");
  return signedInPage(c, next);
}

/** In this browser, or any more. */
const NO_ATTEMPT = { problem: "attempt_unknown", claim: null, issuer: null } as const satisfies SignInFailure;

function signInFailed(c: GateContext, failure: SignInFailure): Response | Promise<Response> {
  // A visitor who makes up a callback fills no log.
  if (failure.issuer !== null) console.error(logLine("sign_in_refused", { ...failure }));
  return problemPage(c, signInProblem(failure), html`<p><a href="/sign-in">Sign in</a></p>`);
}

/** The pages on which people sign in. */
export const signInPages = new Hono<GateEnv>()
  .get("/sign-in", asPage(show))
  .post("/sign-in", asPage(signIn))
  .post("/sign-out", asPage(signOut))
  .get(CALLBACK, asPage(finishAtProvider))
  .get("/sign-in/:provider", asPage(startAtProvider));

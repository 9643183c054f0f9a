import type { MiddlewareHandler, Next } from "hono";
import { canonicalJson } from "../../core/base/json.ts";
import { authenticate, type Caller, type PresentedCredential } from "../../app/identity/authenticate.ts";
import { isHuman, type Principal, type Role } from "../../core/identity/principal.ts";
import type { ReadAge } from "../../ports/principals.ts";
import type { GateContext, GateEnv } from "./context.ts";
import { respondOnce, idempotencyKey } from "./idempotency.ts";
import { requireSameOrigin } from "./origin.ts";
import { readAhead } from "./request-reads.ts";
import { enforceRequestLimit } from "./request-limit.ts";
import { sessionTokenOf } from "./session-cookie.ts";
import { maySignInLocally } from "./local-sign-in.ts";
import { authenticated, refuseRole, refuseUnauthenticated } from "../problem/from-auth-failure.ts";

/** RFC 6750 section 2.1: the scheme is case-insensitive, the token is one word. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;

/** RFC 7519: three parts, the first a JSON object, which in base64url begins like this. Keys never do. */
const BEARER_JWT = /^Bearer +(e[wy][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/i;

/** Admits active principals of these roles; all others get 401 or 403 before their body is read. */
export function requireRole(roles: readonly Role[], age: ReadAge = "fresh"): MiddlewareHandler<GateEnv> {
  return async (c, next) => {
    const ports = c.env;
    const key = idempotencyKey(c);
    const asOf = key === null ? age : "fresh";
    if (asOf === "fresh") readAhead(c);
    const [caller] = await Promise.all([
      callerOf(c, asOf),
      // In one batch with the identity, so that a proposal, which needs both, waits for D1 once.
      asOf === "cached" ? ports.switches.engaged("cached") : null,
    ]);
    if (caller === null) return refuseUnauthenticated();
    const { principal } = caller;
    if (!roles.includes(principal.role)) refuseRole(principal, roles);
    setCaller(c, caller, asOf);
    if (key === null) return next();
    // Here and not in the routes, so that no route can omit it: every POST of an authenticated caller can be repeated.
    return respondOnce(c, key, { principal: principal.id }, async () => {
      await next();
      return c.res;
    });
  };
}

/**
 * The same for short reads that hold nothing: a list is read for whoever the key was a moment ago, while D1 says in the
 * same batch who that is now.
 */
export function requireReader(roles: readonly Role[]): MiddlewareHandler<GateEnv> {
  const strict = requireRole(roles);
  return async (c, next) => {
    const guess = rememberedCaller(c, roles);
    return guess === null ? strict(c, next) : answerIfStill(c, guess, next);
  };
}

/** Whose key it was a moment ago, if that one may make this call; null: read it first. */
function rememberedCaller(c: GateContext, roles: readonly Role[]): Caller | null {
  const header = c.req.header("Authorization");
  const presented = header === undefined || BEARER_JWT.test(header) ? null : presentedIn(c, header);
  const principal = presented?.kind === "key" ? c.env.principals.remembered(presented.key) : null;
  if (principal === null || principal.status !== "active" || !roles.includes(principal.role)) return null;
  return { principal, assurance: "key", via: "key", expiresAt: null };
}

/** The answer leaves only where the caller is still the same. */
async function answerIfStill(c: GateContext, guess: Caller, next: Next): Promise<void> {
  setCaller(c, guess, "fresh");
  // Before the list is read: what a flood reads in vain costs D1 as much.
  await enforceRequestLimit(c, guess.principal.id);
  const [now, answered] = await Promise.allSettled([identify(c, "fresh"), next()]);
  const isSame =
    now.status === "fulfilled" && canonicalJson(now.value?.principal) === canonicalJson(guess.principal);
  if (!isSame) {
    if (now.status === "rejected") throw now.reason;
    refuseUnauthenticated();
  }
  if (answered.status === "rejected") throw answered.reason;
}

/** Stores the caller for the handlers, and has `readBytes` authenticate it again after a slow body. */
export function setCaller(c: GateContext, { principal, assurance }: Caller, age: ReadAge): void {
  c.set("principal", principal);
  c.set("assurance", assurance);
  reauthenticateAfterBody(c, principal, age);
}

/**
 * Has `readBytes` authenticate the sender again after a slow body: a request that began under a valid key must not
 * finish, minutes later, under one that was suspended meanwhile.
 */
export function reauthenticateAfterBody(c: GateContext, { id, role }: Principal, age: ReadAge): void {
  c.set("reauthenticate", async () => {
    const now = await identify(c, age);
    if (now?.principal.id !== id || now.principal.role !== role) refuseUnauthenticated();
  });
}

/** The sender of this request, whose requests are counted: 429 for too many. Null: it presents no proof. */
export async function callerOf(c: GateContext, age: ReadAge = "fresh"): Promise<Caller | null> {
  const caller = await identify(c, age);
  if (caller !== null) await enforceRequestLimit(c, caller.principal.id);
  return caller;
}

/**
 * The sender of this request; null: it presents no key, token or session.
 *
 * @throws 401, 403 or 503 for one that is not valid, 403 for a request that another site triggered (CSRF)
 */
async function identify(c: GateContext, age: ReadAge): Promise<Caller | null> {
  const ports = c.env;
  const header = c.req.header("Authorization");
  // Read without awaiting: the header's look-up must go to D1 in one batch with the caller's other reads.
  const presented = header === undefined ? await presentedByBrowser(c) : presentedIn(c, header);
  return presented === null ? null : authenticated(await authenticate(presented, ports, age, Date.now()));
}

/**
 * The Authorization header takes precedence over the proofs that a browser attaches by itself. If it is not valid the
 * request is refused: falling back would let a page act under the browser's session.
 */
function presentedIn(c: GateContext, header: string): PresentedCredential {
  const jwt = BEARER_JWT.exec(header)?.[1];
  return jwt === undefined ? { kind: "key", key: bearerOf(c) } : { kind: "bearer_token", jwt };
}

/** The proof that a browser attaches by itself, so that another site can make it send it (CSRF). */
async function presentedByBrowser(c: GateContext): Promise<PresentedCredential | null> {
  const assertion = c.req.header("Cf-Access-Jwt-Assertion");
  if (assertion !== undefined && (await trustsAccess(c))) {
    // Access adds the header to every request of a signed-in browser, for its cookie alone.
    requireSameOrigin(c);
    return { kind: "access_assertion", jwt: assertion };
  }
  const token = sessionTokenOf(c);
  if (token === undefined) return null;
  requireSameOrigin(c);
  return { kind: "session", token, acceptsLocal: maySignInLocally(c) };
}

async function trustsAccess(c: GateContext): Promise<boolean> {
  const ports = c.env;
  const { registry } = await ports.rules.current();
  return registry.signIn.access !== null;
}

/** The bearer token of the request, or 401. */
export function bearerOf(c: GateContext): string {
  const token = BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
  return token ?? refuseUnauthenticated();
}

/** Sessions and pages are for people. */
export function requireHuman(principal: Principal): void {
  if (!isHuman(principal)) refuseRole(principal, ["reviewer", "auditor", "admin"]);
}

import type { MiddlewareHandler } from "hono";
import type { Assurance } from "../../core/identity/assurance.ts";
import type { Principal, Role } from "../../core/identity/principal.ts";
import type { TrustedIssuer } from "../../core/registry/registry.ts";
import type { Ports } from "../../ports/ports.ts";
import { principalOfAccount, refuseToken } from "./accounts.ts";
import type { GateContext, GateEnv } from "./context.ts";
import { answerOnce, idempotencyKey } from "./idempotency.ts";
import { requireSameOrigin } from "./origin.ts";
import { refuse } from "../problem/problem.ts";
import { sessionOf } from "./sessions.ts";

/** RFC 6750 section 2.1: the scheme is case-insensitive, the token is one word. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;

/**
 * RFC 7519: three parts, the first a JSON object, which in base64url begins like this. Keys never do. Tokens that
 * list many groups have a few thousand characters.
 */
const BEARER_JWT = /^Bearer +(e[wy][A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*)$/i;

const MAX_JWT_CHARACTERS = 16 * 1024;

/** Who is calling, and how they proved it. */
export interface Caller {
  readonly principal: Principal;
  readonly assurance: Assurance;
  /** `token`: an issuer's, by itself or through Cloudflare Access. */
  readonly via: "key" | "token" | "session";
  /** When the session ends, in milliseconds since the epoch; null: it is none. */
  readonly expiresAt: number | null;
}

const WHAT_ROLES_ARE_CALLED = {
  agent: "an agent's",
  reviewer: "a reviewer's",
  runner: "a runner's",
  auditor: "an auditor's",
  admin: "an admin's",
} as const satisfies Record<Role, string>;

/**
 * Lets in active principals of these roles.
 *
 * @param age `cached` only where nothing follows from the answer by itself (see `Principals.byKey`)
 */
export function allow(roles: readonly Role[], age: "fresh" | "cached" = "fresh"): MiddlewareHandler<GateEnv> {
  return async (c, next) => {
    const key = idempotencyKey(c);
    const asOf = key === null ? age : "fresh";
    const [caller] = await Promise.all([
      callerOf(c, asOf),
      // Read beside the identity, so that the proposal that needs both waits once.
      asOf === "cached" ? c.env.switches.engaged("cached") : null,
    ]);
    if (caller === null) return refuseNobody();
    const { principal, assurance } = caller;
    if (!roles.includes(principal.role)) refuseRole(principal, roles);
    c.set("principal", principal);
    c.set("assurance", assurance);
    admitAgainAfterBody(c, principal, asOf);
    if (key === null) return next();
    // Here and not in the routes: every POST of a known caller can be repeated, and none can forget to be.
    return answerOnce(c, key, { principal: principal.id }, async () => {
      await next();
      return c.res;
    });
  };
}

/**
 * Who is calling; null: nobody is signed in. A credential that proves nothing is the caller's answer, never a reason
 * to look for another: what is sent on purpose speaks for the request, and only then what a browser sends by itself.
 *
 * @throws the 401, 403 or 503 of a credential that proves nothing, or of a browser that another site sent
 */
export async function callerOf(c: GateContext, age: "fresh" | "cached" = "fresh"): Promise<Caller | null> {
  const header = c.req.header("Authorization");
  if (header !== undefined) {
    const jwt = BEARER_JWT.exec(header)?.[1];
    if (jwt !== undefined) {
      const { registry } = await c.env.rules.current();
      return byToken(c, jwt, registry.signIn.oidc, "claimed");
    }
    return {
      principal: await authenticate(bearerOf(c), c.env, age),
      assurance: "key",
      via: "key",
      expiresAt: null,
    };
  }
  const assertion = c.req.header("Cf-Access-Jwt-Assertion");
  if (assertion !== undefined) {
    const { access } = (await c.env.rules.current()).registry.signIn;
    if (access !== null) {
      // Access puts the header there for whatever a signed-in browser sends, its cookie being enough for it.
      requireSameOrigin(c);
      return byToken(c, assertion, [access], "vouched");
    }
  }
  const session = await sessionOf(c);
  if (session === null) return null;
  const { principal, assurance, expiresAt } = session;
  return { principal, assurance, via: "session", expiresAt };
}

/**
 * Has a body that takes its time followed by another look at who sends it (see `readBytes`): what was begun under a
 * good key must not be finished, minutes later, under one that was suspended meanwhile.
 */
export function admitAgainAfterBody(c: GateContext, { id, role }: Principal, age: "fresh" | "cached"): void {
  c.set("admitAgain", async () => {
    const now = await callerOf(c, age);
    if (now?.principal.id !== id || now.principal.role !== role) refuseNobody();
  });
}

async function byToken(
  c: GateContext,
  jwt: string,
  issuers: readonly TrustedIssuer[],
  emails: "claimed" | "vouched",
): Promise<Caller> {
  if (jwt.length > MAX_JWT_CHARACTERS) return refuseToken("malformed");
  const verified = await c.env.tokens.verify(jwt, issuers, emails);
  if (!verified.ok) return refuseToken(verified.error);
  const principal = await principalOfAccount(verified.value, c.env);
  requireActive(principal);
  return { principal, assurance: "sso", via: "token", expiresAt: null };
}

/** The bearer token of the request, or 401. */
export function bearerOf(c: GateContext): string {
  const token = BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
  return token ?? refuseNobody();
}

/** 401: nobody is signed in. */
export function refuseNobody(): never {
  return refuse({
    status: 401,
    code: "unauthorized",
    detail: "Send your key as `Authorization: Bearer <key>`, or sign in.",
    error: "Missing or invalid Authorization header",
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

export async function authenticate(key: string, ports: Ports, age: "fresh" | "cached"): Promise<Principal> {
  const principal = await ports.principals.byKey(key, age);
  if (principal === null) {
    return refuse({
      status: 401,
      code: "invalid_key",
      detail: "This key is not known here.",
      error: "Invalid API key",
      headers: { "WWW-Authenticate": 'Bearer error="invalid_token"' },
    });
  }
  requireActive(principal);
  return principal;
}

export function requireActive(principal: Principal): void {
  if (principal.status === "active") return;
  refuse({
    status: 403,
    code: "agent_inactive",
    detail: `This principal is ${principal.status}.`,
    more: { principal_status: principal.status },
  });
}

/** Sessions and pages are for people. */
export function requireHuman(principal: Principal): void {
  const { role } = principal;
  if (role === "agent" || role === "runner") refuseRole(principal, ["reviewer", "auditor", "admin"]);
}

function refuseRole(principal: Principal, roles: readonly Role[]): never {
  const held = WHAT_ROLES_ARE_CALLED[principal.role];
  const needed = roles.map((role) => WHAT_ROLES_ARE_CALLED[role]).join(" or ");
  const reviewer = roles.includes("reviewer");
  return refuse({
    status: 403,
    code: "forbidden",
    detail: `This is ${held} key; this call needs ${needed}.`,
    error: "forbidden",
    more: reviewer ? { message: "Reviewer API key required for approvals" } : {},
  });
}

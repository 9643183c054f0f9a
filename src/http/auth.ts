import type { MiddlewareHandler } from "hono";
import type { Principal, Role } from "../core/principal.ts";
import type { Ports } from "../ports.ts";
import type { GateContext, GateEnv } from "./context.ts";
import { answerOnce, idempotencyKey } from "./idempotency.ts";
import { refuse } from "./problem.ts";

/** RFC 6750 section 2.1: the scheme is case-insensitive, the token is one word. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]{1,512})$/i;

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
    const [principal] = await Promise.all([
      authenticate(bearerOf(c), c.env, asOf),
      // Read beside the identity, so that the proposal that needs both waits once.
      asOf === "cached" ? c.env.switches.engaged("cached") : null,
    ]);
    if (!roles.includes(principal.role)) refuseRole(principal, roles);
    c.set("principal", principal);
    c.set("assurance", "key");
    if (key === null) return next();
    // Here and not in the routes: every POST of a known caller can be repeated, and none can forget to be.
    return answerOnce(c, key, { principal: principal.id }, async () => {
      await next();
      return c.res;
    });
  };
}

/** The bearer token of the request, or 401. */
export function bearerOf(c: GateContext): string {
  const token = BEARER.exec(c.req.header("Authorization") ?? "")?.[1];
  if (token !== undefined) return token;
  return refuse({
    status: 401,
    code: "unauthorized",
    detail: "Send your key as `Authorization: Bearer <key>`.",
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

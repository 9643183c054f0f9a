import { getCookie, setCookie } from "hono/cookie";
import { sha256Hex } from "../../core/base/digest.ts";
import type { GateContext } from "./context.ts";
import { ownOrigin } from "./origin.ts";

const SESSION = "gate_session";
/** Each attempt has a cookie of its own, so that finishing one tab's breaks no other's. */
const SIGN_IN = "gate_sign_in_";

/** Digits of the state's digest in a cookie's name: enough to tell the attempts of one browser apart. */
const ATTEMPT_DIGITS = 16;

/** Tabs at a provider at once. Each attempt is a kilobyte, and servers refuse long `Cookie` headers. */
const MAX_ATTEMPTS = 5;

/** Time limit of a sign-in with a provider; after it the person starts again. */
const SIGN_IN_TTL_MS = 10 * 60_000;

/** The token of the request's session, unverified. */
export function sessionTokenOf(c: GateContext): string | undefined {
  return read(c, SESSION);
}

/** No other site's link or form carries it along (`SameSite=Strict`), and no script reads it. */
export function setSessionCookie(c: GateContext, token: string, expiresAt: number): void {
  write(c, SESSION, token, { sameSite: "Strict", expires: new Date(expiresAt) });
}

export function clearSessionCookie(c: GateContext): void {
  write(c, SESSION, "", { sameSite: "Strict", maxAge: 0 });
}

/** The sealed sign-in attempt with this state, which the browser stores while it is at the provider. */
export function attemptOf(c: GateContext, state: string): string | undefined {
  return read(c, attemptName(state));
}

/**
 * The provider sends the browser back from its own site: a strict cookie would not come along. Of many unfinished
 * attempts the browser drops the first.
 */
export function setAttemptCookie(c: GateContext, state: string, sealed: string): void {
  const start = (prefixOf(c) === "host" ? "__Host-" : "") + SIGN_IN;
  const names = Object.keys(getCookie(c)).filter((name) => name.startsWith(start));
  for (const name of names.slice(0, Math.max(names.length - MAX_ATTEMPTS + 1, 0))) {
    write(c, SIGN_IN + name.slice(start.length), "", { sameSite: "Lax", maxAge: 0 });
  }
  write(c, attemptName(state), sealed, { sameSite: "Lax", maxAge: SIGN_IN_TTL_MS / 1000 });
}

export function clearAttemptCookie(c: GateContext, state: string): void {
  write(c, attemptName(state), "", { sameSite: "Lax", maxAge: 0 });
}

function attemptName(state: string): string {
  return SIGN_IN + sha256Hex(state).slice(0, ATTEMPT_DIGITS);
}

/**
 * Over https a cookie has the `__Host-` prefix, and only one with it is read: such a cookie is this host's own, so
 * neither a neighbour under the same domain nor an attacker on an unencrypted connection can plant one. Plain http
 * can't have it.
 */
function prefixOf(c: GateContext): "host" | undefined {
  return ownOrigin(c).startsWith("https:") ? "host" : undefined;
}

function read(c: GateContext, name: string): string | undefined {
  const prefix = prefixOf(c);
  return prefix === undefined ? getCookie(c, name) : getCookie(c, name, prefix);
}

function write(
  c: GateContext,
  name: string,
  value: string,
  attributes: { readonly sameSite: "Strict" | "Lax"; readonly expires?: Date; readonly maxAge?: number },
): void {
  const prefix = prefixOf(c);
  const secure = prefix === undefined ? {} : ({ prefix, secure: true } as const);
  setCookie(c, name, value, { ...attributes, ...secure, httpOnly: true, path: "/" });
}

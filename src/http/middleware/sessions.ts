import type { Assurance } from "../../core/identity/assurance.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Credential, Session, SessionProof } from "../../ports/identity.ts";
import type { GateContext } from "./context.ts";
import { isLoopback } from "./host.ts";
import { requireSameOrigin } from "./origin.ts";
import { refuse } from "../problem/problem.ts";
import { sessionTokenOf, setSessionCookie } from "./session-cookie.ts";

/** The request's session; null: it has none, or one that is over. @throws 403 where another site sent the browser */
export async function sessionOf(c: GateContext): Promise<Session | null> {
  const token = sessionTokenOf(c);
  if (token === undefined) return null;
  requireSameOrigin(c);
  const session = await c.env.sessions.find(token, Date.now());
  if (session === null || session.by === "key") return session;
  const { registry } = await c.env.rules.current();
  const isKnown = registry.people.has(session.principal.person ?? "");
  return isKnown && isStillTrusted(session.by, c, registry) ? session : null;
}

/** Who vouched for a session is asked no more: the operator took their word out of the rules. */
function isStillTrusted(
  { kind, issuer }: Pick<Credential, "kind" | "issuer">,
  c: GateContext,
  { signIn }: Registry,
): boolean {
  if (kind === "local") return maySignInLocally(c);
  return signIn.oidc.some((provider) => provider.issuer === issuer);
}

/**
 * Signs the browser in, under a token it never had before: one that somebody planted leads nowhere. Gives the
 * session's end, in milliseconds since the epoch.
 *
 * @throws 401 where the proof was taken back just now
 */
export async function openSession(
  c: GateContext,
  proof: SessionProof,
  assurance: Assurance,
): Promise<number> {
  const opened = await c.env.sessions.open(proof, assurance, Date.now());
  if (opened === null) {
    return refuse({ status: 401, code: "unauthorized", detail: "What you signed in with counts no more." });
  }
  const before = sessionTokenOf(c);
  if (before !== undefined) await c.env.sessions.close(before);
  setSessionCookie(c, opened.token, opened.expiresAt);
  return opened.expiresAt;
}

/** What stands in front of something says so: then who is at the other end is anybody. */
const FORWARDED = [
  "Forwarded",
  "Via",
  "X-Forwarded-For",
  "X-Forwarded-Host",
  "X-Forwarded-Proto",
  "X-Real-IP",
] as const;

/** By name, without proof: on one machine, where its operator said so, and only to browsers on it. */
export function maySignInLocally(c: GateContext): boolean {
  const isForwarded = FORWARDED.some((name) => c.req.header(name) !== undefined);
  return c.env.settings.localSignIn && !isForwarded && isLoopback(new URL(c.req.url).hostname);
}

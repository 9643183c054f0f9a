import type { Registry } from "../core/registry.ts";
import type { Credential, Session } from "../ports/identity.ts";
import { knownPrincipal } from "./accounts.ts";
import type { GateContext } from "./context.ts";
import { isLoopback } from "./host.ts";
import { requireSameOrigin } from "./origin.ts";
import { sessionTokenOf } from "./session-cookie.ts";

/** The request's session; null: it has none, or one that is over. @throws 403 where another site sent the browser */
export async function sessionOf(c: GateContext): Promise<Session | null> {
  const token = sessionTokenOf(c);
  if (token === undefined) return null;
  requireSameOrigin(c);
  const session = await c.env.sessions.find(token, Date.now());
  if (session === null || session.by === "key") return session;
  const { registry } = await c.env.rules.current();
  if (!isStillTrusted(session.by, c, registry)) return null;
  const { principal } = session;
  knownPrincipal({ person: principal.person ?? "", principal }, registry);
  return session;
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

/** By name, without proof: on one machine, where its operator said so, and only to browsers on it. */
export function maySignInLocally(c: GateContext): boolean {
  return c.env.settings.localSignIn && isLoopback(new URL(c.req.url).hostname);
}

import type { Assurance } from "../../core/identity/assurance.ts";
import type { SessionProof } from "../../ports/identity.ts";
import type { GateContext } from "../middleware/context.ts";
import { refuse } from "../problem/problem.ts";
import { sessionTokenOf, setSessionCookie } from "../middleware/session-cookie.ts";

/**
 * Signs the browser in under a new token, so that one an attacker planted is worth nothing (session fixation).
 *
 * @returns the session's end, in milliseconds since the epoch
 * @throws 401 where the proof was revoked just now
 */
export async function openSession(
  c: GateContext,
  proof: SessionProof,
  assurance: Assurance,
): Promise<number> {
  const { sessions } = c.env;
  const opened = await sessions.open(proof, assurance, Date.now());
  if (opened === null) {
    return refuse({
      status: 401,
      code: "unauthorized",
      detail: "The credential used to sign in has been revoked.",
    });
  }
  const before = sessionTokenOf(c);
  if (before !== undefined) await sessions.close(before);
  setSessionCookie(c, opened.token, opened.expiresAt);
  return opened.expiresAt;
}

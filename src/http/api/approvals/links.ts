import { readLink, type LinkClaims } from "../../../app/approvals/approval-link.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { voterOf } from "../../../core/identity/people.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import { decideIntent, type Said } from "../../../app/approvals/decide-intent.ts";
import { ifActive } from "../../../app/identity/account.ts";
import type { Caller } from "../../../app/identity/authenticate.ts";
import type { GateContext } from "../../middleware/context.ts";
import { authenticated } from "../../problem/from-auth-failure.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { problemOf, problemOfUndecided } from "../../problem/from-refusal.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import type { Acted, Intent } from "../../../ports/intents.ts";

/** A link that Gate made, with the intent it is for. */
export interface FollowedLink {
  readonly claims: LinkClaims;
  readonly intent: Intent;
  readonly state: IntentState;
}

export const INVALID_LINK: Problem = {
  status: 404,
  code: "invalid_link",
  detail: "This is not a link that Gate made.",
};

const LINK_EXPIRED: Problem = {
  status: 410,
  code: "link_expired",
  detail: "This link is no longer valid; sign in to see the case.",
};

const SIGN_IN_REQUIRED: Problem = {
  status: 401,
  code: "sign_in_required",
  detail: "This link opens the case; to decide, sign in.",
  headers: { "WWW-Authenticate": "Bearer" },
};

/** Where a link leads. Null: Gate never made it, or its intent is not here. */
export async function followLink(c: GateContext, token: string): Promise<FollowedLink | null> {
  const claims = readLink(c.env, token);
  if (claims === null) return null;
  const intent = c.env.intents.find(claims.intent);
  const state = (await intent?.look()) ?? null;
  return intent === null || state === null ? null : { claims, intent, state };
}

/** Why a link that Gate made decides nothing any more; null: it still may. */
export function whyOver({ claims, state }: FollowedLink, now: number): Problem | null {
  if (state.linksUsed.includes(claims.id)) return problemOf({ reason: "link_used" });
  if (now >= claims.expiresAt) return LINK_EXPIRED;
  if (claims.digest !== state.terms.digest) return problemOf({ reason: "digest_mismatch" });
  if (state.phase === "pending_approval") return null;
  return state.phase === "expired"
    ? problemOf({ reason: "expired", what: "intent" })
    : problemOf({ reason: "wrong_phase", command: "decide", phase: state.phase });
}

/** May this link decide without anybody signed in? Only where the policy says so in words, and for one person. */
export function decidesAlone({ claims, state }: FollowedLink): boolean {
  return claims.person !== null && state.terms.approval.minAssurance === "link";
}

/** The voter behind a signed-in caller; reviewers decide, and nobody else. */
export async function voterBehind(c: GateContext, { principal, assurance }: Caller): Promise<Voter> {
  if (principal.role !== "reviewer") {
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "Reviewers decide, and nobody else.",
      error: "forbidden",
    });
  }
  const { registry } = await c.env.rules.current();
  return voterOf(principal, assurance, registry);
}

/**
 * Decides what a link is for. Whoever is signed in decides as themselves, with their own rights, and uses it up;
 * with nobody signed in it is the person it was sent to.
 */
export async function decideByLink(
  c: GateContext,
  caller: Caller | null,
  followed: FollowedLink,
  said: Pick<Said, "decision" | "note" | "digest">,
): Promise<Result<Acted, Problem>> {
  const over = whyOver(followed, Date.now());
  if (over !== null) return err(over);
  if (caller === null && !decidesAlone(followed)) return err(SIGN_IN_REQUIRED);
  const { claims, intent } = followed;
  const voter = caller === null ? await personOf(c, claims.person ?? "") : await voterBehind(c, caller);
  const digest = said.digest ?? claims.digest;
  const decided = await decideIntent(intent, { ...said, voter, digest, link: claims.id }, c.env);
  return decided.ok ? ok(decided.value) : err(problemOfUndecided(decided.error));
}

/** The person a link was sent to, as long as the registry knows them and nobody took their links back. */
async function personOf(c: GateContext, id: string): Promise<Voter> {
  const { registry } = await c.env.rules.current();
  const person = registry.people.get(id);
  // Of somebody who left, the link is as good as none.
  if (person === undefined) return refuse(INVALID_LINK);
  const reached = await c.env.credentials.reach({ kind: "link", issuer: "gate", subject: id }, person);
  if (!reached.ok) return refuse(INVALID_LINK);
  authenticated(ifActive(reached.value));
  // An admin made them something else: reviewers decide, and nobody else.
  if (reached.value.role !== "reviewer") return refuse(INVALID_LINK);
  return voterOf(reached.value, "link", registry);
}

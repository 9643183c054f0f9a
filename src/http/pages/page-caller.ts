import { admitAgainAfterBody, callerOf, type Caller } from "../middleware/auth.ts";
import type { GateContext } from "../middleware/context.ts";
import { requireSameOrigin } from "../middleware/origin.ts";
import { refuse, type Problem } from "../problem/problem.ts";

const NOT_FOR_PROGRAMS: Problem = {
  status: 403,
  code: "forbidden",
  detail: "These pages are for people: reviewers, auditors and admins.",
  error: "forbidden",
};

export const SIGN_IN_REQUIRED: Problem = {
  status: 401,
  code: "sign_in_required",
  detail: "You are not signed in, or no longer. Nothing was decided.",
};

/** Who looks at a page; null: nobody is signed in. */
export async function readerOf(c: GateContext): Promise<Caller | null> {
  const caller = await callerOf(c);
  if (caller === null) return null;
  const { principal, assurance } = caller;
  if (principal.role === "agent" || principal.role === "runner") return refuse(NOT_FOR_PROGRAMS);
  c.set("principal", principal);
  c.set("assurance", assurance);
  admitAgainAfterBody(c, principal, "fresh");
  return caller;
}

/** Who sends a form of a page, which nobody else's page may make them do. */
export async function senderOf(c: GateContext): Promise<Caller | null> {
  const caller = await readerOf(c);
  if (caller === null || caller.via === "session") requireSameOrigin(c);
  return caller;
}

import type { Caller } from "../../app/identity/authenticate.ts";
import { isHuman } from "../../core/identity/principal.ts";
import { callerOf, setCaller } from "../middleware/auth.ts";
import type { GateContext } from "../middleware/context.ts";
import { requireSameOrigin } from "../middleware/origin.ts";
import { refuse, type Problem } from "../problem/problem.ts";

const PEOPLE_ONLY: Problem = {
  status: 403,
  code: "forbidden",
  detail: "These pages are for people: reviewers, auditors and admins.",
  error: "forbidden",
};

export const SIGN_IN_REQUIRED: Problem = {
  status: 401,
  code: "sign_in_required",
  detail: "You are not signed in, or your session ended. Nothing was decided.",
};

/** The signed-in reader of a page; null: the browser has no session. */
export async function readerOf(c: GateContext): Promise<Caller | null> {
  const caller = await callerOf(c);
  if (caller === null) return null;
  if (!isHuman(caller.principal)) return refuse(PEOPLE_ONLY);
  setCaller(c, caller, "fresh");
  return caller;
}

/** The signed-in sender of a page's form, after the check against CSRF; null: the browser has no session. */
export async function senderOf(c: GateContext): Promise<Caller | null> {
  const caller = await readerOf(c);
  if (caller === null || caller.via === "session") requireSameOrigin(c);
  return caller;
}

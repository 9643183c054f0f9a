import { voterOf } from "../../../core/identity/people.ts";
import type { IntentState } from "../../../core/intent/state.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import { decideIntent, type Said } from "../../../app/approvals/decide-intent.ts";
import { delegatedVoter } from "../../../app/approvals/delegation.ts";
import type { GateContext } from "../../middleware/context.ts";
import type { Problem } from "../../problem/problem.ts";
import { problemOfUndecided } from "../../problem/from-refusal.ts";
import type { Voter } from "../../../core/identity/voter.ts";
import type { Intent } from "../../../ports/intents.ts";

/** What a reviewer says through the API, on one intent or on many. */
export interface Wanted extends Pick<Said, "decision" | "digest" | "note"> {
  /** Whose vote it is, where it is not the caller's own. */
  readonly onBehalfOf: string | null;
}

/** Gives the caller's vote, or the one they may give for somebody else. */
export async function decideAs(
  c: GateContext,
  intent: Intent,
  { onBehalfOf, ...said }: Wanted,
): Promise<Result<IntentState, Problem>> {
  const voter = await callerVoter(c, intent, onBehalfOf);
  if (!voter.ok) return voter;
  const decided = await decideIntent(intent, { ...said, voter: voter.value, link: null }, c.env);
  return decided.ok ? ok(decided.value.state) : err(problemOfUndecided(decided.error));
}

async function callerVoter(
  c: GateContext,
  intent: Intent,
  onBehalfOf: string | null,
): Promise<Result<Voter, Problem>> {
  const { registry } = await c.env.rules.current();
  const own = voterOf(c.var.principal, c.var.assurance, registry);
  if (onBehalfOf === null) return ok(own);
  const voter = await delegatedVoter(intent, own, onBehalfOf, c.env, Date.now());
  return voter === null ? err(NO_DELEGATION) : ok(voter);
}

/** One answer for every reason: who delegates what to whom is not for guessing. */
const NO_DELEGATION: Problem = {
  status: 403,
  code: "delegation_not_found",
  detail: "No delegation in force from them to you covers this intent.",
};

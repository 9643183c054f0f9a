import { logLine } from "../../core/base/log-line.ts";
import { eligibility } from "../../core/intent/approval.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { MandateUse, StandingApproval } from "../../core/intent/mandate.ts";
import { castVote, type VotePorts } from "./decide-intent.ts";
import { grantorOf } from "./mandate-grantor.ts";
import type { Voter } from "../../core/identity/voter.ts";
import type { Intent } from "../../ports/intents.ts";

/** No quorum is larger in practice, and each attempt costs the waiting agent a few calls. */
const MAX_TRIED = 20;

/**
 * Casts the votes of standing approvals that match the intent. Each is one vote like any other, judged by the intent's
 * object under the same exclusions, requirements and kill switches.
 *
 * The intent is recorded as held already: a failure here leaves it pending for people.
 */
export async function applyStandingApprovals(
  intent: Intent,
  held: IntentState,
  matching: readonly StandingApproval[],
  use: MandateUse,
  ports: VotePorts,
  now: number,
): Promise<IntentState> {
  // A payload that a colleague edited was not foreseen by any grantor: it would pass unread.
  if (held.terms.editor !== null) return held;
  // Held for its content, which no grantor can have foreseen.
  if (held.phase !== "pending_approval" || held.terms.heldByContent) return held;
  let state = held;
  try {
    let tried = 0;
    for (const approval of matching) {
      if (state.phase !== "pending_approval" || tried === MAX_TRIED) break;
      const voter = await grantorOf(approval, ports);
      // Checked before a use is spent; the object checks again.
      if (voter === null || eligibility(state, voter) !== null || hasVoted(state, voter)) continue;
      tried += 1;
      state = await applyOne(intent, state, voter, approval, use, ports, now);
    }
  } catch (error) {
    console.error(logLine("standing_approvals_failed", { intent: intent.id, error: String(error) }));
  }
  return state;
}

async function applyOne(
  intent: Intent,
  state: IntentState,
  voter: Voter,
  { id }: StandingApproval,
  use: MandateUse,
  ports: VotePorts,
  now: number,
): Promise<IntentState> {
  if (!(await ports.mandates.recordUse(id, use, now))) return state;
  const { digest } = state.terms;
  // If this throws, the use stays spent: the vote may have been recorded.
  const vote = { decision: "approve", voter, digest, note: null, link: null } as const;
  const decided = await castVote(intent, vote, ports);
  const after = decided.ok ? decided.value.state : ((await intent.getState()) ?? state);
  if (!after.votes.some(({ mandate }) => mandate === id)) {
    await ports.mandates.returnUse(id, intent.id);
  }
  return after;
}

function hasVoted({ votes }: IntentState, { person }: Voter): boolean {
  return votes.some((vote) => vote.person === person || vote.acting === person);
}

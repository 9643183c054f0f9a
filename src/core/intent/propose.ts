import { err, ok, type Result } from "../base/result.ts";
import type { Decision } from "../policy/decision.ts";
import { canonicalJson } from "../base/json.ts";
import { type AppliedRule, GATE, type RecordedEvent } from "./event.ts";
import { foldingWindowMs } from "./limits.ts";
import type { Refusal } from "./refusal.ts";
import type { Instant, IntentState, IntentTerms } from "./state.ts";

/** The first events of an intent: proposed, checked, and the policy's verdict. */
export function openingEvents(terms: IntentTerms, decision: Decision): readonly RecordedEvent[] {
  const at = terms.createdAt;
  const events: RecordedEvent[] = [
    { event: { type: "proposed", terms }, actor: terms.agent, at },
    {
      event: {
        type: "policy_checked",
        outcome: decision.outcome,
        reasonCode: decision.reasonCode,
        rules: appliedRules(decision),
        facts: canonicalJson(decision.facts),
        records: decision.facts.records.effective,
      },
      actor: GATE,
      at,
    },
  ];
  switch (decision.outcome) {
    case "block":
      return [...events, { event: { type: "blocked", reasonCode: decision.reasonCode }, actor: GATE, at }];
    case "hold":
      return [
        ...events,
        { event: { type: "approval_requested", decideBy: terms.decideBy }, actor: GATE, at },
      ];
    case "approve": {
      const executeBy = at + terms.executionWindowMs;
      return [...events, { event: { type: "approved", by: "policy", executeBy }, actor: GATE, at }];
    }
  }
}

/** The rules of the trace that held, blocked or approved. */
export function appliedRules({ trace }: Decision): readonly AppliedRule[] {
  return trace
    .filter((step) => step.outcome !== "pass" && step.outcome !== "skip")
    .map(({ rule, outcome, policy }) => ({ rule, outcome, policy }));
}

/** A repeat's effect: one entry at once, or a count that the end of the window records. */
export interface RepeatResult {
  readonly events: readonly RecordedEvent[];
  readonly state: IntentState;
}

/**
 * A second proposal under the key of an intent that exists: the same request is a duplicate, another request a
 * misuse of the key.
 */
export function repeat(
  state: IntentState,
  requestDigest: string,
  actor: string,
  now: Instant,
): Result<RepeatResult, Refusal> {
  // Erasure destroys the request digest, so every later repeat counts as the same request.
  if (state.erasedAt === null && requestDigest !== state.terms.requestDigest) {
    return err({ reason: "key_reused" });
  }
  return ok(countRepeat(state, actor, now));
}

/** Records a repeat; a storm of them becomes one entry a window. */
export function countRepeat(state: IntentState, actor: string, now: Instant): RepeatResult {
  const { unrecorded, windowEndsAt } = state.duplicates;
  if (windowEndsAt !== null && now < windowEndsAt) {
    return { events: [], state: { ...state, duplicates: { unrecorded: unrecorded + 1, windowEndsAt } } };
  }
  const event = { type: "duplicate_blocked", count: unrecorded + 1 } as const;
  const duplicates = { unrecorded: 0, windowEndsAt: now + foldingWindowMs(now - state.terms.createdAt) };
  return { events: [{ event, actor, at: now }], state: { ...state, duplicates } };
}

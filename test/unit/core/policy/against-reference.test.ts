import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { decided, load, scenarios } from "../../../support/random-policies.ts";
import { referenceVerdict } from "../../../support/reference-evaluator.ts";
import { volume } from "../../../support/volume.ts";

/** Each rule set evaluates this many requests. */
const INTENTS_PER_RULE_SET = 25;
const CASES = volume("EVALUATOR_CASES", { quick: 1_000, chaos: 50_000 });

test(
  "the evaluator agrees with an independent reference evaluator on every generated case",
  { timeout: 300_000 },
  () => {
    const outcomes = new Map<string, number>();
    assert(
      property(scenarios(INTENTS_PER_RULE_SET), (situations) => {
        const [first] = situations;
        if (first === undefined) return;
        const rules = load(first);
        for (const situation of situations) {
          const decision = decided(situation, rules);
          const expected = referenceVerdict(situation);
          outcomes.set(decision.reasonCode, (outcomes.get(decision.reasonCode) ?? 0) + 1);
          const got = {
            outcome: decision.outcome,
            code: decision.reasonCode,
            expiry: decision.expiryMinutes,
            window: decision.executionWindowMinutes,
            retention: decision.retentionDays,
            onNoResponse: decision.onNoResponse,
            heldByContent: decision.heldByContent,
            require: decision.approval.require,
            risk: decision.risk.score,
            shadow: decision.shadow.map(({ reasonCode }) => reasonCode),
          };
          expect(got, JSON.stringify(situation)).toEqual(expected);
        }
      }),
      { numRuns: Math.ceil(CASES / INTENTS_PER_RULE_SET), endOnFailure: true },
    );
    // A fuzzer that only ever meets one rule tests one rule.
    expect(outcomes.size).toBeGreaterThan(25);
  },
);

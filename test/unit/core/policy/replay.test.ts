import { assert, property } from "fast-check";
import { expect, test } from "vitest";
import { reevaluate } from "../../../../cli/policy/recorded.ts";
import type { RecordedIntent } from "../../../../cli/policy/recorded.ts";
import { readRecorded } from "../../../../cli/policy/recorded-file.ts";
import { canonicalJson } from "../../../../src/core/base/json.ts";
import { decided, inputOf, load, scenarios } from "../../../support/random-policies.ts";
import { volume } from "../../../support/volume.ts";

const INTENTS = 25;
const RULE_SETS = volume("REPLAYED_RULE_SETS", { quick: 15, chaos: 160 });

test(
  "evaluating the same input twice gives the same decision to the byte, whatever came between",
  { timeout: 60_000 },
  () => {
    assert(
      property(scenarios(INTENTS), (situations) => {
        const [first] = situations;
        if (first === undefined) return;
        const rules = load(first);
        const answers = situations.map((situation) => canonicalJson(decided(situation, rules)));
        const reloaded = load(first);
        const again = situations.toReversed().map((situation) => canonicalJson(decided(situation, reloaded)));
        expect(again.toReversed()).toEqual(answers);
      }),
      { numRuns: RULE_SETS },
    );
  },
);

test("replaying recorded intents under the same rules changes no decision", { timeout: 60_000 }, () => {
  let decidedAgain = 0;
  assert(
    property(scenarios(INTENTS), (situations) => {
      const [first] = situations;
      if (first === undefined) return;
      const rules = load(first);
      for (const situation of situations) {
        const { request, payload } = inputOf(situation, rules);
        const decision = decided(situation, rules);
        const stored = {
          intent_id: "int_1",
          created_at: 1_700_000_000_000,
          ask: request,
          decision,
          payload:
            payload.kind === "content"
              ? {
                  base64: Buffer.from(payload.bytes).toString("base64"),
                  name: payload.name,
                  media_type: null,
                }
              : payload.kind === "reference"
                ? { reference: payload.name }
                : null,
        };
        const recorded = readRecorded(JSON.parse(JSON.stringify(stored)));
        if (!recorded.ok) throw new Error(recorded.error);
        const again = reevaluate(rules, recorded.value);
        if (again.kind === "unknown") {
          // Only what was out of the agent's scope, or was decided without the counters a rule wants.
          expect(decision.reasonCode.startsWith("agent_") || decision.history === null).toBe(true);
          continue;
        }
        decidedAgain += 1;
        expect(canonicalJson(again.decision)).toBe(canonicalJson(decision));
      }
    }),
    { numRuns: RULE_SETS },
  );
  expect(decidedAgain).toBeGreaterThan(INTENTS * RULE_SETS * 0.5);
});

test("an erased payload is counted as not evaluable, and only where a rule reads it", () => {
  assert(
    property(scenarios(5), (situations) => {
      const [first] = situations;
      if (first === undefined) return;
      const rules = load(first);
      for (const situation of situations) {
        const { request } = inputOf(situation, rules);
        const decision = decided(situation, rules);
        const recorded: RecordedIntent = {
          intentId: "int_1",
          createdAt: 0,
          request,
          decision,
          payload: null,
        };
        const again = reevaluate(rules, recorded);
        if (again.kind === "decided") expect(again.decision.outcome).toBe(decision.outcome);
      }
    }),
    { numRuns: RULE_SETS },
  );
});

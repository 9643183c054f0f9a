import { describe, expect, test } from "vitest";
import type { TraceStep } from "../../../../src/core/policy/decision.ts";
import { evolve } from "../../../../src/core/intent/evolve.ts";
import type { RecordedEvent } from "../../../../src/core/intent/event.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import { openingEvents } from "../../../../src/core/intent/propose.ts";
import {
  claimBy,
  decisionOf,
  fold,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  reportOf,
  T0,
  termsWith,
} from "../../../support/intent-fixtures.ts";

const names = (facts: readonly RecordedEvent[]) => facts.map(({ event }) => event.type);

describe("the opening entries of an intent", () => {
  test.each([
    ["approve", ["proposed", "policy_checked", "approved"], "approved"],
    ["hold", ["proposed", "policy_checked", "approval_requested"], "pending_approval"],
    ["block", ["proposed", "policy_checked", "blocked"], "blocked"],
  ] as const)("follow the policy's outcome: %s", (outcome, events, phase) => {
    const facts = openingEvents(termsWith({ outcome }), decisionOf(outcome));
    expect(names(facts)).toEqual(events);
    expect(fold(facts).phase).toBe(phase);
  });

  test("and all later ones of a completed write are those of the documentation", () => {
    const first = openingEvents(termsWith({ outcome: "approve" }), decisionOf("approve"));
    const ordered = handle(fold(first), orderBy(), T0 + 1);
    const done = handle(ordered.state, reportOf(ORDER_1), T0 + 2);
    expect(names([...first, ...ordered.events, ...done.events])).toEqual([
      "proposed",
      "policy_checked",
      "approved",
      "execution_requested",
      "execution_succeeded",
    ]);
  });

  test("a required claim adds one entry", () => {
    const first = openingEvents(termsWith({ outcome: "approve" }), decisionOf("approve"));
    const ordered = handle(fold(first), orderBy(), T0 + 1);
    const claimed = handle(ordered.state, claimBy(ORDER_1), T0 + 2);
    const done = handle(claimed.state, reportOf(ORDER_1), T0 + 3);
    expect(names([...ordered.events, ...claimed.events, ...done.events])).toEqual([
      "execution_requested",
      "execution_claimed",
      "execution_succeeded",
    ]);
  });

  test("are one instant: the agent proposes, Gate evaluates", () => {
    const facts = openingEvents(termsWith(), decisionOf("hold"));
    expect(facts.map(({ actor, at }) => [actor, at])).toEqual([
      ["agt_1", T0],
      ["gate", T0],
      ["gate", T0],
    ]);
  });

  test("an approval by policy names policy as approver and starts the execution window", () => {
    expect(fold(openingEvents(termsWith(), decisionOf("approve")))).toMatchObject({
      decidedBy: "policy",
      approvedAt: T0,
      executeBy: T0 + 60 * MINUTE_MS,
      decideBy: null,
      votes: [],
    });
  });

  test("the recorded count is the one evaluated, not only the measured one", () => {
    const { facts } = decisionOf("hold");
    const records = { declared: 900, measured: null, effective: 900, uncertain: false };
    const checked = openingEvents(termsWith(), decisionOf("hold", { facts: { ...facts, records } }))[1];
    expect(checked?.event).toMatchObject({ records: 900 });
  });

  test("the rules with a finding are named, without what they saw", () => {
    const step = (rule: string, outcome: TraceStep["outcome"]): TraceStep => ({
      policy: "crm",
      rule,
      line: 3,
      seen: "secret in the payload",
      outcome,
      reasonCode: null,
    });
    const trace = [
      step("a", "pass"),
      step("b", "skip"),
      step("c", "hold"),
      step("d", "block"),
      step("e", "approve"),
    ];
    const checked = openingEvents(termsWith(), decisionOf("block", { trace }))[1];
    expect(checked?.event).toMatchObject({
      rules: [
        { rule: "c", outcome: "hold", policy: "crm" },
        { rule: "d", outcome: "block", policy: "crm" },
        { rule: "e", outcome: "approve", policy: "crm" },
      ],
    });
    expect(JSON.stringify(checked)).not.toContain("secret");
  });
});

test("an intent whose first event is no proposal is refused as a bug", () => {
  const fact: RecordedEvent = {
    event: { type: "approved", by: "policy", executeBy: T0 },
    actor: "gate",
    at: T0,
  };
  expect(() => evolve(null, fact)).toThrow("the first event is proposed, not approved");
});

test.each(["execution_claimed", "execution_succeeded"] as const)(
  "%s without an order throws: an invariant is broken",
  (type) => {
    const held = fold(openingEvents(termsWith(), decisionOf("approve")));
    const event =
      type === "execution_claimed"
        ? { type, order: ORDER_1, by: "agt_1", expiresAt: T0 }
        : {
            type,
            order: ORDER_1,
            by: "agt_1",
            executedAt: null,
            retryable: false,
            result: null,
            proof: null,
          };
    expect(() => evolve(held, { event, actor: "agt_1", at: T0 })).toThrow("needs a current order");
  },
);

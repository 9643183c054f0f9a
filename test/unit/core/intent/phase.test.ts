import { expect, test } from "vitest";
import { PHASES, phasesOf, statusOf, type Phase } from "../../../../src/core/intent/phase.ts";
import { rowOf } from "../../../../src/core/intent/read-model.ts";
import { proposed, T0 } from "../../../support/intent-fixtures.ts";

const STATUS: Readonly<Record<Phase, readonly [plain: string, pulled: string]>> = {
  blocked: ["blocked", "blocked"],
  pending_approval: ["pending_approval", "pending_approval"],
  approved: ["approved", "approved"],
  rejected: ["blocked", "blocked"],
  expired: ["expired", "expired"],
  cancelled: ["blocked", "blocked"],
  withdrawn: ["blocked", "blocked"],
  revoked: ["blocked", "blocked"],
  scheduled: ["scheduled", "scheduled"],
  claimed: ["scheduled", "delivered"],
  succeeded: ["succeeded", "succeeded"],
  failed: ["failed", "failed"],
  indeterminate: ["scheduled", "delivered"],
};

test.each(PHASES)("%s maps to the status that clients poll for", (phase) => {
  expect([statusOf(phase, false), statusOf(phase, true)]).toEqual(STATUS[phase]);
});

test("INV-11: an intent that may have been written never shows as failed, an unknown outcome never as succeeded", () => {
  const shown = (status: string) =>
    PHASES.filter((phase) => statusOf(phase, false) === status || statusOf(phase, true) === status);
  expect(shown("failed")).toEqual(["failed"]);
  expect(shown("succeeded")).toEqual(["succeeded"]);
});

test.each(PHASES)("a list filtered by the exact phase finds %s", (phase) => {
  expect(phasesOf(phase)).toContain(phase);
});

test.each(PHASES.flatMap((phase) => [false, true].map((pulled) => [phase, pulled] as const)))(
  "a list filtered by the status that %s shows (pulled: %s) finds it",
  (phase, pulled) => {
    expect(phasesOf(statusOf(phase, pulled))).toContain(phase);
  },
);

test.each(["", "Approved", "constructor", "__proto__", "approved ", "delivered,approved"])(
  "%j is refused as a phase",
  (word) => {
    expect(phasesOf(word)).toEqual([]);
  },
);

test("the list row of an intent holds codes and numbers, and no note", () => {
  expect(rowOf(proposed("hold"), 3)).toEqual({
    id: `int_${"A".repeat(43)}`,
    agent_id: "agt_1",
    destination: "salesforce.import",
    action: "import",
    policy_id: "crm",
    phase: "pending_approval",
    status: "pending_approval",
    reason_code: "approval_required",
    risk_score: 15,
    risk_level: "low",
    records: 40,
    value_cents: null,
    created_at: T0,
    decide_by: T0 + 3_600_000,
    approved_at: null,
    updated_at: T0,
    group_key: null,
    subject: "5e".repeat(32),
    shape_key: null,
    details: null,
    decided_by: null,
    policies: '["crm","legal"]',
    people: "[]",
    approval: JSON.stringify({
      require: 1,
      votes: 0,
      groups: [],
      people: [],
      min_assurance: "slack",
      decide_by: T0 + 3_600_000,
    }),
    seq: 3,
  });
});

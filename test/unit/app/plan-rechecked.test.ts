import { expect, test } from "vitest";
import { intentsNeedingState, plan } from "../../../src/app/notifications/plan.ts";
import type { RecipientRegistry } from "../../../src/app/notifications/recipients.ts";
import type { Outcome } from "../../../src/core/policy/decision.ts";
import type { LedgerNews } from "../../../src/ports/notifications.ts";
import { proposed, T0 } from "../../support/intent-fixtures.ts";

const registry: RecipientRegistry = {
  channels: new Map([
    [
      "ops",
      { kind: "slack_webhook", id: "ops", for: [], destinations: [], allowPrivate: false, secret: "hook" },
    ],
  ]),
  people: new Map(),
  groups: new Map(),
};

const news: LedgerNews = {
  row: 1,
  intent: "int_1",
  seq: 4,
  event: "policy_rechecked",
  at: T0,
  by: null,
  to: [],
};

test.each([
  ["hold", ["held"]],
  // Nobody can approve what the rules in force block.
  ["block", []],
] as const)("approvers are notified again where changed rules %s what waits", (outcome: Outcome, kinds) => {
  const state = proposed("hold", { id: news.intent, outcome });
  expect(intentsNeedingState([news], registry)).toEqual([news.intent]);
  const states = new Map([[news.intent, state]]);
  const planned = plan({ news: [news], subscriptions: [], registry, states, earlier: [] }, T0);
  expect(planned.map(({ kind }) => kind)).toEqual(kinds);
});

test("approvers are notified again after a restore, which voids the links and questions they hold", () => {
  const restored = { ...news, event: "restored" };
  const state = proposed("hold", { id: news.intent });
  expect(intentsNeedingState([restored], registry)).toEqual([news.intent]);
  const planOf = (phase: typeof state.phase) => {
    const states = new Map([[news.intent, { ...state, phase }]]);
    return plan({ news: [restored], subscriptions: [], registry, states, earlier: [] }, T0);
  };
  expect(planOf("pending_approval").map(({ kind }) => kind)).toEqual(["held"]);
  expect(planOf("indeterminate")).toEqual([]);
});

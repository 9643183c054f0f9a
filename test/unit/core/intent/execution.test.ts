import { describe, expect, test } from "vitest";
import { handle } from "../../../../src/core/intent/handle.ts";
import { MAX_ATTEMPTS, ORDER_TTL_MS } from "../../../../src/core/intent/limits.ts";
import {
  currentOrder,
  isPulled,
  type IntentState,
  type IntentTerms,
} from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  claimBy,
  doing,
  MINUTE_MS,
  ORDER_1,
  ORDER_2,
  ORDER_3,
  orderBy,
  proposed,
  reportOf,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";
import type { Executor } from "../../../../src/core/registry/executor.ts";

const AT = T0 + 3 * MINUTE_MS;
const approved = (change?: Partial<IntentTerms>) => proposed("approve", change);
const ordered = (change?: Partial<IntentTerms>) => after(approved(change), [1, orderBy()]);
const claimed = (change?: Partial<IntentTerms>) => after(ordered(change), [2, claimBy(ORDER_1)]);

describe("INV-11: ordering an approved intent", () => {
  const MODES: readonly Executor[] = ["runner", "gate", "forward", "external_pull"];

  test.each(MODES.flatMap((executor) => MODES.map((mode) => [executor, mode] as const)))(
    "where the destination says %s, an order for %s is answered accordingly",
    (executor, mode) => {
      const expected = executor === mode ? "execution_requested" : "!wrong_executor";
      expect(doing(approved({ executor }), orderBy({ mode }), AT)).toBe(expected);
    },
  );

  test.each(MODES)(
    "where no executor is configured, the first order chooses it: %s, and only one order is live",
    (mode) => {
      const state = after(approved(), [1, orderBy({ mode })]);
      expect(currentOrder(state)?.mode).toBe(mode);
      for (const other of MODES) {
        expect(doing(state, orderBy({ mode: other }), AT)).toBe(other === mode ? "-" : "!wrong_phase");
      }
    },
  );

  test.each(["agt_2", "rev_ana", "gate", "", AGENT.toUpperCase()])(
    "INV-04: only the proposer orders, not %j",
    (agent) => {
      expect(doing(approved(), orderBy({ agent }), AT)).toBe("!not_proposer");
      expect(doing(ordered(), orderBy({ agent }), AT)).toBe("!not_proposer");
    },
  );

  test("ordering again returns the same order with the same time, and never a second one", () => {
    const state = ordered();
    const again = handle(state, orderBy(), T0 + 10 * MINUTE_MS);
    expect(again).toMatchObject({ events: [], changed: false, refusal: null });
    expect(again.state.orders).toEqual([
      {
        id: ORDER_1,
        fence: 1,
        mode: "runner",
        issuedTo: AGENT,
        issuedAt: T0 + MINUTE_MS,
        expiresAt: T0 + MINUTE_MS + ORDER_TTL_MS,
        claim: null,
        report: null,
      },
    ]);
  });
});

test("shorter limits of the deployment shorten order, claim and heartbeat", () => {
  const limits = { orderMs: 60_000, claimMs: 10_000 };
  const order = handle(approved(), orderBy(), AT, limits).state;
  expect(currentOrder(order)?.expiresAt).toBe(AT + 60_000);
  const claim = handle(order, claimBy(ORDER_1), AT, limits).state;
  expect(currentOrder(claim)?.claim?.expiresAt).toBe(AT + 10_000);
  const extended = handle(claim, { type: "heartbeat", order: ORDER_1, by: AGENT }, AT + 9_000, limits).state;
  expect(currentOrder(extended)?.claim?.expiresAt).toBe(AT + 19_000);
});

describe("INV-04: who may claim and report an order", () => {
  const SOMEBODY = ["agt_2", "run_2", "gate", "rev_ana", "", "__proto__"];

  test.each(SOMEBODY)("without named runners only the one who ordered: not %j", (by) => {
    expect(doing(ordered(), claimBy(ORDER_1, { by }), AT)).toBe("!not_runner");
    expect(doing(ordered(), reportOf(ORDER_1, { by }), AT)).toBe("!not_runner");
    expect(doing(claimed(), { type: "heartbeat", order: ORDER_1, by }, AT)).toBe("!not_runner");
    expect(doing(claimed(), reportOf(ORDER_1, { by }), AT)).toBe("!not_runner");
  });

  test("with named runners only those, not the one who ordered", () => {
    const state = ordered({ runners: ["run_1", "run_2"] });
    expect(doing(state, claimBy(ORDER_1), AT)).toBe("!not_runner");
    expect(doing(state, reportOf(ORDER_1), AT)).toBe("!not_runner");
    expect(doing(state, claimBy(ORDER_1, { by: "run_2" }), AT)).toBe("execution_claimed");
    expect(doing(state, reportOf(ORDER_1, { by: "run_1" }), AT)).toBe("execution_succeeded");
  });

  test("after a claim only the claimant, not another named runner", () => {
    const state = after(ordered({ runners: ["run_1", "run_2"] }), [2, claimBy(ORDER_1, { by: "run_1" })]);
    expect(doing(state, claimBy(ORDER_1, { by: "run_2" }), AT)).toBe("!already_claimed");
    expect(doing(state, reportOf(ORDER_1, { by: "run_2" }), AT)).toBe("!not_runner");
    expect(doing(state, { type: "heartbeat", order: ORDER_1, by: "run_2" }, AT)).toBe("!not_runner");
    expect(doing(state, reportOf(ORDER_1, { by: "run_1" }), AT)).toBe("execution_succeeded");
  });

  test("a claim is given once, also to the same worker", () => {
    expect(doing(claimed(), claimBy(ORDER_1), AT)).toBe("!already_claimed");
  });

  test("where a claim is required, a report without one is refused and one after it is accepted", () => {
    expect(doing(ordered({ claimRequired: true }), reportOf(ORDER_1), AT)).toBe("!claim_required");
    expect(doing(claimed({ claimRequired: true }), reportOf(ORDER_1), AT)).toBe("execution_succeeded");
  });

  test.each(["", "exe_", ORDER_2, `exe_${"B".repeat(43)}_1`, `${ORDER_1} `, `${ORDER_1}0`])(
    "an order id that was never issued is not found: %j",
    (id) => {
      expect(doing(ordered(), claimBy(id), AT)).toBe("!not_found");
      expect(doing(claimed(), reportOf(id), AT)).toBe("!not_found");
      expect(doing(claimed(), { type: "heartbeat", order: id, by: AGENT }, AT)).toBe("!not_found");
    },
  );
});

describe("INV-04: reporting an outcome", () => {
  test.each([
    ["succeeded", "execution_succeeded", "succeeded"],
    ["failed", "execution_failed", "failed"],
    ["indeterminate", "execution_indeterminate", "indeterminate"],
  ] as const)("a report of %s is accepted once", (outcome, event, phase) => {
    const done = handle(claimed(), reportOf(ORDER_1, { outcome, executedAt: T0, result: "{}" }), AT);
    expect(done.events.map((fact) => fact.event.type)).toEqual([event]);
    expect(done.state.phase).toBe(phase);
    for (const second of ["succeeded", "failed", "indeterminate"] as const) {
      const again = handle(done.state, reportOf(ORDER_1, { outcome: second }), AT + 1);
      expect(again).toMatchObject({ events: [], refusal: { reason: "already_reported" } });
      expect(again.state).toBe(done.state);
    }
  });

  test("a success is never retryable, whatever the worker reports", () => {
    const state = after(claimed(), [3, reportOf(ORDER_1, { retryable: true })]);
    expect(currentOrder(state)?.report?.retryable).toBe(false);
    expect(doing(state, orderBy(), T0 + 4 * MINUTE_MS)).toBe("!wrong_phase");
  });

  test("an unknown outcome is not retryable unless the destination is idempotent", () => {
    const report = reportOf(ORDER_1, { outcome: "indeterminate", retryable: true });
    expect(doing(after(claimed(), [3, report]), orderBy(), T0 + 4 * MINUTE_MS)).toBe("!wrong_phase");
    expect(doing(after(claimed({ idempotent: true }), [3, report]), orderBy(), T0 + 4 * MINUTE_MS)).toBe(
      "execution_requested",
    );
  });

  test("an idempotent destination does not make a plain failure retryable", () => {
    const state = after(claimed({ idempotent: true }), [3, reportOf(ORDER_1, { outcome: "failed" })]);
    expect(doing(state, orderBy(), T0 + 4 * MINUTE_MS)).toBe("!wrong_phase");
  });

  test("the worker's time of execution is stored beside Gate's own time", () => {
    const state = after(claimed(), [3, reportOf(ORDER_1, { executedAt: 12 })]);
    expect(currentOrder(state)?.report).toEqual({
      outcome: "succeeded",
      by: AGENT,
      at: AT,
      executedAt: 12,
      retryable: false,
      proof: "none",
    });
  });
});

describe("INV-11: further attempts of one intent", () => {
  const retryable = (id: string) => reportOf(id, { outcome: "failed", retryable: true });

  function attempts(): IntentState {
    return after(
      approved(),
      [1, orderBy()],
      [2, retryable(ORDER_1)],
      [3, orderBy()],
      [4, retryable(ORDER_2)],
      [5, orderBy()],
      [6, retryable(ORDER_3)],
    );
  }

  test("have a new order and a higher fence each, up to the limit", () => {
    const state = attempts();
    expect(state.orders.map(({ id, fence }) => [id, fence])).toEqual([
      [ORDER_1, 1],
      [ORDER_2, 2],
      [ORDER_3, 3],
    ]);
    expect(MAX_ATTEMPTS).toBe(3);
    expect(doing(state, orderBy(), T0 + 7 * MINUTE_MS)).toBe("!attempts_exhausted");
  });

  test("make an order of an earlier attempt useless", () => {
    const state = after(approved(), [1, orderBy()], [2, retryable(ORDER_1)], [3, orderBy()]);
    expect(doing(state, claimBy(ORDER_1), T0 + 4 * MINUTE_MS)).toBe("!order_superseded");
    expect(doing(state, reportOf(ORDER_1), T0 + 4 * MINUTE_MS)).toBe("!order_superseded");
    expect(doing(state, { type: "heartbeat", order: ORDER_1, by: AGENT }, T0 + 4 * MINUTE_MS)).toBe(
      "!order_superseded",
    );
    expect(doing(state, reportOf(ORDER_2), T0 + 4 * MINUTE_MS)).toBe("execution_succeeded");
  });

  test("supersede an unclaimed order that lapsed, whose late claim is refused", () => {
    const lapsed = after(ordered({ claimRequired: true }), [16, { type: "tick" }]);
    expect(lapsed).toMatchObject({ phase: "approved", executeBy: T0 + 60 * MINUTE_MS });
    expect(doing(lapsed, claimBy(ORDER_1), T0 + 17 * MINUTE_MS)).toBe("!expired");
    const again = after(lapsed, [17, orderBy()]);
    expect(doing(again, claimBy(ORDER_1), T0 + 18 * MINUTE_MS)).toBe("!order_superseded");
    expect(doing(again, claimBy(ORDER_2), T0 + 18 * MINUTE_MS)).toBe("execution_claimed");
  });

  test("follow a lapse only at an idempotent destination, and never beside a live order", () => {
    const lapsed = after(claimed({ idempotent: true }), [8, { type: "tick" }]);
    expect(lapsed.phase).toBe("indeterminate");
    const again = after(lapsed, [9, orderBy()]);
    expect(currentOrder(again)).toMatchObject({ id: ORDER_2, fence: 2, claim: null, report: null });
    expect(doing(again, orderBy(), T0 + 10 * MINUTE_MS)).toBe("-");
  });

  test("are refused once the approval is stale", () => {
    const state = after(approved(), [1, orderBy()], [2, retryable(ORDER_1)]);
    expect(doing(state, orderBy({ bindings: { policies: [], configHash: "" } }), AT)).toBe(
      "binding_refused !approval_stale",
    );
  });
});

describe("resolving an indeterminate outcome", () => {
  const unknown = after(claimed(), [3, reportOf(ORDER_1, { outcome: "indeterminate" })]);
  const resolve = { type: "resolve", by: "rev_x", outcome: "executed", note: "checked" } as const;

  test.each([
    ["an admin", null, "outcome_resolved"],
    ["an eligible reviewer", voterNamed("ana"), "outcome_resolved"],
    ["the owner", voterNamed("olaf"), "!self_approval_forbidden"],
    ["a link", voterNamed("ana", { assurance: "link" }), "!assurance_too_low"],
  ] as const)("is accepted from or refused to a caller: %s", (_who, voter, outcome) => {
    expect(doing(unknown, { ...resolve, voter }, AT)).toBe(outcome);
  });
});

describe("INV-11: a download", () => {
  const pulled = after(approved({ executor: "external_pull" }), [1, orderBy({ mode: "external_pull" })]);

  test("counts as the claim, because it hands over the payload", () => {
    expect(isPulled(pulled)).toBe(false);
    expect(isPulled(after(pulled, [2, claimBy(ORDER_1)]))).toBe(true);
    expect(isPulled(claimed())).toBe(false);
    expect(doing(after(pulled, [2, claimBy(ORDER_1)]), claimBy(ORDER_1), AT)).toBe("!already_claimed");
  });
});

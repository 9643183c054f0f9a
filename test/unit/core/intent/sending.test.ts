import { describe, expect, test } from "vitest";
import type { IntentCommand } from "../../../../src/core/intent/command.ts";
import { GATE } from "../../../../src/core/intent/event.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import { CLAIM_TTL_MS, MAX_ATTEMPTS, ORDER_TTL_MS } from "../../../../src/core/intent/limits.ts";
import { sendBackoffMs } from "../../../../src/core/intent/send-backoff.ts";
import { isSendDue } from "../../../../src/core/intent/sending.ts";
import { currentOrder, type IntentState, type IntentTerms } from "../../../../src/core/intent/state.ts";
import {
  after,
  AGENT,
  approveBy,
  claimBy,
  doing,
  inForceOf,
  MINUTE_MS,
  ORDER_1,
  ORDER_2,
  orderBy,
  proposed,
  reportOf,
  SECOND_MS,
  T0,
  termsWith,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

const AT = T0 + 4 * MINUTE_MS;

const begin: IntentCommand = { type: "begin", bindings: inForceOf(termsWith()) };
const unclaim = (order: string, undone: number): IntentCommand => ({ type: "unclaim", order, undone });
const finished = (order: string, change: Parameters<typeof reportOf>[1] = {}) =>
  reportOf(order, { by: GATE, ...change });

const BY_GATE = { executor: "gate", sending: "by_gate" } as const;
const approved = (change?: Partial<IntentTerms>) => proposed("approve", { ...BY_GATE, ...change });
const begun = (change?: Partial<IntentTerms>) => after(approved(change), [1, begin]);
const undone = (change?: Partial<IntentTerms>) => after(begun(change), [2, unclaim(ORDER_1, 0)]);

describe("INV-11: beginSend", () => {
  test.each([
    ["gate", "by_gate"],
    ["forward", "by_gate"],
    ["forward", "on_repeat"],
  ] as const)("orders and claims in one step as Gate: %s, %s", (executor, sending) => {
    const { events, state } = handle(approved({ executor, sending }), begin, AT);
    expect(events).toMatchObject([
      {
        actor: GATE,
        event: { type: "execution_requested", order: ORDER_1, fence: 1, mode: executor, issuedTo: GATE },
      },
      { actor: GATE, event: { type: "execution_claimed", order: ORDER_1, by: GATE } },
    ]);
    expect(state.phase).toBe("claimed");
    expect(currentOrder(state)).toMatchObject({
      expiresAt: AT + ORDER_TTL_MS,
      claim: { by: GATE, at: AT, expiresAt: AT + CLAIM_TTL_MS },
    });
  });

  const OTHERS: readonly (readonly [string, Partial<IntentTerms>])[] = [
    ["a runner", { executor: "runner", sending: null }],
    ["a download", { executor: "external_pull", sending: null }],
    ["the first to order", { executor: null, sending: null }],
    ["Gate, without a request that it could send", { executor: "gate", sending: null }],
    ["a runner, whatever the sending mode", { executor: "runner", sending: "by_gate" }],
    ["no named executor", { executor: null, sending: "on_repeat" }],
  ];
  test.each(OTHERS)("is refused where the write is for %s", (_who, terms) => {
    expect(doing(proposed("approve", terms), begin, AT)).toBe("!wrong_executor");
  });

  test("succeeds once: a second caller learns that the order is claimed", () => {
    expect(doing(begun(), begin, AT)).toBe("!already_claimed");
  });

  test.each([
    ["before anybody approved", proposed("hold", BY_GATE), "!wrong_phase"],
    ["when policy blocked the intent", proposed("block", BY_GATE), "!wrong_phase"],
    ["after its window", approved({ executionWindowMs: 4 * MINUTE_MS }), "expired !expired"],
    [
      "after the approval was taken back",
      after(approved(), [1, { type: "revoke", by: "rev_ana", note: null }]),
      "!wrong_phase",
    ],
    ["once it is done", after(begun(), [2, finished(ORDER_1)]), "!wrong_phase"],
    [
      "once it has failed for good",
      after(begun(), [2, finished(ORDER_1, { outcome: "failed" })]),
      "!wrong_phase",
    ],
    [
      "while the outcome is unknown",
      after(begun(), [2, finished(ORDER_1, { outcome: "indeterminate" })]),
      "!wrong_phase",
    ],
  ] as const)("is refused %s", (_when, state, expected) => {
    expect(doing(state, begin, AT)).toBe(expected);
  });

  test("is refused under other rules than the approval's, which is recorded once, also after an undone claim", () => {
    const other: IntentCommand = { type: "begin", bindings: { policies: [], configHash: "" } };
    for (const state of [approved(), undone()]) {
      expect(doing(state, other, AT)).toBe("binding_refused !approval_stale");
      expect(doing(handle(state, other, AT).state, other, AT + 1)).toBe("!approval_stale");
    }
  });
});

describe("INV-04: a write that Gate sends is out of reach of other callers", () => {
  const OTHERS = [AGENT, "agt_2", "run_1", "rev_ana", "adm_1", "", "Gate"];

  test.each(OTHERS)("%j can't order, claim, extend or report it", (by) => {
    for (const state of [approved(), begun(), undone()]) {
      const ordering = by === AGENT ? "!wrong_executor" : "!not_proposer";
      for (const mode of ["gate", "forward", "runner", "external_pull"] as const) {
        expect(doing(state, orderBy({ agent: by, mode }), AT)).toBe(ordering);
      }
    }
    for (const state of [begun(), undone(), begun({ runners: ["run_1"] }), undone({ runners: ["run_1"] })]) {
      expect(doing(state, claimBy(ORDER_1, { by }), AT)).toBe("!not_runner");
      expect(doing(state, reportOf(ORDER_1, { by }), AT)).toBe("!not_runner");
      expect(doing(state, { type: "heartbeat", order: ORDER_1, by }, AT)).toMatch(
        /^!(not_runner|wrong_phase)$/,
      );
    }
  });

  test("Gate neither claims nor reports a runner's order", () => {
    const theirs = after(proposed("approve"), [1, orderBy()]);
    const runners = after(proposed("approve", { runners: ["run_1", GATE] }), [1, orderBy()]);
    for (const state of [theirs, runners]) {
      expect(doing(state, claimBy(ORDER_1, { by: GATE }), AT)).toBe("!not_runner");
      expect(doing(state, finished(ORDER_1), AT)).toBe("!not_runner");
      expect(doing(state, begin, AT)).toBe("!wrong_executor");
    }
  });

  test("Gate itself claims it only by beginSend", () => {
    expect(doing(undone(), claimBy(ORDER_1, { by: GATE }), AT)).toBe("!not_runner");
  });

  test("Gate reports it even where runners are named", () => {
    expect(doing(begun({ runners: ["run_1"] }), finished(ORDER_1), AT)).toBe("execution_succeeded");
  });
});

describe("INV-11: a claim under which nothing was sent", () => {
  test("is undone, and the same order is claimed again after a pause", () => {
    const state = undone();
    expect(state.phase).toBe("scheduled");
    expect(currentOrder(state)).toMatchObject({
      id: ORDER_1,
      claim: null,
      undone: { count: 1, at: T0 + 2 * MINUTE_MS },
    });
    const again = T0 + 2 * MINUTE_MS + sendBackoffMs(1) / 2;
    expect(doing(state, begin, again - 1)).toBe("!retry_later");
    expect(doing(state, begin, again)).toBe("execution_claimed");
  });

  test("is not undone for a later attempt: a late or repeated undo changes nothing", () => {
    const second = after(undone(), [3, begin]);
    expect(doing(second, unclaim(ORDER_1, 0), AT)).toBe("!wrong_phase");
    expect(doing(second, unclaim(ORDER_1, 2), AT)).toBe("!wrong_phase");
    expect(doing(second, unclaim(ORDER_2, 1), AT)).toBe("!wrong_phase");
    expect(doing(second, unclaim(ORDER_1, 1), AT)).toBe("execution_claim_undone");
    expect(doing(undone(), unclaim(ORDER_1, 0), AT)).toBe("!wrong_phase");
  });

  test("is not undone after it was reported or has lapsed", () => {
    expect(doing(after(begun(), [2, finished(ORDER_1)]), unclaim(ORDER_1, 0), AT)).toBe("!wrong_phase");
    expect(doing(begun(), unclaim(ORDER_1, 0), T0 + 6 * MINUTE_MS)).toBe(
      "execution_indeterminate !wrong_phase",
    );
  });

  /** Entries of a write that can never be sent, with an attempt every `every` milliseconds. */
  function entriesOfFailingSends(every: number): { readonly entries: number; readonly phase: string } {
    let state: IntentState = approved({ executionWindowMs: 24 * 60 * MINUTE_MS });
    let entries = 0;
    for (let now = T0; now < T0 + 25 * 60 * MINUTE_MS; now += every) {
      const started = handle(state, begin, now);
      const order = currentOrder(started.state);
      entries += started.events.length;
      state = started.state;
      if (started.refusal !== null || order === undefined) continue;
      const given = handle(state, unclaim(order.id, order.undone?.count ?? 0), now);
      entries += given.events.length;
      state = given.state;
    }
    return { entries, phase: state.phase };
  }

  test("causes no flood: an agent that retries all day adds at most a hundred entries until it expires", () => {
    for (const every of [SECOND_MS, 10 * SECOND_MS, MINUTE_MS]) {
      const { entries, phase } = entriesOfFailingSends(every);
      expect(entries).toBeLessThanOrEqual(100);
      expect(phase).toBe("expired");
    }
  });
});

describe("INV-11: further attempts of a send", () => {
  test("a retryable answer is followed by a new order with a higher fence, three at most", () => {
    let state = approved({ idempotent: true });
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
      state = after(state, [attempt, begin]);
      const order = currentOrder(state)?.id ?? "";
      state = after(state, [attempt + 0.5, finished(order, { outcome: "failed", retryable: true })]);
    }
    expect(state.orders.map(({ fence, issuedTo }) => [fence, issuedTo])).toEqual([
      [1, GATE],
      [2, GATE],
      [3, GATE],
    ]);
    expect(doing(state, begin, AT)).toBe("!attempts_exhausted");
    expect(isSendDue(state, AT)).toBe(false);
  });

  test("a lapsed claim is retried only where the provider recognises repeats", () => {
    const late = T0 + 7 * MINUTE_MS;
    expect(doing(begun(), begin, late)).toBe("execution_indeterminate !wrong_phase");
    expect(doing(begun({ idempotent: true }), begin, late)).toBe(
      "execution_indeterminate execution_requested execution_claimed",
    );
  });

  test("the late report of a lapsed attempt neither ends nor changes the next attempt", () => {
    const second = after(begun({ idempotent: true }), [7, begin]);
    const at = T0 + 8 * MINUTE_MS;
    expect(doing(second, finished(ORDER_1), at)).toBe("!order_superseded");
    expect(doing(second, unclaim(ORDER_1, 0), at)).toBe("!wrong_phase");
    expect(doing(second, finished(ORDER_2), at)).toBe("execution_succeeded");
  });

  test("an erased intent is not sent any more, whatever the clock says", () => {
    const failed = after(begun({ executionWindowMs: 10 * MINUTE_MS, idempotent: true }), [
      2,
      finished(ORDER_1, { outcome: "failed", retryable: true }),
    ]);
    const erased = after(failed, [11, { type: "erase", by: "adm_1", note: "asked for" }]);
    expect(doing(erased, begin, T0 + 3 * MINUTE_MS)).toBe("!wrong_phase");
  });
});

describe("whether Gate sends now", () => {
  const ana = voterNamed("ana");
  const idempotent = { idempotent: true };
  const indeterminate = finished(ORDER_1, { outcome: "indeterminate" });
  const STATES: readonly (readonly [string, IntentState, boolean])[] = [
    ["held", proposed("hold", BY_GATE), false],
    ["blocked", proposed("block", BY_GATE), false],
    ["approved by policy", approved(), true],
    ["approved by a person", after(proposed("hold", BY_GATE), [1, approveBy(ana)]), true],
    ["approved, and over", approved({ executionWindowMs: 4 * MINUTE_MS }), false],
    ["approved, and the agent's to repeat", approved({ executor: "forward", sending: "on_repeat" }), false],
    ["approved, and a runner's", approved({ executor: "runner", sending: null }), false],
    ["being sent", begun(), false],
    ["begun, and nothing was sent", undone(), true],
    ["sent", after(begun(), [2, finished(ORDER_1)]), false],
    ["failed", after(begun(), [2, finished(ORDER_1, { outcome: "failed" })]), false],
    ["failed for now", after(begun(), [2, finished(ORDER_1, { outcome: "failed", retryable: true })]), true],
    ["unknown", after(begun(), [2, indeterminate]), false],
    ["unknown, where the provider knows a repeat", after(begun(idempotent), [2, indeterminate]), true],
    ["taken back", after(undone(), [3, { type: "revoke", by: "rev_ana", note: null }]), false],
  ];

  test.each(STATES)("is computed from the state: %s", (_which, state, expected) => {
    expect(isSendDue(state, AT)).toBe(expected);
  });

  test.each(STATES)("agrees with beginSend in the state: %s", (_which, state, expected) => {
    if (expected) expect(doing(state, begin, AT)).toMatch(/execution_claimed$/);
  });

  test("is no for an undone order whose time is over", () => {
    expect(isSendDue(undone(), T0 + MINUTE_MS + ORDER_TTL_MS)).toBe(false);
  });
});

test.each([
  [0, 5],
  [1, 5],
  [2, 10],
  [3, 20],
  [6, 160],
  [7, 300],
  [100, 300],
  [1e9, 300],
])("after %d attempts the pause is %d seconds", (attempts, seconds) => {
  expect(sendBackoffMs(attempts)).toBe(seconds * SECOND_MS);
});

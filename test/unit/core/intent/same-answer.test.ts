import { describe, expect, test } from "vitest";
import type { IntentCommand } from "../../../../src/core/intent/command.ts";
import {
  after,
  AGENT,
  approveBy,
  claimBy,
  doing,
  MINUTE_MS,
  ORDER_1,
  orderBy,
  proposed,
  rejectBy,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

/* The same person's same decision on the same digest again: as the first time, and nothing is recorded (faults E). */

const ana = voterNamed("ana");
const ben = voterNamed("ben");
const LATER = T0 + 5 * MINUTE_MS;
const pending = proposed("hold");
const approved = after(pending, [1, approveBy(ana)]);
const cancel = (voter: typeof ana): IntentCommand => ({ type: "cancel", voter, note: null });
const withdraw: IntentCommand = { type: "withdraw", agent: AGENT, note: "wrong list" };

describe("the same answer again changes nothing", () => {
  test.each<readonly [string, typeof pending, IntentCommand]>([
    ["a rejection", after(pending, [1, rejectBy(ana)]), rejectBy(ana)],
    [
      "a rejection by a link that is used",
      after(pending, [1, rejectBy(ana, { link: "l" })]),
      rejectBy(ana, { link: "l" }),
    ],
    ["a rejection that revoked", after(approved, [2, rejectBy(ana)]), rejectBy(ana)],
    ["a cancellation", after(pending, [1, cancel(ana)]), cancel(ana)],
    ["a cancellation that revoked", after(approved, [2, cancel(ana)]), cancel(ana)],
    ["a withdrawal", after(pending, [1, withdraw]), withdraw],
    [
      "an approval of what is claimed",
      after(approved, [2, orderBy()], [3, claimBy(ORDER_1)]),
      approveBy(ana),
    ],
  ])("%s", (_, state, command) => {
    expect(doing(state, command, LATER)).toBe("-");
  });

  test.each<readonly [string, typeof pending, IntentCommand]>([
    ["another person's rejection", after(pending, [1, rejectBy(ana)]), rejectBy(ben)],
    [
      "a rejection of another digest",
      after(pending, [1, rejectBy(ana)]),
      rejectBy(ana, { digest: "d2".repeat(32) }),
    ],
    ["an approval after one's rejection", after(pending, [1, rejectBy(ana)]), approveBy(ana)],
    ["a cancellation after one's rejection", after(pending, [1, rejectBy(ana)]), cancel(ana)],
    ["another person's cancellation", after(pending, [1, cancel(ana)]), cancel(ben)],
    ["a rejection of what is claimed", after(approved, [2, orderBy()], [3, claimBy(ORDER_1)]), rejectBy(ana)],
    [
      "another person's approval of what is claimed",
      after(approved, [2, orderBy()], [3, claimBy(ORDER_1)]),
      approveBy(ben),
    ],
  ])("but %s is refused", (_, state, command) => {
    expect(doing(state, command, LATER)).toBe("!wrong_phase");
  });

  test("an intent of version 0.1 does not know who revoked it", () => {
    const { endedBy: _, ...old } = after(approved, [2, rejectBy(ana)]);
    expect(doing(old, rejectBy(ana), LATER)).toBe("!wrong_phase");
  });
});

describe("INV-27: a used link carries no other vote", () => {
  const link = "lnk_1";

  test("of a person whose earlier vote by it lapsed", () => {
    const two = proposed("hold", { approval: { ...pending.terms.approval, require: 2 } });
    const voted = after(two, [1, approveBy(ana, { link })]);
    const otherKey = voterNamed("ana", { principal: "rev_ana2" });
    expect(doing(voted, approveBy(otherKey, { link, lapsed: ["rev_ana"] }), LATER)).toBe("!link_used");
  });

  test("to revoke what the same person could not reject alone", () => {
    const noes = proposed("hold", { approval: { ...pending.terms.approval, rejections: 2 } });
    const state = after(noes, [1, rejectBy(ana, { link })], [2, approveBy(ben)]);
    expect(state.phase).toBe("approved");
    expect(doing(state, rejectBy(ana, { link }), LATER)).toBe("!link_used");
  });
});

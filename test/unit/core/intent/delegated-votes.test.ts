import { describe, expect, test } from "vitest";
import type { Voter } from "../../../../src/core/identity/voter.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import {
  after,
  approveBy,
  doing,
  MINUTE_MS,
  proposed,
  rejectBy,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

/*
 * Approvals over time: "A no-op answered as success". A vote that does not count is refused, and a personal vote takes
 * the place of one under a delegation.
 */

const [ana, ben, cleo] = [voterNamed("ana"), voterNamed("ben"), voterNamed("cleo")];

/** The delegate's vote for the delegator. */
function forAnother(delegator: Voter, delegate: Voter): Voter {
  const { principal, person: acting } = delegate;
  return { ...delegator, principal, acting, mandate: `dlg_${delegator.person}_${acting}` };
}

const benForAna = forAnother(ana, ben);
const held = proposed("hold");
const pair = proposed("hold", { approval: { ...held.terms.approval, require: 2 } });
const noes = proposed("hold", { approval: { ...held.terms.approval, require: 2, rejections: 2 } });
const LATER = T0 + 5 * MINUTE_MS;

const persons = ({ votes }: typeof pair) => votes.map(({ person, acting }) => [person, acting]);

describe("require: 2, ben votes for ana under a delegation, then both approve themselves", () => {
  test.each([
    ["ana first", [approveBy(ana), approveBy(ben)]],
    ["ben first", [approveBy(ben), approveBy(ana)]],
  ])("the intent is approved by two personal votes: %s", (_name, [first, second]) => {
    if (first === undefined || second === undefined) throw new Error("two votes");
    const once = after(pair, [1, approveBy(benForAna)], [2, first]);
    // Each change is on the ledger, and no vote is counted that was replaced.
    expect(once.phase).toBe("pending_approval");
    expect(once.votes).toHaveLength(1);
    const twice = after(once, [3, second]);
    expect(twice.phase).toBe("approved");
    expect(persons(twice).toSorted()).toEqual([
      ["ana", "ana"],
      ["ben", "ben"],
    ]);
  });

  test("the vote that gives way is withdrawn by name", () => {
    const { events } = handle(after(pair, [1, approveBy(benForAna)]), approveBy(ana), LATER);
    expect(events.map(({ event }) => event)).toMatchObject([
      { type: "approval_vote_withdrawn", person: "ana", why: "replaced" },
      { type: "approval_vote_recorded", person: "ana", acting: "ana" },
    ]);
  });
});

test.each<readonly [string, Voter, Voter, { person: string; acting: string }]>([
  ["ben's for ana after ana's own", ana, benForAna, { person: "ana", acting: "ana" }],
  ["ben's for ana after ben's own", ben, benForAna, { person: "ben", acting: "ben" }],
  ["cleo's for ana after ben's for ana", benForAna, forAnother(ana, cleo), { person: "ana", acting: "ben" }],
  ["ben's for cleo after ben's for ana", benForAna, forAnother(cleo, ben), { person: "ana", acting: "ben" }],
])("a vote that does not count is refused, because …: %s", (_name, earlier, voter, because) => {
  const { refusal, events } = handle(after(pair, [1, approveBy(earlier)]), approveBy(voter), LATER);
  expect(refusal).toEqual({ reason: "vote_not_counted", ...because });
  expect(events).toEqual([]);
});

test("the same vote again is as the first time: under a delegation, and beside a standing approval", () => {
  expect(doing(after(pair, [1, approveBy(benForAna)]), approveBy(benForAna), LATER)).toBe("-");
  const standing = { ...ana, principal: "rev_other", mandate: "stap_1" };
  expect(doing(after(pair, [1, approveBy(standing)]), approveBy(ana), LATER)).toBe("-");
});

test("a refused vote uses no link", () => {
  const state = after(pair, [1, approveBy(ben)]);
  expect(doing(state, approveBy(benForAna, { link: "lnk" }), LATER)).toBe("!vote_not_counted");
  expect(handle(state, approveBy(benForAna, { link: "lnk" }), LATER).state.linksUsed).toEqual([]);
});

test("of rejections, a delegate's own is refused and the delegator's own is the one that counts already", () => {
  const state = after(noes, [1, rejectBy(benForAna)]);
  expect(doing(state, rejectBy(ana), LATER)).toBe("-");
  expect(handle(state, rejectBy(ben), LATER).refusal).toEqual({
    reason: "vote_not_counted",
    person: "ana",
    acting: "ben",
  });
  expect(after(state, [2, rejectBy(cleo)]).phase).toBe("rejected");
});

describe("a vote is recounted at the moment of approval", () => {
  const finance = { policy: "p-finance", require: 1, groups: ["finance"], people: [] };
  const legal = { policy: "p-legal", require: 1, groups: ["legal"], people: [] };
  const approval = {
    ...held.terms.approval,
    require: 2,
    groups: ["finance", "legal"],
    people: [],
    quorums: [finance, legal],
  };
  const both = proposed("hold", { approval });
  const from = (voter: Voter, ...groups: readonly string[]): Voter => ({ ...voter, groups });
  const voted = after(both, [1, approveBy(from(ana, "finance"))]);
  const standing = (groups: readonly string[], isExcluded = false) => ({
    standings: [{ person: "ana", acting: "ana", groups, isExcluded }],
  });

  test("and counts while its person is in the group", () => {
    const second = { ...approveBy(from(ben, "legal")), ...standing(["finance"]) };
    expect(after(voted, [2, second]).phase).toBe("approved");
  });

  test.each([
    ["left the group", standing([])],
    ["answers for the agent by now", standing(["finance"], true)],
  ])("and is withdrawn when its person %s", (_name, more) => {
    const second = { ...approveBy(from(ben, "legal")), ...more };
    const { events, state } = handle(voted, second, LATER);
    expect(events[0]).toMatchObject({
      event: { type: "approval_vote_withdrawn", person: "ana", why: "not_eligible" },
      actor: "gate",
    });
    expect([state.phase, persons(state)]).toEqual(["pending_approval", [["ben", "ben"]]]);
  });

  test("and counts in the quorum of the group that its person is in now", () => {
    const second = { ...approveBy(from(ben, "legal")), ...standing(["legal"]) };
    const state = after(voted, [2, second]);
    // Nobody of finance has voted.
    expect(state.phase).toBe("pending_approval");
  });
});

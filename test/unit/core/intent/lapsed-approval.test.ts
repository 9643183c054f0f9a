import { describe, expect, test } from "vitest";
import { handle } from "../../../../src/core/intent/handle.ts";
import {
  after,
  approvalBy,
  approveBy,
  DIGEST,
  doing,
  MINUTE_MS,
  orderBy,
  proposed,
  T0,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

/* The votes of an approval are counted again when the write is about to begin. */

const ana = voterNamed("ana", { groups: ["finance"] });
const ben = voterNamed("ben", { groups: ["finance"] });
const FINANCE = { policy: "crm", require: 1, groups: ["finance"], people: [] };
const held = (require = 1) => proposed("hold", { approval: approvalBy({ ...FINANCE, require }) });
const approved = after(held(), [1, approveBy(ana)]);
const LATER = T0 + 5 * MINUTE_MS;

const standing = (groups: readonly string[], isExcluded = false) => ({
  person: "ana",
  acting: "ana",
  groups,
  isExcluded,
});
const recount = (...standings: readonly ReturnType<typeof standing>[]) =>
  ({ type: "recount", digest: DIGEST, lapsed: [], standings }) as const;

test("an approval holds while its voter is in the group", () => {
  expect(doing(approved, recount(standing(["finance"])), LATER)).toBe("-");
});

test.each([
  ["left the group", recount(standing([])), "not_eligible"],
  ["answers for the agent by now", recount(standing(["finance"], true)), "not_eligible"],
  ["lost the credential", { ...recount(), lapsed: ["rev_ana"] }, "credential_inactive"],
])(
  "it is taken back when its voter %s, and waits until it would have been too late",
  (_name, command, why) => {
    const { events, state } = handle(approved, command, LATER);
    expect(events.map(({ event, actor }) => [event, actor])).toEqual([
      [{ type: "approval_lapsed", decideBy: approved.executeBy }, "gate"],
      [{ type: "approval_vote_withdrawn", person: "ana", why }, "gate"],
    ]);
    expect(state).toMatchObject({
      phase: "pending_approval",
      votes: [],
      decidedBy: null,
      executeBy: null,
      decideBy: approved.executeBy,
    });
    expect(doing(state, orderBy(), LATER)).toBe("!wrong_phase");
    expect(after(state, [6, approveBy(ben)]).phase).toBe("approved");
  },
);

describe("an approval that has votes to spare", () => {
  const two = after(held(2), [1, approveBy(ana)], [2, approveBy(ben)]);

  test("of which enough are left holds, and one that lacks a vote waits for one more", () => {
    expect(doing(two, { ...recount(), lapsed: ["rev_dora"] }, LATER)).toBe("-");
    const { state } = handle(two, { ...recount(), lapsed: ["rev_ana"] }, LATER);
    expect([state.phase, state.votes.map(({ person }) => person)]).toEqual(["pending_approval", ["ben"]]);
  });
});

test("policy's own approval has no votes to lose, and another digest's recount changes nothing", () => {
  expect(doing(proposed("approve"), { ...recount(), lapsed: ["rev_ana"] }, LATER)).toBe("-");
  expect(doing(approved, { ...recount(standing([])), digest: "d2".repeat(32) }, LATER)).toBe("-");
});

test("silence approves nothing that was taken back", () => {
  const quiet = proposed("hold", {
    approval: approvalBy(FINANCE),
    onNoResponse: "auto_approve_if_low_risk",
  });
  const back = handle(after(quiet, [1, approveBy(ana)]), recount(standing([])), LATER).state;
  expect(handle(back, { type: "tick" }, back.decideBy ?? 0).state.phase).toBe("expired");
});

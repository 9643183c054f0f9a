import { describe, expect, test } from "vitest";
import { isStale } from "../../../src/core/intent/approval.ts";
import type { InForce } from "../../../src/core/intent/command.ts";
import { handle } from "../../../src/core/intent/handle.ts";
import type { Assurance } from "../../../src/core/assurance.ts";
import {
  after,
  AGENT,
  approvalBy,
  approveBy,
  doing,
  inForceOf,
  MINUTE_MS,
  orderBy,
  proposed,
  T0,
  termsWith,
  voterNamed,
} from "./fixtures.ts";

const AT = T0 + MINUTE_MS;
const APPROVED = "approval_vote_recorded approved";
const ana = voterNamed("ana");
const ben = voterNamed("ben");

describe("who may not decide", () => {
  const approval = { ...approvalBy({ policy: "crm", require: 1, groups: [], people: [] }) };
  const state = proposed("hold", {
    approval,
    excluded: [AGENT, "olaf", "olaf@example.com", "rev_olaf", "finance-lead"],
  });

  test.each([
    ["the proposer itself", { handles: [AGENT] }],
    ["the owner by person id", { handles: ["rev_9", "olaf"] }],
    ["the owner by e-mail", { handles: ["rev_9", "someone", "olaf@example.com"] }],
    ["the owner by one of their keys", { handles: ["rev_olaf", "someone"] }],
    [
      "the owner's other key: same person, another principal",
      { principal: "rev_2", handles: ["rev_2", "olaf"] },
    ],
    ["a member of the owning group", { handles: ["rev_9", "finance-lead"] }],
  ])("%s", (_who, change) => {
    const voter = voterNamed("x", { ...change, groups: ["finance"], assurance: "passkey" });
    const types = ["reject", "cancel"] as const;
    expect(doing(state, approveBy(voter), AT)).toBe("!own_intent");
    for (const type of types) expect(doing(state, { type, voter, note: null }, AT)).toBe("!own_intent");
  });

  test("an exclusion goes before being named as an approver", () => {
    const named = proposed("hold", {
      approval: approvalBy({ policy: "crm", require: 1, groups: [], people: ["olaf"] }),
    });
    expect(doing(named, approveBy(voterNamed("olaf")), AT)).toBe("!own_intent");
  });

  test("an excluded person can't resolve an unknown outcome either", () => {
    const order = `exe_${"A".repeat(43)}_1`;
    const unknown = after(
      state,
      [1, approveBy(ana)],
      [2, orderBy()],
      [
        3,
        {
          type: "report",
          order,
          by: AGENT,
          outcome: "indeterminate",
          retryable: false,
          executedAt: null,
          result: null,
          proof: null,
        },
      ],
    );
    const resolve = { type: "resolve", by: "rev_olaf", outcome: "executed", note: null } as const;
    expect(doing(unknown, { ...resolve, voter: voterNamed("olaf") }, T0 + 4 * MINUTE_MS)).toBe("!own_intent");
    expect(doing(unknown, { ...resolve, by: "rev_ana", voter: ana }, T0 + 4 * MINUTE_MS)).toBe(
      "outcome_resolved",
    );
  });
});

describe("who may decide", () => {
  const quorum = { policy: "crm", require: 1 } as const;

  test.each([
    ["nobody named: any reviewer", [], [], ana, APPROVED],
    ["a group: its member", ["finance"], [], voterNamed("ana", { groups: ["finance"] }), APPROVED],
    ["a group: not a stranger", ["finance"], [], ana, "!not_eligible"],
    [
      "a group: not a member of another",
      ["finance"],
      [],
      voterNamed("ana", { groups: ["sales"] }),
      "!not_eligible",
    ],
    ["a person: they", [], ["ana"], ana, APPROVED],
    ["a person: not another", [], ["ana"], ben, "!not_eligible"],
    ["group or person: either, the person", ["finance"], ["ana"], ana, APPROVED],
    [
      "group or person: either, a member",
      ["finance"],
      ["ana"],
      voterNamed("ben", { groups: ["finance"] }),
      APPROVED,
    ],
    ["group names are not people", ["ana"], [], ana, "!not_eligible"],
    [
      "people's names are not groups",
      [],
      ["finance"],
      voterNamed("ben", { groups: ["finance"] }),
      "!not_eligible",
    ],
    ["a member name of every object is no group", ["constructor"], [], ana, "!not_eligible"],
  ] as const)("%s", (_case, groups, people, voter, outcome) => {
    const state = proposed("hold", { approval: approvalBy({ ...quorum, groups, people }) });
    expect(doing(state, approveBy(voter), AT)).toBe(outcome);
    const expected = outcome === APPROVED ? "rejected" : outcome;
    expect(doing(state, { type: "reject", voter, note: null }, AT)).toBe(expected);
  });

  test("a display name that equals a named approver's id admits nobody", () => {
    const state = proposed("hold", { approval: approvalBy({ ...quorum, groups: [], people: ["cfo"] }) });
    const impostor = voterNamed("ben", { handles: ["ben", "rev_ben", "ben@example.com", "cfo"] });
    expect(doing(state, approveBy(impostor), AT)).toBe("!not_eligible");
  });

  const RANKS: readonly Assurance[] = ["link", "slack", "key", "sso", "passkey"];
  test.each(RANKS.flatMap((min, at) => RANKS.map((given, rank) => [min, given, rank >= at] as const)))(
    "where %s is asked for, %s is enough: %s",
    (minAssurance, assurance, enough) => {
      const state = proposed("hold", {
        approval: { ...approvalBy({ ...quorum, groups: [], people: [] }), minAssurance },
      });
      const voter = voterNamed("ana", { assurance });
      expect(doing(state, approveBy(voter), AT)).toBe(enough ? APPROVED : "!assurance_too_low");
      expect(doing(state, { type: "reject", voter, note: null }, AT)).toBe(
        enough ? "rejected" : "!assurance_too_low",
      );
    },
  );
});

describe("quorums", () => {
  const finance = { policy: "crm", require: 1, groups: ["finance"], people: [] };
  const legal = { policy: "legal", require: 1, groups: ["legal"], people: [] };
  const f = (name: string) => voterNamed(name, { groups: ["finance"] });
  const l = (name: string) => voterNamed(name, { groups: ["legal"] });
  const both = (name: string) => voterNamed(name, { groups: ["finance", "legal"] });
  const open2 = { policy: "crm", require: 2, groups: [], people: [] };

  test.each([
    ["two persons where two are asked for", [open2], [f("ana"), f("ben")], "approved"],
    ["one person where two are asked for", [open2], [f("ana")], "pending_approval"],
    ["one person twice", [open2], [f("ana"), f("ana")], "pending_approval"],
    [
      "one person through two keys",
      [open2],
      [f("ana"), voterNamed("ana", { principal: "rev_2" })],
      "pending_approval",
    ],
    ["one policy's quorum of two", [finance, legal], [f("ana"), f("ben")], "pending_approval"],
    ["one of each", [finance, legal], [f("ana"), l("cleo")], "approved"],
    ["one person in both groups counts in both", [finance, legal], [both("ben")], "approved"],
    [
      "one person of both groups, where each wants two",
      [
        { ...finance, require: 2 },
        { ...legal, require: 2 },
      ],
      [both("ben"), f("ana")],
      "pending_approval",
    ],
    [
      "two of both groups, where each wants two",
      [
        { ...finance, require: 2 },
        { ...legal, require: 2 },
      ],
      [both("ben"), both("dora")],
      "approved",
    ],
    [
      "an open quorum beside a closed one: strangers alone",
      [open2, legal],
      [f("ana"), f("ben")],
      "pending_approval",
    ],
    [
      "an open quorum beside a closed one: a stranger and a lawyer",
      [open2, legal],
      [f("ana"), l("cleo")],
      "approved",
    ],
  ] as const)("%s", (_case, quorums, voters, phase) => {
    const state = voters.reduce(
      (before, voter) => after(before, [1, approveBy(voter)]),
      proposed("hold", { approval: approvalBy(...quorums) }),
    );
    expect(state.phase).toBe(phase);
  });

  test("a repeated vote of one person through another key is accepted, changes nothing and is not counted", () => {
    const once = after(proposed("hold", { approval: approvalBy(open2) }), [1, approveBy(ana)]);
    const again = handle(once, approveBy(voterNamed("ana", { principal: "rev_2" })), T0 + 2 * MINUTE_MS);
    expect(again).toMatchObject({ facts: [], changed: false, refusal: null });
    expect(again.state).toBe(once);
  });

  test("the whole number is needed even where every single policy is content with one", () => {
    const approval = { ...approvalBy({ ...finance }), require: 2 };
    const once = after(proposed("hold", { approval }), [1, approveBy(f("ana"))]);
    expect(once.phase).toBe("pending_approval");
    expect(after(once, [2, approveBy(f("ben"))]).phase).toBe("approved");
  });

  test("one rejection decides, whatever the quorum and the votes so far", () => {
    const once = after(proposed("hold", { approval: approvalBy(open2) }), [1, approveBy(ana)]);
    expect(doing(once, { type: "reject", voter: ben, note: null }, AT)).toBe("rejected");
    expect(doing(once, { type: "reject", voter: ana, note: null }, AT)).toBe("rejected");
  });

  test("a vote is recorded with the key, the assurance and the policies it counted for", () => {
    const { votes } = after(proposed("hold", { approval: approvalBy(finance, legal) }), [
      1,
      approveBy(f("ana")),
    ]);
    expect(votes).toEqual([
      { person: "ana", principal: "rev_ana", assurance: "key", counts: ["crm"], at: AT },
    ]);
  });

  test("the approval names the person who completed it and starts the execution window", () => {
    const state = after(
      proposed("hold", { approval: approvalBy(open2) }),
      [1, approveBy(ana)],
      [3, approveBy(ben)],
    );
    expect(state).toMatchObject({
      decidedBy: "ben",
      approvedAt: T0 + 3 * MINUTE_MS,
      executeBy: T0 + 63 * MINUTE_MS,
      decideBy: null,
    });
  });
});

describe("what was looked at", () => {
  const state = proposed("hold");
  const now = inForceOf(termsWith());
  const [crm, legal] = now.policies;
  if (crm === undefined || legal === undefined) throw new Error("two policies");

  const STALE: readonly (readonly [string, InForce, boolean])[] = [
    ["the same", now, false],
    ["the same in another order", { ...now, policies: [legal, crm] }, false],
    ["a policy changed", { ...now, policies: [crm, { ...legal, hash: "b0".repeat(32) }] }, true],
    ["a policy went away", { ...now, policies: [crm] }, true],
    ["a policy came along", { ...now, policies: [crm, legal, { id: "x", hash: "" }] }, true],
    ["a policy was broken", { ...now, policies: [crm, { ...legal, hash: "" }] }, true],
    ["one policy twice in the other's place", { ...now, policies: [crm, crm] }, true],
    [
      "two policies with each other's text",
      {
        ...now,
        policies: [
          { ...crm, hash: legal.hash },
          { ...legal, hash: crm.hash },
        ],
      },
      true,
    ],
    ["the destination's configuration changed", { ...now, configHash: "c0".repeat(32) }, true],
    ["nothing is in force any more", { policies: [], configHash: "" }, true],
  ];

  test.each(STALE)("%s: stale when it should be", (_case, inForce, stale) => {
    expect(isStale(state, inForce)).toBe(stale);
    expect(doing(state, approveBy(ana, { inForce }), AT)).toBe(
      stale ? "binding_refused !approval_stale" : APPROVED,
    );
    const approved = after(state, [1, approveBy(ana)]);
    expect(doing(approved, orderBy({ inForce }), AT)).toBe(
      stale ? "binding_refused !approval_stale" : "execution_requested",
    );
    const order = `exe_${"A".repeat(43)}_1`;
    const ordered = after(approved, [2, orderBy()]);
    const claim = { type: "claim", order, by: AGENT, inForce } as const;
    expect(doing(ordered, claim, T0 + 3 * MINUTE_MS)).toBe(
      stale ? "binding_refused !approval_stale" : "execution_claimed",
    );
  });

  test("a voter who saw another digest approves nothing", () => {
    expect(doing(state, approveBy(ana, { digest: "d2".repeat(32) }), AT)).toBe(
      "binding_refused !digest_mismatch",
    );
    expect(doing(state, approveBy(ana, { digest: "" }), AT)).toBe("binding_refused !digest_mismatch");
  });

  test("a client that sends no digest approves what is there", () => {
    expect(doing(state, approveBy(ana, { digest: null }), AT)).toBe(APPROVED);
  });

  test("a rejection holds whatever changed meanwhile", () => {
    expect(doing(state, { type: "reject", voter: ana, note: null }, AT)).toBe("rejected");
  });
});

describe("taking back", () => {
  test("only the proposer withdraws", () => {
    const state = proposed("hold");
    expect(doing(state, { type: "withdraw", agent: "agt_2", note: null }, AT)).toBe("!not_proposer");
    expect(doing(state, { type: "withdraw", agent: AGENT, note: null }, AT)).toBe("withdrawn");
  });

  test("a revocation takes both deadlines away", () => {
    const state = after(proposed("approve"), [1, { type: "revoke", by: "adm_1", note: null }]);
    expect(state).toMatchObject({ phase: "revoked", decideBy: null, executeBy: null });
  });

  test("an ineligible reviewer can't take an approval back by rejecting it", () => {
    const approved = after(proposed("hold"), [1, approveBy(ana)]);
    expect(doing(approved, { type: "reject", voter: voterNamed("olaf"), note: null }, AT)).toBe(
      "!own_intent",
    );
  });
});

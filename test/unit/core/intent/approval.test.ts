import { describe, expect, test } from "vitest";
import { isStale } from "../../../../src/core/intent/approval.ts";
import type { CurrentBindings } from "../../../../src/core/intent/command.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import type { PolicyRef } from "../../../../src/core/policy/decision.ts";
import type { IntentTerms } from "../../../../src/core/intent/state.ts";
import type { Assurance } from "../../../../src/core/identity/assurance.ts";
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
  rejectBy,
  SUCCESSOR,
  summaryOf,
  supersedeBy,
  T0,
  termsWith,
  voterNamed,
} from "../../../support/intent-fixtures.ts";
import type { Voter } from "../../../../src/core/identity/voter.ts";

const AT = T0 + MINUTE_MS;
const APPROVED = "approval_vote_recorded approved";
const ana = voterNamed("ana");
const ben = voterNamed("ben");

describe("INV-03: excluded voters can't decide", () => {
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
  ])("the excluded voter is %s", (_who, change) => {
    const voter = voterNamed("x", { ...change, groups: ["finance"], assurance: "passkey" });
    const cancel = { type: "cancel", voter, note: null } as const;
    for (const command of [approveBy(voter), rejectBy(voter), supersedeBy(voter), cancel]) {
      expect(doing(state, command, AT)).toBe("!self_approval_forbidden");
    }
  });

  test("an exclusion outranks being named as an approver", () => {
    const named = proposed("hold", {
      approval: approvalBy({ policy: "crm", require: 1, groups: [], people: ["olaf"] }),
    });
    expect(doing(named, approveBy(voterNamed("olaf")), AT)).toBe("!self_approval_forbidden");
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
    expect(doing(unknown, { ...resolve, voter: voterNamed("olaf") }, T0 + 4 * MINUTE_MS)).toBe(
      "!self_approval_forbidden",
    );
    expect(doing(unknown, { ...resolve, by: "rev_ana", voter: ana }, T0 + 4 * MINUTE_MS)).toBe(
      "outcome_resolved",
    );
  });
});

describe("INV-03: eligible voters are those whom the policy names", () => {
  const quorum = { policy: "crm", require: 1 } as const;

  test.each([
    ["no one: any reviewer decides", [], [], ana, APPROVED],
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
  ] as const)("eligibility: %s", (_case, groups, people, voter, outcome) => {
    const state = proposed("hold", { approval: approvalBy({ ...quorum, groups, people }) });
    expect(doing(state, approveBy(voter), AT)).toBe(outcome);
    const expected = outcome === APPROVED ? "rejected" : outcome;
    expect(doing(state, rejectBy(voter), AT)).toBe(expected);
  });

  test("a display name equal to a named approver's id admits nobody", () => {
    const state = proposed("hold", { approval: approvalBy({ ...quorum, groups: [], people: ["cfo"] }) });
    const impostor = voterNamed("ben", { handles: ["ben", "rev_ben", "ben@example.com", "cfo"] });
    expect(doing(state, approveBy(impostor), AT)).toBe("!not_eligible");
  });

  const RANKS: readonly Assurance[] = ["link", "slack", "key", "sso", "passkey"];
  test.each(RANKS.flatMap((min, at) => RANKS.map((given, rank) => [min, given, rank >= at] as const)))(
    "where assurance %s is required, %s is sufficient: %s",
    (minAssurance, assurance, enough) => {
      const state = proposed("hold", {
        approval: { ...approvalBy({ ...quorum, groups: [], people: [] }), minAssurance },
      });
      const voter = voterNamed("ana", { assurance });
      expect(doing(state, approveBy(voter), AT)).toBe(enough ? APPROVED : "!assurance_too_low");
      expect(doing(state, rejectBy(voter), AT)).toBe(enough ? "rejected" : "!assurance_too_low");
    },
  );
});

describe("INV-03: a quorum is complete when enough distinct persons of each group voted", () => {
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
  ] as const)("the votes are %s", (_case, quorums, voters, phase) => {
    const state = voters.reduce(
      (before, voter) => after(before, [1, approveBy(voter)]),
      proposed("hold", { approval: approvalBy(...quorums) }),
    );
    expect(state.phase).toBe(phase);
  });

  test("a repeated vote of one person through another key is accepted, changes nothing and is not counted", () => {
    const once = after(proposed("hold", { approval: approvalBy(open2) }), [1, approveBy(ana)]);
    const again = handle(once, approveBy(voterNamed("ana", { principal: "rev_2" })), T0 + 2 * MINUTE_MS);
    expect(again).toMatchObject({ events: [], changed: false, refusal: null });
    expect(again.state).toBe(once);
  });

  test("the total number of persons is required even where every single policy is content with one", () => {
    const approval = { ...approvalBy({ ...finance }), require: 2 };
    const once = after(proposed("hold", { approval }), [1, approveBy(f("ana"))]);
    expect(once.phase).toBe("pending_approval");
    expect(after(once, [2, approveBy(f("ben"))]).phase).toBe("approved");
  });

  test("one rejection decides, whatever the quorum and the votes so far", () => {
    const once = after(proposed("hold", { approval: approvalBy(open2) }), [1, approveBy(ana)]);
    expect(doing(once, rejectBy(ben), AT)).toBe("rejected");
    expect(doing(once, rejectBy(ana), AT)).toBe("approval_vote_withdrawn rejected");
  });

  test("a vote is recorded with its key, its assurance and the policies it counted for", () => {
    const { votes } = after(proposed("hold", { approval: approvalBy(finance, legal) }), [
      1,
      approveBy(f("ana")),
    ]);
    expect(votes).toEqual([
      {
        person: "ana",
        acting: "ana",
        mandate: null,
        principal: "rev_ana",
        assurance: "key",
        counts: ["crm"],
        at: AT,
      },
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

describe("INV-09: an approval is bound to policies, configuration and digest", () => {
  const state = proposed("hold");
  const now = inForceOf(termsWith());
  const [crm, legal] = now.policies;
  if (crm === undefined || legal === undefined) throw new Error("two policies");
  const commented = (policy: PolicyRef): PolicyRef => ({ ...policy, hash: "b0".repeat(32) });

  const STALE: readonly (readonly [string, CurrentBindings, boolean])[] = [
    ["the same", now, false],
    ["the same in another order", { ...now, policies: [legal, crm] }, false],
    ["a comment was added to a policy", { ...now, policies: [crm, commented(legal)] }, false],
    [
      "a policy changed",
      { ...now, policies: [crm, { ...commented(legal), meaning: "b2".repeat(32) }] },
      true,
    ],
    ["a policy went away", { ...now, policies: [crm] }, true],
    ["a policy came along", { ...now, policies: [crm, legal, { id: "x", hash: "" }] }, true],
    ["a policy was broken", { ...now, policies: [crm, { id: legal.id, hash: "" }] }, true],
    ["one policy twice in the other's place", { ...now, policies: [crm, crm] }, true],
    [
      "two policies with each other's text",
      {
        ...now,
        policies: [
          { ...legal, id: crm.id },
          { ...crm, id: legal.id },
        ],
      },
      true,
    ],
    ["the destination's configuration changed", { ...now, configHash: "c0".repeat(32) }, true],
    ["nothing is in force any more", { policies: [], configHash: "" }, true],
  ];

  test.each(STALE)(
    "the rules are %s: the approval and the order are refused as stale, or accepted",
    (_case, bindings, stale) => {
      expect(isStale(state, bindings)).toBe(stale);
      expect(doing(state, approveBy(ana, { bindings }), AT)).toBe(
        stale ? "binding_refused !approval_stale" : APPROVED,
      );
      const approved = after(state, [1, approveBy(ana)]);
      expect(doing(approved, orderBy({ bindings }), AT)).toBe(
        stale ? "binding_refused !approval_stale" : "execution_requested",
      );
      const order = `exe_${"A".repeat(43)}_1`;
      const ordered = after(approved, [2, orderBy()]);
      const claim = { type: "claim", order, by: AGENT, bindings } as const;
      expect(doing(ordered, claim, T0 + 3 * MINUTE_MS)).toBe(
        stale ? "binding_refused !approval_stale" : "execution_claimed",
      );
    },
  );

  test("an intent of version 0.1 knows its policies by their text alone", () => {
    const policies = now.policies.map(({ id, hash }) => ({ id, hash }));
    const old = proposed("hold", { policies });
    expect(isStale(old, now)).toBe(false);
    expect(isStale(old, { ...now, policies: [crm, commented(legal)] })).toBe(true);
  });

  test("an approval of another digest than the intent's is refused", () => {
    expect(doing(state, approveBy(ana, { digest: "d2".repeat(32) }), AT)).toBe(
      "binding_refused !digest_mismatch",
    );
    expect(doing(state, approveBy(ana, { digest: "" }), AT)).toBe("binding_refused !digest_mismatch");
  });

  test("an approval without a digest approves what is there", () => {
    expect(doing(state, approveBy(ana, { digest: null }), AT)).toBe(APPROVED);
  });

  test("a rejection is accepted whatever changed in the meantime", () => {
    expect(doing(state, rejectBy(ana), AT)).toBe("rejected");
  });
});

describe("withdrawing and revoking", () => {
  test("only the proposer withdraws", () => {
    const state = proposed("hold");
    expect(doing(state, { type: "withdraw", agent: "agt_2", note: null }, AT)).toBe("!not_proposer");
    expect(doing(state, { type: "withdraw", agent: AGENT, note: null }, AT)).toBe("withdrawn");
  });

  test("a revocation removes both deadlines", () => {
    const state = after(proposed("approve"), [1, { type: "revoke", by: "adm_1", note: null }]);
    expect(state).toMatchObject({ phase: "revoked", decideBy: null, executeBy: null });
  });

  test("INV-03: an ineligible reviewer can't revoke an approval by rejecting it", () => {
    const approved = after(proposed("hold"), [1, approveBy(ana)]);
    expect(doing(approved, rejectBy(voterNamed("olaf")), AT)).toBe("!self_approval_forbidden");
  });
});

const OPEN = { policy: "crm", require: 1, groups: [], people: [] } as const;
const by = (require: number, change: Partial<IntentTerms["approval"]> = {}) =>
  proposed("hold", { approval: { ...approvalBy({ ...OPEN, require }), ...change } });

/** `acting` gives the vote of `person`, as a delegation lets them. */
function delegated(person: string, acting: string, change: Partial<Voter> = {}): Voter {
  const handles = [person, acting, `rev_${acting}`, `${person}@example.com`, `${acting}@example.com`];
  return voterNamed(person, { acting, principal: `rev_${acting}`, handles, mandate: "dlg_1", ...change });
}

/** The vote of a standing approval, cast for its grantor. */
function standing(person: string, change: Partial<Voter> = {}): Voter {
  return voterNamed(person, { mandate: "std_1", ...change });
}

describe("INV-03 INV-08: one person has one vote", () => {
  const cleo = voterNamed("cleo");

  test.each([
    ["by hand, then by a delegate", [ana, delegated("ana", "ben")], 1],
    ["by a delegate, then by hand", [delegated("ana", "ben"), ana], 1],
    ["by a delegate, who then votes too", [delegated("ana", "ben"), ben], 1],
    ["by hand, who then votes for another", [ben, delegated("ana", "ben")], 1],
    ["by one delegate for two people", [delegated("ana", "ben"), delegated("cleo", "ben")], 1],
    ["for one person by two delegates", [delegated("ana", "ben"), delegated("ana", "cleo")], 1],
    ["two who vote for each other", [delegated("ana", "ben"), delegated("ben", "ana")], 1],
    [
      "by a delegate of whose vote another made use before",
      [delegated("ana", "ben"), delegated("ben", "cleo")],
      1,
    ],
    ["beforehand, then by hand", [standing("ana"), ana], 1],
    ["beforehand, twice", [standing("ana"), standing("ana", { mandate: "std_2" })], 1],
    ["beforehand, then for another", [standing("ben"), delegated("ana", "ben")], 1],
    ["beforehand, and by another person", [standing("ana"), ben], 2],
    ["by a delegate, and by another person", [delegated("ana", "ben"), cleo], 2],
    ["by two delegates for two people", [delegated("ana", "ben"), delegated("cleo", "dora")], 2],
  ] as const)("votes are given %s: %#", (_case, voters, voices) => {
    // A vote that does not count is refused.
    const state = voters.reduce((before, voter) => handle(before, approveBy(voter), AT).state, by(2));
    expect(state.votes).toHaveLength(voices);
    expect(state.phase).toBe(voices === 2 ? "approved" : "pending_approval");
  });

  test("a delegated vote counts for the delegator's groups, not for the delegate's", () => {
    const state = proposed("hold", { approval: approvalBy({ ...OPEN, groups: ["finance"] }) });
    const lent = delegated("ana", "ben", { groups: ["finance"] });
    expect(doing(state, approveBy(lent), AT)).toBe(APPROVED);
    expect(doing(state, approveBy(delegated("ana", "ben")), AT)).toBe("!not_eligible");
  });

  test("a delegation bypasses no exclusion of the delegator or the delegate", () => {
    expect(doing(by(1), approveBy(delegated("olaf", "ben")), AT)).toBe("!self_approval_forbidden");
    expect(doing(by(1), approveBy(delegated("ana", "olaf")), AT)).toBe("!self_approval_forbidden");
    expect(doing(by(1), rejectBy(delegated("ana", "olaf")), AT)).toBe("!self_approval_forbidden");
  });

  test("a standing approval bypasses no exclusion and no minimum assurance", () => {
    expect(doing(by(1), approveBy(standing("olaf")), AT)).toBe("!self_approval_forbidden");
    expect(doing(by(1, { minAssurance: "sso" }), approveBy(standing("ana")), AT)).toBe("!assurance_too_low");
  });

  test("a vote is recorded with its person, the person acting and the mandate", () => {
    const { events } = handle(by(2), approveBy(delegated("ana", "ben")), AT);
    expect(events).toMatchObject([
      { event: { person: "ana", acting: "ben", principal: "rev_ben", mandate: "dlg_1" }, actor: "rev_ben" },
    ]);
  });
});

describe("INV-05: votes by a suspended or revoked credential are withdrawn", () => {
  const WITHDRAWN = "approval_vote_withdrawn";
  const VOTE = "approval_vote_recorded";
  const two = by(2);

  test.each([
    ["suspended", [[ana, []]], ben, ["rev_ana"], `${WITHDRAWN} ${VOTE}`, ["ben"]],
    ["its mandate revoked", [[standing("ana"), []]], ben, ["std_1"], `${WITHDRAWN} ${VOTE}`, ["ben"]],
    [
      "its delegation revoked",
      [[delegated("ana", "dora"), []]],
      ben,
      ["dlg_1"],
      `${WITHDRAWN} ${VOTE}`,
      ["ben"],
    ],
    [
      "another person's credential is gone",
      [[ana, []]],
      ben,
      ["rev_x", "std_9"],
      `${VOTE} approved`,
      ["ana", "ben"],
    ],
    ["a person's id is no credential's", [[ana, []]], ben, ["ana"], `${VOTE} approved`, ["ana", "ben"]],
    [
      "the same person again, through another key: the new vote counts, once",
      [[ana, []]],
      voterNamed("ana", { principal: "rev_2" }),
      ["rev_ana"],
      `${WITHDRAWN} ${VOTE}`,
      ["ana"],
    ],
    [
      "a delegate's gone: the delegator may vote anew",
      [[delegated("ana", "ben"), []]],
      ana,
      ["rev_ben"],
      `${WITHDRAWN} ${VOTE}`,
      ["ana"],
    ],
    [
      "the voter's own repeated, another's gone: it is noticed, and nothing else happens",
      [[ana, []]],
      voterNamed("ana"),
      [],
      "-",
      ["ana"],
    ],
  ] as const)("when the next vote comes: %s", (_case, before, voter, lapsed, expected, left) => {
    const state = before.reduce((at, [earlier]) => after(at, [1, approveBy(earlier)]), two);
    const handled = handle(state, approveBy(voter, { lapsed }), T0 + 2 * MINUTE_MS);
    expect(summaryOf(handled)).toBe(expected);
    expect(handled.state.votes.map(({ person }) => person)).toEqual(left);
  });

  test("a repeated vote withdraws the invalid ones and completes no quorum", () => {
    const three = after(by(3), [1, approveBy(ana)], [1, approveBy(ben)]);
    const handled = handle(three, approveBy(ana, { lapsed: ["rev_ben"] }), T0 + 2 * MINUTE_MS);
    expect(summaryOf(handled)).toBe(WITHDRAWN);
    expect(handled.state).toMatchObject({ phase: "pending_approval", votes: [{ person: "ana" }] });
  });

  test("a voter who is suspended while voting gets no vote in place of the withdrawn one", () => {
    const once = after(two, [1, approveBy(ana)]);
    expect(doing(once, approveBy(ana, { lapsed: ["rev_ana"] }), AT)).toBe("!not_eligible");
    const lent = delegated("ana", "ben");
    expect(doing(two, approveBy(lent, { lapsed: ["dlg_1"] }), AT)).toBe("!not_eligible");
  });

  test("the withdrawal is attributed to Gate, not to the next voter", () => {
    const once = after(two, [1, approveBy(ana)]);
    const { events } = handle(once, approveBy(ben, { lapsed: ["rev_ana"] }), AT);
    expect(events).toMatchObject([
      { event: { person: "ana", why: "credential_inactive" }, actor: "gate" },
      { event: { person: "ben" }, actor: "rev_ben" },
    ]);
  });
});

describe("a policy that requires several rejections", () => {
  const NO = "rejection_vote_recorded";
  const two = by(2, { rejections: 2 });

  test("is decided by as many distinct persons as it wants, each counted once", () => {
    const once = after(two, [1, rejectBy(ana)]);
    expect(once).toMatchObject({ phase: "pending_approval", rejections: [{ person: "ana", acting: "ana" }] });
    expect(doing(once, rejectBy(voterNamed("ana", { principal: "rev_2" })), AT)).toBe("-");
    expect(doing(once, rejectBy(delegated("ana", "ben")), AT)).toBe("-");
    expect(doing(once, rejectBy(delegated("cleo", "ana")), AT)).toBe("!vote_not_counted");
    expect(doing(once, rejectBy(ben), AT)).toBe("rejected");
  });

  test("records a rejection with its person, the person acting and the mandate", () => {
    const { events } = handle(two, rejectBy(delegated("ana", "ben")), AT);
    expect(events).toMatchObject([
      { event: { type: NO, person: "ana", acting: "ben", principal: "rev_ben", mandate: "dlg_1" } },
    ]);
  });

  test.each([
    ["who approved before takes that back", ana, ana, ["approval_vote_withdrawn", NO], []],
    [
      "through another key, too",
      ana,
      voterNamed("ana", { principal: "rev_2" }),
      ["approval_vote_withdrawn", NO],
      [],
    ],
    ["given for them by a delegate", delegated("ana", "ben"), ana, ["approval_vote_withdrawn", NO], []],
    ["given by them for another", delegated("ana", "ben"), ben, ["approval_vote_withdrawn", NO], []],
    ["another's stays", ben, ana, [NO], ["ben"]],
  ] as const)("withdraws approvals by the rejecting person: %s", (_case, yes, no, events, left) => {
    const handled = handle(after(two, [1, approveBy(yes)]), rejectBy(no), T0 + 2 * MINUTE_MS);
    expect(summaryOf(handled)).toBe(events.join(" "));
    expect(handled.state.votes.map(({ person }) => person)).toEqual(left);
  });

  test("does not count a withdrawn approval towards the quorum", () => {
    const state = after(two, [1, approveBy(ana)], [2, rejectBy(ana)]);
    expect(doing(state, approveBy(ben), T0 + 3 * MINUTE_MS)).toBe("approval_vote_recorded");
  });

  test("takes no later approval by a person who rejected: by hand, by a delegate or for another", () => {
    const state = after(two, [1, rejectBy(ana)]);
    for (const voter of [ana, voterNamed("ana", { principal: "rev_2" }), delegated("ana", "ben")]) {
      expect(doing(state, approveBy(voter), AT)).toBe("!already_rejected");
    }
    expect(doing(state, approveBy(delegated("ben", "ana")), AT)).toBe("!already_rejected");
    expect(doing(state, approveBy(standing("ana")), AT)).toBe("!already_rejected");
  });

  test("lets others approve while the rejections are too few to decide", () => {
    const state = after(two, [1, rejectBy(ana)], [2, approveBy(ben)]);
    expect(doing(state, approveBy(voterNamed("cleo")), T0 + 3 * MINUTE_MS)).toBe(APPROVED);
  });

  test("is decided by one rejection once the intent is approved", () => {
    const state = after(by(1, { rejections: 2 }), [1, approveBy(ana)]);
    expect(doing(state, rejectBy(ben), T0 + 2 * MINUTE_MS)).toBe("revoked");
  });

  test("INV-09: refuses a rejection of another digest, and records the attempt", () => {
    const digest = "d2".repeat(32);
    expect(doing(two, rejectBy(ana, { digest }), AT)).toBe("binding_refused !digest_mismatch");
    const over = after(two, [1, rejectBy(ana)], [1, rejectBy(ben)]);
    expect(doing(over, rejectBy(ana, { digest }), T0 + 2 * MINUTE_MS)).toBe("!wrong_phase");
  });
});

describe("INV-27: an approval link works once", () => {
  const link = "lnk_1";
  const two = by(2, { rejections: 2 });
  const USED = "approval_link_used";

  test("to approve or to reject, and then for no other decision and no other person; the same again changes nothing", () => {
    expect(doing(two, approveBy(ana, { link }), AT)).toBe(`${USED} approval_vote_recorded`);
    expect(doing(two, rejectBy(ana, { link }), AT)).toBe(`${USED} rejection_vote_recorded`);
    const used = after(two, [1, approveBy(ana, { link })]);
    expect(doing(used, approveBy(ana, { link }), AT)).toBe("-");
    expect(doing(used, approveBy(ben, { link }), AT)).toBe("!link_used");
    for (const voter of [ana, ben]) expect(doing(used, rejectBy(voter, { link }), AT)).toBe("!link_used");
    expect(doing(used, approveBy(ben, { link: "lnk_2" }), AT)).toBe(
      `${USED} approval_vote_recorded approved`,
    );
  });

  test("and can't reject the approval that it gave", () => {
    const approved = after(by(1), [1, approveBy(ana, { link })]);
    expect(doing(approved, rejectBy(ana, { link }), T0 + 2 * MINUTE_MS)).toBe("!link_used");
    expect(doing(approved, rejectBy(ana, { link: "lnk_2" }), T0 + 2 * MINUTE_MS)).toBe(`${USED} revoked`);
  });

  test.each([
    ["an ineligible voter", approveBy(voterNamed("olaf"), { link })],
    ["too weak a proof", approveBy(voterNamed("ana", { assurance: "link" }), { link })],
    ["another digest", approveBy(ana, { link, digest: "d2".repeat(32) })],
    ["other rules", approveBy(ana, { link, bindings: { policies: [], configHash: "" } })],
  ])("a refusal because of %s does not use it up", (_why, command) => {
    const refused = handle(two, command, AT);
    expect(refused.refusal).not.toBeNull();
    expect(doing(refused.state, approveBy(ana, { link }), AT)).toBe(`${USED} approval_vote_recorded`);
  });

  test("a repetition that changes nothing does not use it up", () => {
    const once = after(two, [1, approveBy(ana)]);
    expect(doing(once, approveBy(ana, { link }), AT)).toBe("-");
  });
});

describe("superseding an intent by an edit", () => {
  const editable = proposed("hold", { edit: { allow: true, editorMayApprove: false } });

  test("ends it in favour of its successor and records the editor", () => {
    const state = after(editable, [1, supersedeBy(ana)]);
    expect(state).toMatchObject({
      phase: "cancelled",
      successor: SUCCESSOR,
      decidedBy: "ana",
      decideBy: null,
    });
    expect(doing(state, approveBy(ben), AT)).toBe("!wrong_phase");
    expect(doing(state, orderBy(), AT)).toBe("!wrong_phase");
  });

  test("is refused where the policy doesn't allow edits", () => {
    expect(doing(proposed("hold"), supersedeBy(ana), AT)).toBe("!edit_not_allowed");
  });

  test.each([
    ["another digest", { digest: "d2".repeat(32) }],
    ["no digest", { digest: null }],
  ])("INV-09: is refused for %s: the editor must have seen what they change", (_what, change) => {
    expect(doing(editable, supersedeBy(ana, change), AT)).toBe("binding_refused !digest_mismatch");
  });

  test("is idempotent for the same editor, even through the link that it used up", () => {
    const state = after(editable, [1, supersedeBy(ana, { link: "lnk_1" })]);
    expect(doing(state, supersedeBy(ana, { link: "lnk_1" }), AT)).toBe("-");
    expect(doing(state, supersedeBy(voterNamed("ana", { principal: "rev_2" })), AT)).toBe("-");
    expect(doing(state, supersedeBy(ben), AT)).toBe("!wrong_phase");
    expect(doing(state, supersedeBy(ana, { successor: "int_other" }), AT)).toBe("!wrong_phase");
    expect(doing(state, supersedeBy(ana, { successor: "int_other", link: "lnk_1" }), AT)).toBe("!link_used");
  });

  test("leaves only the successor to be approved, whichever vote comes first", () => {
    const approved = after(editable, [1, approveBy(ana)]);
    expect(doing(approved, supersedeBy(ben), T0 + 2 * MINUTE_MS)).toBe("!wrong_phase");
    const half = after(
      proposed("hold", {
        approval: approvalBy({ ...OPEN, require: 2 }),
        edit: { allow: true, editorMayApprove: false },
      }),
      [1, approveBy(ana)],
      [2, supersedeBy(ben)],
    );
    expect(doing(half, approveBy(voterNamed("cleo")), T0 + 3 * MINUTE_MS)).toBe("!wrong_phase");
  });

  test("INV-03: excludes the editor from the successor under every name of theirs", () => {
    const successor = proposed("hold", { excluded: ["ana", "rev_ana", "ana@example.com"] });
    expect(doing(successor, approveBy(voterNamed("ana", { principal: "rev_2" })), AT)).toBe(
      "!self_approval_forbidden",
    );
    expect(doing(successor, approveBy(delegated("ben", "ana")), AT)).toBe("!self_approval_forbidden");
  });
});

import { describe, expect, test } from "vitest";
import { approvalEvidence } from "../../../../src/core/intent/approval-evidence.ts";
import { evolve } from "../../../../src/core/intent/evolve.ts";
import { handle } from "../../../../src/core/intent/handle.ts";
import type { IntentCommand } from "../../../../src/core/intent/command.ts";
import type { IntentState } from "../../../../src/core/intent/state.ts";
import type { Entry } from "../../../../src/core/ledger/entry.ts";
import {
  approvalBy,
  approveBy,
  inForceOf,
  MINUTE_MS,
  orderBy,
  proposed,
  rejectBy,
  T0,
  termsWith,
  voterNamed,
} from "../../../support/intent-fixtures.ts";

const AT = T0 + MINUTE_MS;
const bindings = inForceOf(termsWith());

function taken(state: IntentState, command: IntentCommand, at = AT): IntentState {
  const { state: next, refusal } = handle(state, command, at);
  expect(refusal).toBeNull();
  return next;
}

const held = () => proposed("hold");
const approved = (change = {}) => taken(held(), approveBy(voterNamed("ana", change), { bindings }));

describe("evidence", () => {
  test.each([
    ["waiting", held()],
    ["approved by policy", proposed("approve")],
    ["blocked", proposed("block")],
    ["cancelled", taken(held(), { type: "cancel", voter: voterNamed("ana"), note: null })],
    ["revoked by an admin", taken(approved(), { type: "revoke", by: "adm_1", note: null })],
    ["approved by a standing approval", approved({ mandate: "stap_1" })],
  ])("is there for no intent that is %s", (_, state) => {
    expect(approvalEvidence(state, [])).toBeNull();
  });

  test.each([
    ["key", "manual.dashboard.v1"],
    ["slack", "manual.dashboard.v1"],
    ["sso", "manual.dashboard.v1"],
    ["passkey", "manual.dashboard.v1"],
  ] as const)("of a vote with assurance %s has the factor %s", (assurance, factor) => {
    expect(approvalEvidence(approved({ assurance }), [])).toMatchObject({
      factor,
      assurance,
      actor: "rev_ana",
    });
  });

  test("of a vote by link says so", () => {
    const approval = {
      ...approvalBy({ policy: "crm", require: 1, groups: [], people: [] }),
      minAssurance: "link",
    };
    const state = proposed("hold", { approval: approval as never });
    const vote = approveBy(voterNamed("ana", { assurance: "link" }), { bindings, link: "lnk_1" });
    expect(approvalEvidence(taken(state, vote), [])).toMatchObject({ factor: "link.single_use.v1" });
  });

  test("of a quorum names everyone who was counted", () => {
    const approval = approvalBy({ policy: "crm", require: 2, groups: [], people: [] });
    const one = taken(proposed("hold", { approval }), approveBy(voterNamed("ana"), { bindings }));
    expect(approvalEvidence(one, [])).toBeNull();
    const both = taken(one, approveBy(voterNamed("ben"), { bindings }), AT + 1);
    expect(approvalEvidence(both, [])).toMatchObject({ votedBy: ["ana", "ben"], actor: "rev_ben" });
  });

  test("of a delegated vote names both and the delegation", () => {
    const vote = { acting: "ben", principal: "rev_ben", mandate: "deleg_1" };
    expect(approvalEvidence(approved(vote), [])?.delegation).toEqual({
      principal: "ana",
      delegate: "rev_ben",
      id: "deleg_1",
    });
  });

  test("of silence names Gate", () => {
    const by = {
      event: { type: "approved", by: "timeout", executeBy: AT * 2 },
      actor: "gate",
      at: AT,
    } as const;
    expect(approvalEvidence(evolve(held(), by), [])).toMatchObject({
      factor: "timeout.auto_approve_if_low_risk.v1",
      actor: "gate",
      assurance: null,
    });
  });

  test("is consumed by the first order", () => {
    const ordered = taken(approved(), orderBy({ bindings }), AT + MINUTE_MS);
    expect(approvalEvidence(ordered, [])?.consumedAt).toBe(AT + MINUTE_MS);
    expect(approvalEvidence(approved(), [])?.consumedAt).toBeNull();
  });

  test("of a rejection has its vote, also after an approval", () => {
    const refused = taken(held(), rejectBy(voterNamed("ana"), { link: null }));
    expect(approvalEvidence(refused, [])).toMatchObject({
      decision: "REJECT",
      decidedAt: AT,
      actor: "rev_ana",
    });
    const ended = taken(approved(), rejectBy(voterNamed("ben"), { link: null }), AT + 5);
    expect(approvalEvidence(ended, [])).toMatchObject({ decision: "REJECT", decidedAt: AT + 5 });
  });
});

describe("evidence of version 0.1, whose rejection names its person alone", () => {
  const rejected = { type: "rejected", person: "ana", note: null } as const;
  const old = evolve(held(), { event: rejected, actor: "rev_ana", at: AT });
  const entry = (event: string, body: object): Entry => ({
    intent: old.terms.id,
    seq: 4,
    event,
    actor: "rev_ana",
    at: AT,
    body: JSON.stringify(body),
    prev: "",
    hash: "",
    mac: "",
  });

  test("comes from the ledger, with the time of its entry", () => {
    const erased = { ...old, updatedAt: AT + 99 };
    expect(approvalEvidence(erased, [entry("rejected", { person: "ana" })])).toMatchObject({
      decision: "REJECT",
      decidedAt: AT,
      actor: "rev_ana",
      assurance: null,
      factor: "manual.dashboard.v1",
    });
  });

  test("knows a link by the entry before", () => {
    const entries = [entry("approval_link_used", { link: "l" }), entry("rejected", { person: "ana" })];
    expect(approvalEvidence(old, entries)).toMatchObject({ factor: "link.single_use.v1" });
  });

  test.each([[[]], [[entry("rejected", { person: 7 })]]])(
    "is none where the ledger does not say: %j",
    (entries) => {
      expect(approvalEvidence(old, entries as readonly Entry[])).toBeNull();
    },
  );
});

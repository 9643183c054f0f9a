import { expect, test } from "vitest";
import { caseLines, type ApprovalCase } from "../../../cli/approvals/case.ts";
import { payloadOf } from "../../../cli/approvals/case-payload.ts";
import { rowCells } from "../../../cli/approvals/list.ts";
import type { JsonObject } from "../../../src/core/base/json.ts";

/* "Ids where names are known": the terminal says the name first, and the id beside it. */

const VIEW: JsonObject = {
  destination: "crm.import",
  action: "crm.import",
  sender_agent_id: "agt_1",
  edited_by: "ben",
  predecessor_id: "int_0",
  votes: [{ person: "ana", acting: "ben", assurance: "sso" }],
  rejections: [{ event: "rejected", person: "rev_7", reason: null }],
  approval: { groups: ["ops"], people: ["ana"], minAssurance: "slack" },
  names: { agt_1: "importer", ana: "Ana Diaz", ben: "Ben\u001b[2J" },
};

const found = (view: JsonObject, bytes: Uint8Array = new Uint8Array()): ApprovalCase => ({
  id: "int_1",
  state: "rejected",
  digest: "d",
  view,
  decision: {},
  facts: null,
  agent: { name: "importer", owner: "ops" },
  payload: payloadOf(bytes),
  isIntact: true,
});

const lineOf = (label: string, view: JsonObject, bytes?: Uint8Array) =>
  caseLines(found(view, bytes), 0, null).find((line) => line.trim().startsWith(label));

test("a case names agent, author, voters and approvers, and gives the id alone of whom it has no name", () => {
  expect(lineOf("who", VIEW)).toContain("importer (agt_1), owner ops");
  expect(lineOf("author", VIEW)).toContain("Ben⟨U+001B⟩[2J (ben), who edited the payload");
  expect(lineOf("edit", VIEW)).toContain("by Ben⟨U+001B⟩[2J (ben)");
  expect(lineOf("votes", VIEW)).toContain("by Ana Diaz (ana), sso, given by Ben⟨U+001B⟩[2J (ben)");
  expect(lineOf("votes", VIEW)).toContain("rejected by rev_7");
  expect(lineOf("votes", VIEW)).toContain("from ops, Ana Diaz (ana)");
});

test.each([[null], [[]], [{ agt_1: 5 }], [{ __proto__: null }], ["importer"]])(
  "a response whose names are %j shows the ids",
  (names) => {
    expect(lineOf("who", { ...VIEW, names })).toContain("agt_1");
  },
);

test("a line of the queue has the agent's name", () => {
  expect(rowCells({ ...VIEW, id: "int_1" }, 0)).toContain("importer");
  expect(rowCells({ ...VIEW, id: "int_1", names: {} }, 0)).toContain("agt_1");
});

test("a case with right-to-left letters says that they are there, and one without says nothing", () => {
  const bytes = new TextEncoder().encode("א;5;900000;ב");
  expect(lineOf("letters", VIEW, bytes)).toContain("run from right to left");
  expect(lineOf("letters", { ...VIEW, on_behalf_of: "אב 5" })).toContain("run from right to left");
  expect(lineOf("letters", VIEW)).toBeUndefined();
});

const counts = (earlier: number, states: JsonObject) => ({
  nth: earlier + 1,
  earlier,
  more: false,
  states,
  latest: [],
});

test("first run or fifth? A case says which run it is, and what became of the earlier ones", () => {
  const seen_before = {
    payload: counts(4, { succeeded: 3, rejected: 1 }),
    shape: counts(30, { succeeded: 30 }),
    agent: counts(99, { succeeded: 99 }),
  };
  const line = lineOf("runs", { ...VIEW, seen_before });
  expect(line).toContain("of its kind 31st, earlier: 30 ");
  expect(line).toContain("this payload 5th, earlier: 3 ");
  const none = { payload: counts(0, {}), shape: counts(0, {}), agent: counts(0, {}) };
  expect(lineOf("runs", { ...VIEW, seen_before: none })).toContain("of its kind first");
});

test.each([
  [null],
  ["five"],
  [{}],
  [{ agent: { earlier: "5" } }],
  [{ agent: { earlier: 1e300 } }],
  [{ agent: [], payload: 5 }],
])("a response whose counts are %j shows none", (seen_before) => {
  expect(lineOf("runs", { ...VIEW, seen_before })).toBeUndefined();
});

test("a hostile server's phases don't drive the terminal", () => {
  const seen_before = { agent: counts(1, { "\u001b[2J": 1 }), payload: null, shape: null };
  expect(lineOf("runs", { ...VIEW, seen_before })).not.toContain("\u001b");
});

test("a case names the policies that held it, whatever the agent named", () => {
  const policies = [{ id: "finance-high-risk" }, { id: "all" }];
  expect(lineOf("held by", { ...VIEW, policy_id: "mine", policies })).toContain("finance-high-risk, all:");
  expect(lineOf("held by", { ...VIEW, policy_id: "mine", policies: [] })).toContain("mine:");
});

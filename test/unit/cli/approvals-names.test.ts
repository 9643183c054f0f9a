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

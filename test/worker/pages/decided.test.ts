import { beforeAll, expect, test } from "vitest";
import type { Principal } from "../../support/client.ts";
import { browserAt, type Browser } from "../../support/worker/browser.ts";
import { call, fresh, proposal, propose, register } from "../../support/worker/gate.ts";

/* The list of what was decided, where auditors look things up. */

let ana: Principal;
let auditor: Browser;

beforeAll(async () => {
  ana = await register("reviewer", { person: "ana" });
  const { key } = await register("auditor");
  auditor = browserAt("https://gate.test");
  await auditor.post("/v1/session", { key });
});

async function decided(name = fresh("importer")) {
  const agent = await register("agent", { name });
  const id = await propose(agent, proposal("crm.held", { recordCount: 7 }), "pending_approval");
  const waiting = await propose(agent, proposal("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${id}/reject`, ana.key, { reason: "no" });
  return { agent, name, id, waiting };
}

test("what waits is not in it, and each line leads to the case and its evidence", async () => {
  const { agent, name, id, waiting } = await decided();
  const { text } = await auditor.get(`/cases/decided?agent=${agent.id}`);
  expect(text).toContain(`href="/cases/${id}"`);
  expect(text).toContain(`href="/v1/intents/${id}/evidence" download`);
  expect(text).not.toContain(waiting);
  expect(text.replaceAll(/<[^>]*>|\s+/g, " ")).toMatch(
    new RegExp(`${name} +Rejected +Ana Diaz +7 +not measured`),
  );
  expect((await auditor.get(`/cases/decided?agent=${agent.id}&status=pending_approval`)).text).not.toContain(
    waiting,
  );
});

test.each<[string, (found: Awaited<ReturnType<typeof decided>>) => string]>([
  ["the id", ({ id }) => `q=${id}`],
  ["the beginning of the id", ({ id }) => `q=${id.slice(0, 16)}`],
  ["the agent's name", ({ name }) => `q=${name}`],
  ["the agent and the destination", ({ agent }) => `agent=${agent.id}&destination=crm.held`],
  ["the agent and the policy in force", ({ agent }) => `agent=${agent.id}&policy=held`],
  ["the agent and the person", ({ agent }) => `agent=${agent.id}&person=ana`],
  ["the agent and the day", ({ agent }) => `agent=${agent.id}&day=${new Date().toISOString().slice(0, 10)}`],
  ["empty boxes of the form", ({ agent }) => `agent=${agent.id}&q=&day=&status=`],
])("a case is found by %s", async (_, query) => {
  const found = await decided();
  expect((await auditor.get(`/cases/decided?${query(found)}`)).text).toContain(`href="/cases/${found.id}"`);
});

test("another day, person or policy does not find it, and the page says so", async () => {
  const { agent, id } = await decided();
  for (const query of ["day=2020-02-02", "person=ben", "policy=other"]) {
    const { text } = await auditor.get(`/cases/decided?agent=${agent.id}&${query}`);
    expect(text, query).not.toContain(`href="/cases/${id}"`);
    expect(text).toContain("Nothing decided matches.");
  }
});

test("its address holds what is searched, and pages go on from there", async () => {
  const { agent, id } = await decided();
  const second = await propose(agent, proposal("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${second}/reject`, ana.key, { reason: "no" });
  const { text } = await auditor.get(`/cases/decided?agent=${agent.id}&q=crm&limit=1`);
  expect(text).toContain('value="crm"');
  expect(text).toContain(second);
  const [, older = ""] = /href="(\/cases\/decided\?[^"]*after=[^"]*)"/.exec(text) ?? [];
  expect((await auditor.get(older.replaceAll("&amp;", "&"))).text).toContain(id);
});

test("exports what is searched as CSV, in which no name is a formula", async () => {
  const { agent, id } = await decided(`=${fresh("cmd")}`);
  const { text, headers } = await auditor.get(`/cases/decided.csv?agent=${agent.id}`);
  expect(headers.get("Content-Type")).toBe("text/csv; charset=utf-8");
  const [head = "", line = "", ...rest] = text.split("\r\n");
  expect(head.split(",")).toHaveLength(line.split('","').length);
  expect(line).toContain(`"${id}"`);
  expect(line).toContain(`"'=cmd`);
  expect(rest).toEqual([""]);
});

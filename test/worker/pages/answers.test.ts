import { beforeAll, expect, test } from "vitest";
import type { Principal } from "../../support/client.ts";
import { browserAt, type Browser } from "../../support/worker/browser.ts";
import { admin, call, ordered, proposal, propose, register } from "../../support/worker/gate.ts";

/* What people and workers answered is shown, by the API and on the case's page (faults E). */

let agent: Principal;
let ana: Principal;
let ben: Principal;
let browser: Browser;

beforeAll(async () => {
  agent = await register("agent");
  ana = await register("reviewer", { person: "ana" });
  ben = await register("reviewer", { person: "ben" });
  browser = browserAt("https://gate.test");
  await browser.post("/v1/session", { key: ben.key });
});

const read = async (id: string) => (await call("GET", `/v1/intents/${id}`, admin)).body;

test("a rejected case names who rejected it, when and why", async () => {
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${id}/reject`, ana.key, { reason: "wrong list" });
  const { rejections, block_reason: why } = await read(id);
  expect(rejections).toEqual([
    { event: "rejected", person: "ana", acting: "ana", reason: "wrong list", at: expect.any(String) },
  ]);
  expect(why).toBe("wrong list");
  const { text } = await browser.get(`/cases/${id}`);
  expect(text).toMatch(/reject<\/span>\s*<span>\s*<bdi>Ana Diaz<\/bdi>[\s\S]{0,200}wrong list/);
  expect(text).not.toContain("No votes yet");
});

test("every rejection of several is named", async () => {
  const id = await propose(agent, proposal("crm.noes"), "pending_approval");
  await call("POST", `/v1/intents/${id}/reject`, ana.key, { reason: "first" });
  await call("POST", `/v1/intents/${id}/reject`, ben.key, { reason: "second" });
  expect((await read(id)).rejections).toMatchObject([
    { event: "rejection_vote_recorded", person: "ana", reason: "first" },
    { event: "rejected", person: "ben", reason: "second" },
  ]);
});

test("a worker's result is on the page, for those who may read the payload", async () => {
  const { intent, id, token } = await ordered(agent, proposal("crm.small"));
  await call("POST", `/v1/executions/${id}/report`, token, {
    status: "succeeded",
    result: { rows: "four-hundred" },
  });
  expect((await browser.get(`/cases/${intent}`)).text).toContain("four-hundred");
  const stranger = browserAt("https://gate.test");
  const auditor = await register("auditor");
  await stranger.post("/v1/session", { key: auditor.key });
  const shown = await stranger.get(`/cases/${intent}`);
  const readable = (await call("GET", `/v1/intents/${intent}/payload`, auditor.key)).status === 200;
  expect(shown.text.includes("four-hundred")).toBe(readable);
});

test("an approved intent has no reason that blocks it, and tags are a list", async () => {
  const id = await propose(agent, proposal("crm.held", { sensitivity_tags: ["pii"] }), "pending_approval");
  expect((await read(id)).block_reason).toEqual(expect.any(String));
  await call("POST", `/v1/intents/${id}/approve`, ana.key);
  expect(await read(id)).toMatchObject({ block_reason: null, sensitivity_tags: ["pii"], rejections: [] });
});

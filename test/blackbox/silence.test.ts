import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { type Gate, startGate, text } from "../support/gate.ts";
import type { Principal } from "../support/client.ts";

/* "Silence counted as an answer": a channel over real connections, and a server that is killed during the wait. */

let receiver: Server;
let isUp = true;
let gate: Gate;
let agent: Principal;
let reviewer: Principal;
const folder = temporaryFolder();

/** Longer than any deadline set here by far. */
const SOON = { timeout: 25_000, interval: 100 };

beforeAll(async () => {
  receiver = createServer((request, response) => {
    request.resume();
    response.writeHead(isUp ? 204 : 404).end();
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  writeFileSync(
    join(policies, "quiet.yaml"),
    "id: quiet\ndestinations: [crm.note]\nallow_unmeasured: true\non_no_response: auto_approve_if_low_risk\nexpiry_minutes: 10\n",
  );
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people: { ana: { name: Ana } }
credentials: { pager: { ref: env://PAGER_SECRET } }
channels:
  here: { type: webhook, url: "http://127.0.0.1:${(receiver.address() as AddressInfo).port}/", secret: pager, allow_private: true }
destinations: { crm.note: { policies: [quiet] } }
`,
  );
  gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies],
    env: { PAGER_SECRET: `whsec_${Buffer.alloc(32, 7).toString("base64")}` },
  });
  agent = await gate.register("agent");
  reviewer = await gate.register("reviewer", { person: "ana" });
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  receiver.close();
  folder[Symbol.dispose]();
});

async function hold(expiresIn: string) {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, {
    destination: "crm.note",
    policy: "quiet",
    payload: '{"note":"hello"}',
    recordCount: 1,
    expiresIn,
  });
  expect(body["status"]).toBe("pending_approval");
  return { id: text(body, "intentId"), expiresAt: Date.parse(text(body, "expiresAt")) };
}

async function viewOf(id: string) {
  const { body } = await gate.call("GET", `/v1/intents/${id}`, reviewer.key);
  return {
    state: body["state"],
    by: body["decided_by"],
    why: body["silence_not_counted"],
    until: body["decide_by"],
  };
}

test("silence approves where the channel took the message and the server ran", async () => {
  const { id } = await hold("8s");
  await expect
    .poll(() => viewOf(id), SOON)
    .toEqual({ state: "approved", by: "timeout", why: null, until: null });
});

test("silence approves nothing where every delivery failed", async () => {
  isUp = false;
  const { id } = await hold("4s");
  await expect
    .poll(() => viewOf(id), SOON)
    .toEqual({ state: "pending_approval", by: null, why: "approvers_not_notified", until: null });
  isUp = true;
});

test("silence approves nothing where the rest of the wait fell into the server's downtime", async () => {
  const { id, expiresAt } = await hold("12s");
  const delivered = async () => (await gate.call("GET", "/v1/approvals", reviewer.key)).text;
  await expect.poll(delivered, SOON).toContain(id);
  await gate.crash();
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, expiresAt + 1 - Date.now())));
  await gate.start();
  await expect.poll(async () => (await viewOf(id)).until, SOON).toBeNull();
  const { state, why } = await viewOf(id);
  expect(state).toBe("pending_approval");
  expect(["approvers_not_notified", "gate_was_down"]).toContain(why);
  const approved = await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, "");
  expect(approved.body["state"]).toBe("approved");
});

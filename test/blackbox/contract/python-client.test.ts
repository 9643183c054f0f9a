import { execFileSync, spawnSync } from "node:child_process";
import { afterAll, expect, test } from "vitest";
import { temporaryFolder } from "../../support/command.ts";
import { startGate } from "../../support/gate.ts";

/*
 * The contract's own Python client, as published and unmodified. It is installed into a folder of its own, and the test
 * is skipped where there is no Python, no pip or no network.
 */

const CLIENT = "zehrava-gate==0.2.0";

/** Of a download of a few kilobytes. */
const INSTALL_TIMEOUT_MS = 60_000;

const PROGRAM = `
import json, sys
from zehrava_gate import Gate, GateError

endpoint, agent_key, reviewer_key = sys.argv[1:]
agent, reviewer = Gate(endpoint, agent_key), Gate(endpoint, reviewer_key)
crm = dict(destination="salesforce.import", policy="crm-low-risk", record_count=847)

held = agent.propose(payload="leads-a.csv", idempotency_key="a", **crm)
try:
    agent.execute(intent_id=held["intentId"])
    early = None
except GateError as error:
    early = [error.status, error.body["status"]]
approved = reviewer.approve(intent_id=held["intentId"])
order = agent.execute(intent_id=held["intentId"])
shown = agent.verify(intent_id=held["intentId"])
refused = agent.propose(payload="leads-b.csv", **crm)
rejected = reviewer.reject(intent_id=refused["intentId"])
try:
    reviewer.approve(intent_id=refused["intentId"])
    late = None
except GateError as error:
    late = [error.status, str(error), error.body["decision"]]
try:
    agent.propose(payload="leads-a.csv", idempotency_key="a", **crm)
    again = None
except GateError as error:
    again = [error.status, error.body["status"], error.body["intentId"] == held["intentId"]]
waiting = agent.propose(payload="leads-c.csv", **crm)
hook = agent.register_webhook(intent_id=waiting["intentId"], url="https://hooks.example.com/x", secret="s")
print(json.dumps({
    "statuses": [held["status"], approved["status"], order["status"], rejected["status"]],
    "early": early, "late": late, "again": again, "hook": hook["registered"],
    "message": [held["messageId"], shown["message_id"], approved["approvalEvidence"]["responds_to"]],
    "evidence": [shown["approval_evidence"]["decision"], rejected["approvalEvidence"]["decision"]],
    "consumed": [approved["approvalEvidence"]["consumed_at"], order["approval_evidence"]["consumed_at"]],
    "payload_path": shown["payload_path"],
    "token": order["execution_token"][:4],
}))
`;

const packages = temporaryFolder();
const gate = await startGate();
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  packages[Symbol.dispose]();
});

test("the published Python client proposes, approves, executes, verifies and rejects", async (context) => {
  const install = ["-m", "pip", "install", "--quiet", "--no-deps", "--target", packages.path, CLIENT];
  const installed = spawnSync("python3", install, { timeout: INSTALL_TIMEOUT_MS });
  if (installed.status !== 0) context.skip(`${CLIENT} can't be installed here`);
  const { agent, reviewer } = await gate.cast();
  const args = ["-c", PROGRAM, `http://127.0.0.1:${gate.port}`, agent.key, reviewer.key];
  const output = execFileSync("python3", args, { env: { ...process.env, PYTHONPATH: packages.path } });
  const printed = JSON.parse(output.toString()) as { readonly message: readonly string[] };
  expect(printed).toMatchObject({
    statuses: ["pending_approval", "approved", "scheduled", "blocked"],
    early: [409, "pending_approval"],
    late: [409, "already_answered", "REJECT"],
    again: [409, "duplicate_blocked", true],
    hook: true,
    evidence: ["APPROVE", "REJECT"],
    consumed: [null, expect.any(String)],
    payload_path: "leads-a.csv",
    token: "gex_",
  });
  expect(new Set(printed.message).size).toBe(1);
  expect(printed.message[0]).toMatch(/^msg_/);
}, 120_000);

import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inRoot } from "./npm.ts";
import type { Running } from "./server.ts";

/** What an agent, a reviewer and a worker do with the client: from a proposal to a verified order and its report. */
const PROGRAM = `
import { Gate } from "zehrava-gate-client";
import { verifyOrder } from "zehrava-gate-client/verify";

const gate = new Gate();
const rows = Array.from({ length: 200 }, (_, at) => ({ email: "a" + at + process.pid + "@example.com" }));
const payload = JSON.stringify(rows);
const proposed = await gate.propose({ payload, destination: "salesforce.import", policy: "crm-low-risk" });
if (proposed.status !== "pending_approval") throw new Error("proposed: " + proposed.status);
await gate.approve({ intentId: proposed.intentId });
const decided = await gate.wait(proposed.intentId);
const order = await gate.execute({ intentId: decided.intentId });
const { GATE_ENDPOINT: endpoint } = process.env;
const verified = await verifyOrder(order.order, { endpoint, issuer: "gate.example", destination: "salesforce.import", payload });
if (verified.intentId !== proposed.intentId) throw new Error("verified another order");
const report = { executionId: order.executionId, executionToken: order.execution_token, status: "succeeded" };
const { status } = await gate.report(report);
const refused = await gate.propose({ destination: "a.b", policy: "p", recordCount: NaN }).catch((error) => error);
if (!(refused instanceof TypeError)) throw new Error("NaN was sent");
console.log(status);
`;

/** A strict TypeScript program with no types but the package's own. */
const TYPED = `
import { Gate, type ProposeResult } from "zehrava-gate-client";
const gate = new Gate({ endpoint: "http://localhost:4000", apiKey: "gate_sk_a" });
export const proposed: Promise<ProposeResult> = gate.propose({ destination: "a.b", policy: "p", recordCount: 1 });
// @ts-expect-error: an option that does not exist
export const wrong = new Gate({ endpoint: "http://localhost:4000", apikey: "x" });
`;

/** Runs the client alone against the server. */
export function checkClient(
  node: string,
  folder: string,
  { endpoint, agentKey, reviewerKey }: Running,
): string {
  const script = join(folder, "check.mjs");
  writeFileSync(script, PROGRAM);
  const environment = { GATE_ENDPOINT: endpoint, GATE_API_KEY: agentKey, GATE_REVIEWER_KEY: reviewerKey };
  const { status, stdout, stderr } = spawnSync(node, [script], {
    cwd: folder,
    env: { ...process.env, ...environment },
    encoding: "utf8",
  });
  const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout.trim();
  if (status !== 0 || stdout !== "succeeded\n") {
    throw new Error(`the client failed on ${version}:\n${stdout}${stderr}`);
  }
  checkTypes(folder);
  return `the client works on ${version}`;
}

function checkTypes(folder: string): void {
  const file = join(folder, "check.ts");
  writeFileSync(file, TYPED);
  const tsc = inRoot("node_modules", "typescript", "bin", "tsc");
  const options = ["--noEmit", "--strict", "--module", "nodenext", "--lib", "es2022,dom", "--types", ""];
  const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, file], {
    cwd: folder,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`the client's types fail:\n${stdout}`);
}

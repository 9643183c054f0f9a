// A runner inside your network: it takes the orders of one destination, verifies each with Gate's published keys,
// claims it, executes it with credentials that never leave this process, and signs its report.
//
//   GATE_ENDPOINT      Gate's address                      default http://localhost:4000
//   GATE_API_KEY       a runner's key, or the agent's own where the destination names no runners
//   GATE_DESTINATION   the destination this worker serves  default salesforce.import
//   GATE_ORIGIN        the deployment's name (as in its wrangler.toml)
//   GATE_REPORT_JWK    optional: a file with the Ed25519 private key (JWK) that signs reports
//   CRM_FILE           the file that stands for the CRM    default ./crm.ndjson
import { createHash } from "node:crypto";
import { appendFile, readFile } from "node:fs/promises";
import { signReport, verifyOrder } from "zehrava-gate/verify";

const endpoint = process.env.GATE_ENDPOINT ?? "http://localhost:4000";
const destination = process.env.GATE_DESTINATION ?? "salesforce.import";
const issuer = process.env.GATE_ORIGIN ?? "gate.example";
const crmFile = process.env.CRM_FILE ?? "crm.ndjson";
const key = process.env.GATE_API_KEY;
if (!key) {
  console.error("GATE_API_KEY is not set");
  process.exit(2);
}
const reportKey =
  process.env.GATE_REPORT_JWK && JSON.parse(await readFile(process.env.GATE_REPORT_JWK, "utf8"));

const { intents } = await gate(`/v1/intents?status=scheduled&destination=${encodeURIComponent(destination)}`);
if (intents.length === 0) console.log(`no orders for ${destination}`);
for (const { id } of intents) {
  const { execution } = await gate(`/v1/intents/${id}`);
  // Claimed orders are another worker's.
  if (execution?.status === "scheduled") {
    await execute(await gate(`/v1/executions/${execution.executionId}`));
  }
}

async function execute(issued) {
  const token = { execution_token: issued.execution_token };
  // Verified before the claim: an order that this worker can't execute stays available to others.
  const payload = issued.payload_ref?.startsWith("/v1/") ? await bytes(issued.payload_ref) : undefined;
  const order = await verifyOrder(issued.order, { endpoint, issuer, destination, payload });
  await gate(`/v1/executions/${order.executionId}/claim`, token);

  const { outcome, result, responseDigest } = await importInto(crmFile, order, payload);
  const claims = { outcome, responseDigest, providerReference: order.idempotencyKey };
  const proof = reportKey ? { proof: await signReport(order, claims, reportKey) } : {};
  const report = { ...token, ...proof, status: outcome, result };
  const { status } = await gate(`/v1/executions/${order.executionId}/report`, report);
  console.log(`${order.intentId}: ${status}`, result);
}

/** Stands for the provider: imports once, and recognises a repeat by the idempotency key. */
async function importInto(file, order, payload) {
  const imported = await readFile(file, "utf8").catch(() => "");
  const rows =
    payload === undefined ? 0 : Buffer.from(payload).toString("utf8").trim().split("\n").length - 1;
  const line = JSON.stringify({ key: order.idempotencyKey, rows });
  if (!imported.includes(order.idempotencyKey)) await appendFile(file, `${line}\n`);
  const responseDigest = createHash("sha256").update(line).digest("hex");
  return { outcome: "succeeded", result: { rows }, responseDigest };
}

async function bytes(path) {
  const response = await fetch(new URL(path, endpoint), { headers: { Authorization: `Bearer ${key}` } });
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function gate(path, body) {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const request = body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers };
  const response = await fetch(new URL(path, endpoint), request);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${path}: ${answer.detail ?? response.status}`);
  return answer;
}

/**
 * What an agent, a reviewer and a worker do with the client: from a proposal to a verified order and its report, and a
 * guarded function. One module for every runtime, which exports `smoke`.
 */
export const CLIENT_PROGRAM = `
import { Gate, GatePendingError } from "zehrava-gate-client";
import { connect, propose } from "zehrava-gate-client/propose";
import { verifyBundle, verifyOrder } from "zehrava-gate-client/verify";

function expect(what, value, wanted) {
  if (value !== wanted) throw new Error(what + ": " + String(value) + " instead of " + String(wanted));
}

export async function smoke({ endpoint, agentKey, reviewerKey, name }) {
  const gate = new Gate({ endpoint, apiKey: agentKey, reviewerKey });
  const rows = Array.from({ length: 200 }, (_, at) => ({ email: name + at + "@example.com" }));
  const payload = JSON.stringify(rows);
  const destination = "salesforce.import";
  const proposed = await gate.propose({ payload, destination, policy: "crm-low-risk" });
  expect("proposed", proposed.status, "pending_approval");
  await gate.approve({ intentId: proposed.intentId });
  const decided = await gate.wait(proposed.intentId);
  const order = await gate.execute({ intentId: decided.intentId });
  const verified = await verifyOrder(order.order, { endpoint, issuer: "gate.example", destination, payload });
  expect("verified", verified.intentId, proposed.intentId);
  await gate.claim({ executionId: order.executionId, executionToken: order.execution_token });
  const { status } = await gate.report({ executionId: order.executionId, executionToken: order.execution_token, status: "succeeded", result: { rows: 200 } });
  expect("reported", status, "succeeded");
  expect("result", (await gate.result(proposed.intentId)).result.rows, 200);
  expect("evidence", (await verifyBundle(await gate.evidence(proposed.intentId), null)).findings.every((each) => each.status !== "fails"), true);

  let runs = 0;
  const importRows = gate.guard(async (list) => ({ imported: list.length, run: (runs += 1) }), {
    destination,
    policy: "crm-low-risk",
    key: "arguments",
  });
  const few = rows.slice(0, 3);
  expect("guarded", (await importRows(few)).imported, 3);
  expect("guarded again", (await importRows(few)).run, 1);
  const held = await importRows(rows.slice(0, 150)).catch((error) => error);
  expect("held", held instanceof GatePendingError, true);
  expect("runs", runs, 1);

  let listed = 0;
  for await (const intent of gate.intents({ limit: 2 })) listed += intent.intentId === intent.id ? 1 : 0;
  expect("listed", listed >= 3, true);
  expect("alone", (await propose(connect({ endpoint, apiKey: agentKey }), { destination: "a.b", policy: "crm-low-risk" })).status, "blocked");
  const refused = await gate.propose({ destination: "a.b", policy: "p", recordCount: NaN }).catch((error) => error);
  expect("NaN", refused instanceof TypeError, true);
  const gone = new Gate({ endpoint: "http://127.0.0.1:9", apiKey: "k", retries: 1 });
  expect("gone", (await gone.list().catch((error) => error)).code, "network");
  return "succeeded";
}
`;

/** Runs it where there are a process and an environment: Node, Deno and Bun. */
export const PROCESS_PROGRAM = `
import { smoke } from "./smoke.mjs";
const { GATE_ENDPOINT: endpoint, GATE_API_KEY: agentKey, GATE_REVIEWER_KEY: reviewerKey } = process.env;
console.log(await smoke({ endpoint, agentKey, reviewerKey, name: "p" + process.pid + "-" }));
`;

/** Runs it in a Worker. */
export const WORKER_PROGRAM = `
import { smoke } from "./smoke.mjs";
export default {
  async fetch(request) {
    try {
      return new Response(await smoke(await request.json()));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
`;

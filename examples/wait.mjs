// An agent that proposes an import and waits for a person: approve it in another terminal while this runs, with
//   GATE_API_KEY=gate_rk_… npx zehrava-gate approvals approve <id>
// Restarted with the same idempotency key as its argument, it continues with the same intent.
import { fileURLToPath } from "node:url";
import { Gate } from "zehrava-gate";

const gate = new Gate({ endpoint: process.env.GATE_ENDPOINT ?? "http://localhost:4000" });

const proposal = await gate.propose({
  payload: fileURLToPath(new URL("leads.csv", import.meta.url)),
  destination: "salesforce.import",
  policy: "crm-low-risk",
  recordCount: 847,
  idempotencyKey: process.argv[2],
});
console.log(`${proposal.intentId}: waiting for a person`);

// The server holds each call open: the response comes with the decision.
const decided = await gate.wait(proposal.intentId, { timeout: 3_600_000 });
console.log(
  `${decided.intentId}: ${decided.status}${decided.blockReason ? ` (${decided.blockReason})` : ""}`,
);

if (decided.status === "approved") {
  const order = await gate.execute({ intentId: decided.intentId });
  // A worker in your network would do the import here, with its own credentials.
  await gate.report({
    executionId: order.executionId,
    executionToken: order.execution_token,
    status: "succeeded",
  });
  console.log(`${decided.intentId}: carried out`);
}

// Proposes an import of 847 leads to a local server, approves it as the reviewer, and reports its execution.
import { fileURLToPath } from "node:url";
import { Gate } from "zehrava-gate";

const gate = new Gate({ endpoint: process.env.GATE_ENDPOINT ?? "http://localhost:4000" });

const proposal = await gate.propose({
  payload: fileURLToPath(new URL("leads.csv", import.meta.url)),
  destination: "salesforce.import",
  policy: "crm-low-risk",
  recordCount: 847,
});
console.log(proposal.status, "-", proposal.reason);

if (proposal.status === "pending_approval") {
  await gate.approve({ intentId: proposal.intentId, reason: "checked a sample of ten" });
  const order = await gate.execute({ intentId: proposal.intentId });
  // A worker in your network would do the import here, with its own credentials.
  await gate.report({
    executionId: order.executionId,
    executionToken: order.execution_token,
    status: "succeeded",
  });
}

const { status, auditTrail } = await gate.verify({ intentId: proposal.intentId });
console.log(status, "-", auditTrail.map((event) => event.event_type).join(" → "));

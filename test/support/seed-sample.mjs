// The product page's TypeScript sample, and its quickstart: only endpoint, keys and file names are changed.
import { Gate } from "zehrava-gate";

const endpoint = process.env.SAMPLE_ENDPOINT;

{
  const gate = new Gate({ endpoint, apiKey: process.env.SAMPLE_AGENT_KEY });

  // 1. Submit intent — get policy decision immediately
  const p = await gate.propose({
    payload: "./leads-of-the-sample.csv",
    destination: "salesforce.import",
    policy: "crm-low-risk",
    recordCount: 847,
    idempotency_key: "batch-2026-03-08",
  });
  // p.intentId, p.status, p.risk_score, p.risk_level, p.blockReason
  console.log(JSON.stringify([p.status, typeof p.intentId, p.risk_score, p.risk_level, p.blockReason]));

  // 2. Human approves (dashboard, Slack, or API)
  await gate.approve({ intentId: p.intentId });

  // 3. Get signed execution order (15-min TTL)
  const order = await gate.execute({ intentId: p.intentId });
  // order.execution_token → worker runs in your VPC
  console.log(order.execution_token.slice(0, 4));

  // 4. Full audit trail
  const audit = await gate.verify({ intentId: p.intentId });
  console.log(audit.auditTrail.map((event) => event.event_type).join(" "));
}

{
  const gate = new Gate({ endpoint });

  const propose = (change) =>
    gate.propose({
      payload: "./leads-of-the-sample.csv",
      destination: "salesforce.import",
      policy: "crm-low-risk",
      recordCount: 847,
      ...change,
    });

  console.log((await propose({})).status);
  console.log((await propose({ recordCount: 50 })).status);
  console.log((await propose({ destination: "unknown.system" })).status);
}

{
  // An agent's key cannot approve, and the response says why.
  delete process.env.GATE_REVIEWER_KEY;
  const gate = new Gate({ endpoint });
  const p = await gate.propose({
    destination: "salesforce.import",
    policy: "crm-low-risk",
    recordCount: 847,
  });
  const refusal = await gate.approve({ intentId: p.intentId }).catch((error) => error);
  console.log(refusal.status, refusal.name, refusal.message.length > 20);
}

import { approve, executeOrder, ledger, propose, type Scene } from "./stage.ts";

/** The three incidents, then the four use cases. */
export const SCENES: readonly Scene[] = [
  {
    kind: "incident",
    title: "Duplicate AI calls",
    story: "The webhook fires twice, so the call automation proposes the same call twice.",
    async play(stage) {
      const call = {
        file: "lead-call.json",
        destination: "kaicalls.call",
        policy: "outbound-call",
        idempotencyKey: "lead-4711-spring-webinar",
      };
      const first = await propose(stage, call, { status: ["approved"], reasonCode: ["approved_by_policy"] });
      const second = await propose(stage, call, {
        status: ["duplicate_blocked"],
        reasonCode: ["duplicate_blocked"],
      });
      if (second.intentId !== first.intentId) {
        stage.unexpected("the duplicate does not name the first intent");
      }
      await ledger(stage, first, "proposed → policy_checked → approved → duplicate_blocked");
    },
  },
  {
    kind: "incident",
    title: "Broken email template",
    story: "A mail goes out to customers with `Hello {{customer_name}}` in it.",
    async play(stage) {
      const mail = await propose(
        stage,
        { file: "welcome-email.txt", destination: "sendgrid.send", policy: "outbound-email" },
        { status: ["pending_approval"], reasonCode: ["template_error_detected"] },
      );
      await ledger(stage, mail, "proposed → policy_checked → approval_requested");
    },
  },
  {
    kind: "incident",
    title: "CRM overwrite",
    story: "An enrichment agent pushes updates over 847 records. A person looks before anything is written.",
    async play(stage) {
      const update = await propose(
        stage,
        { file: "leads.csv", destination: "hubspot.contacts", policy: "crm-low-risk", recordCount: 847 },
        { status: ["pending_approval"], reasonCode: ["record_threshold_exceeded"] },
      );
      await approve(stage, update, "compared ten rows with the CRM");
      await executeOrder(stage, update, "leads.csv");
      await ledger(
        stage,
        update,
        "proposed → policy_checked → approval_requested → approval_vote_recorded → approved → execution_requested → execution_succeeded",
      );
    },
  },
  {
    kind: "use case",
    title: "CRM bulk update",
    story: "The agent declares 50 leads; the file has 847. The measured number counts.",
    async play(stage) {
      const bulk = await propose(
        stage,
        { file: "leads.csv", destination: "salesforce.import", policy: "crm-low-risk", recordCount: 50 },
        { status: ["pending_approval"], reasonCode: ["record_threshold_exceeded"] },
      );
      await approve(stage, bulk, "the import was announced");
      const order = await stage.gate.execute({ intentId: bulk.intentId });
      stage.line(
        "  order",
        `${order.executionId.slice(0, 14)}… until ${order.expires_at}, token for one use`,
      );
      await ledger(
        stage,
        bulk,
        "proposed → policy_checked → approval_requested → approval_vote_recorded → approved → execution_requested",
      );
    },
  },
  {
    kind: "use case",
    title: "Finance payout batch",
    story: "The agent proposes a payout to a destination that no policy lists.",
    async play(stage) {
      const payout = await propose(
        stage,
        { file: "payouts.csv", destination: "wire.transfer", policy: "finance-high-risk" },
        { status: ["blocked"], reasonCode: ["destination_not_allowed", "destination_not_registered"] },
      );
      await ledger(stage, payout, "proposed → policy_checked → blocked");
    },
  },
  {
    kind: "use case",
    title: "Routine support reply",
    story: "One harmless reply: approved by policy, ordered, sent, reported.",
    async play(stage) {
      const reply = await propose(
        stage,
        { file: "reply-routine.txt", destination: "zendesk.reply", policy: "support-reply" },
        { status: ["approved"], reasonCode: ["approved_by_policy"] },
      );
      await executeOrder(stage, reply, "reply-routine.txt");
      await ledger(
        stage,
        reply,
        "proposed → policy_checked → approved → execution_requested → execution_succeeded",
      );
    },
  },
  {
    kind: "use case",
    title: "Risky support reply",
    story: 'The reply promises "refund guaranteed".',
    async play(stage) {
      const reply = await propose(
        stage,
        { file: "reply-refund.txt", destination: "zendesk.reply", policy: "support-reply" },
        { status: ["blocked"], reasonCode: ["blocked_term_detected"] },
      );
      await ledger(stage, reply, "proposed → policy_checked → blocked");
    },
  },
];

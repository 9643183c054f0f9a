import { expect, test } from "vitest";
import type { CaseMessage } from "../../../src/app/notifications/channels/case-message.ts";
import { emailContent } from "../../../src/app/notifications/channels/email.ts";
import { decidedMessage, requestMessage } from "../../../src/app/notifications/channels/slack-message.ts";
import type { CaseSummary } from "../../../src/app/notifications/case-summary.ts";

/* "A fallback text that says agent, what and why": what a phone shows of a message before it is opened. */

const SUMMARY: CaseSummary = {
  intent: "int_1",
  digest: "d",
  destination: "sendgrid.send",
  action: "sendgrid.send",
  request: null,
  agent: "newsletter-writer",
  described: {
    agent: "newsletter-writer",
    editor: null,
    phase: "pending_approval",
    destination: "sendgrid.send",
    method: null,
    records: 1,
    valueCents: null,
    hasFacts: true,
    totals: [],
    recipients: null,
  },
  editor: null,
  risk: { score: 0, level: "low", factors: [] },
  records: 1,
  unknown: [],
  valueCents: null,
  reasonCode: "template_error_detected",
  heldBy: [],
  decideBy: null,
  approval: {
    require: 1,
    quorums: [],
    groups: [],
    people: [],
    excludeProposer: true,
    excludeOwner: true,
    minAssurance: "slack",
    rejections: 1,
  },
  votes: 0,
};

const messageOf = (more: Partial<CaseSummary> = {}) =>
  ({ summary: { ...SUMMARY, ...more }, statusText: "Waiting for a decision.", link: null }) as CaseMessage;

test("Slack's fallback text says agent, what and why", () => {
  expect(requestMessage("Approval needed", messageOf(), null).text).toBe(
    "Approval needed: `newsletter-writer` wants to send 1 e-mail through `sendgrid.send`. Held: a placeholder was not filled in.",
  );
  expect(decidedMessage(messageOf()).text).toContain("through `sendgrid.send`. Waiting for a decision.");
});

test("a name can neither mention anybody in it nor end its code span", () => {
  const { text } = requestMessage("Approval needed", messageOf({ agent: "a` <!channel> *b*" }), null);
  expect(text).toContain("`a' &lt;!channel&gt; *b*` wants");
});

test("an e-mail begins with the same, and its destination is no link", () => {
  const { text, html } = emailContent(
    { kind: "held", to: null },
    messageOf({ destination: "https://gate.example/login", described: { ...SUMMARY.described, records: 3 } }),
    "ana@example.com",
    "gate@example.com",
  );
  expect(text).toContain("newsletter-writer wants to");
  expect(text).toContain("Held: a placeholder was not filled in.");
  expect(text + html).not.toContain("https://gate.example/login");
});

test("amounts are in their currency", () => {
  const described = {
    ...SUMMARY.described,
    destination: "adyen.payout",
    totals: [{ currency: "EUR", minor: 1250 }],
  };
  const { text } = emailContent(
    { kind: "held", to: null },
    messageOf({ destination: "adyen.payout", described }),
    "a@x",
    "g@x",
  );
  expect(text).toContain("pay out €12.50 EUR through");
  expect(text).toContain("Value: €12.50 EUR");
});

import { expect, test } from "vitest";
import { profileSummary } from "../../../../src/core/presentation/profile-summary.ts";
import { PROFILE_IDS } from "../../../../src/core/policy/rules/profiles.ts";

const FITTING: Readonly<Record<string, Record<string, string | number | string[]>>> = {
  "email.send.v1": { to: ["a@example.com", "b@example.com"], subject: "Hi" },
  "crm.import.v1": { object_type: "lead", record_count: 1_847 },
  "payment.refund.v1": { amount_usd: 12.5, reason: "broken" },
  "finance.journal.v1": { account: 4010, amount_usd: -3, memo: "fees" },
  "support.reply.v1": { ticket_id: 7, body: "x".repeat(500) },
  "social.publish.v1": { platform: "web", body: "We are live" },
};

test("every profile has a sentence, with its fields", () => {
  expect(Object.keys(FITTING).toSorted()).toEqual(PROFILE_IDS.toSorted());
  expect(PROFILE_IDS.map((id) => profileSummary(id, FITTING[id] ?? {}))).toEqual([
    'Send email to a@example.com, b@example.com — "Hi"',
    "Import 1,847 lead records",
    "Refund $12.5 — broken",
    "Post $-3 to account 4010 — fees",
    `Reply to ticket 7 — "${"x".repeat(80)}…"`,
    'Publish on web — "We are live"',
  ]);
});

test.each([
  ["email.send.v1", { to: "a@example.com" }],
  ["nope.v9", {}],
  ["constructor", {}],
])("metadata that does not fit %s has none", (profile, metadata) => {
  expect(profileSummary(profile, metadata)).toBeNull();
});

import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Policy } from "../../../src/core/policy/policy.ts";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { FULL } from "../../support/policy-file.ts";

function policy(text: string, file = "x.yaml"): Policy {
  const parsed = parsePolicy(file, text);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return parsed.value;
}

test("every field of a policy is read, with its default, unit and line", () => {
  const { base } = policy(FULL);
  expect(base).toMatchObject({
    allowedTypes: new Set(["csv", "ndjson", "text"]),
    requireProfile: "email.send.v1",
    blockIfPii: ["email"],
    blockDuplicatesWithinMs: 90_000,
    rateLimits: [
      { field: "per_agent_per_hour", windowMs: 3_600_000, limit: 3 },
      { field: "per_agent_per_day", windowMs: 86_400_000, limit: 5 },
    ],
    budgets: [
      { windowMs: 86_400_000, maxIntents: null, maxRecords: 10, maxValueCents: 9_950, onExceed: "block" },
    ],
    maxValueCents: 100_025,
    requireApprovalOverValueCents: 1_000,
    cooldownAfterRejectionMs: null,
    holdAtRisk: "medium",
    blockAtRisk: "critical",
    onNoResponse: "escalate",
    escalate: [
      { afterMinutes: 10, to: "a-team" },
      { afterMinutes: 20, to: "b-team" },
    ],
    approvers: {
      require: 2,
      groups: ["finance"],
      people: ["ana"],
      excludeProposer: true,
      excludeOwner: false,
      minAssurance: "sso",
    },
    edit: { allow: true, editorMayApprove: false },
    executor: "runner",
    retentionDays: 30,
  });
  expect(base.fields.get("auto_approve_under")).toEqual({ path: "auto_approve_under", line: 25 });
});

test("a field that is left out has its documented default", () => {
  const { base, mode, description } = policy("id: x\ndestinations: [a.b]\n");
  expect({ mode, description }).toEqual({ mode: "enforce", description: null });
  expect(base).toMatchObject({
    autoApproveUnder: null,
    holdAtRisk: "high",
    blockAtRisk: null,
    cooldownAfterRejectionMs: 3_600_000,
    allowUnmeasured: false,
    expiryMinutes: 60,
    executionWindowMinutes: 60,
    onNoResponse: "reject",
    approvers: { require: 1, excludeProposer: true, excludeOwner: true, minAssurance: "slack" },
    retentionDays: null,
  });
});

test("an environment replaces, adds and removes rules, each with its own line", () => {
  const { base, environments } = policy(FULL);
  const production = environments.get("production");
  expect(production?.requireApprovalAlways).toBe(true);
  expect(production?.blockIfTerms).toBeNull();
  expect(production?.holdIfTerms?.terms).toEqual(["beta"]);
  expect(production?.autoApproveUnder).toBe(1);
  expect(base.requireApprovalAlways).toBe(false);
  expect(production?.fields.get("require_approval")).toEqual({
    path: "environments.production.require_approval",
    line: 36,
  });
  expect(environments.get("constructor")).toBeUndefined();
});

test("the file x.yaml defines the policy x, and the file x.yml none, as the server reads only the first", () => {
  const text = "id: x\ndestinations: [a.b]\n";
  expect(policy(text, "x.yaml").id).toBe("x");
  const refused = parsePolicy("x.yml", text);
  expect(refused.ok ? null : refused.error[0]?.message).toContain("ends in .yaml");
});

test("line ends and a byte order mark change the policy's hash, and none of its rules", () => {
  const text = "id: x\ndestinations: [a.b]\nauto_approve_under: 3\n";
  for (const other of [text.replaceAll("\n", "\r\n"), `\uFEFF${text}`, `${text}\n# note\n`]) {
    expect(policy(other).base).toEqual(policy(text).base);
    expect(policy(other).hash).not.toBe(policy(text).hash);
    expect(policy(other).ref.meaning).toBe(policy(text).ref.meaning);
  }
});

test("the meaning is the SHA-256 of the RFC 8785 text of the document, without defaults", () => {
  const { ref } = policy(
    "# Why: audits\nid: 'x'\nauto_approve_under: 3 # was 4\ndestinations:\n- a.b\n- &c d.e\n",
  );
  const document = '{"auto_approve_under":3,"destinations":["a.b","d.e"],"id":"x"}';
  expect(ref.meaning).toBe(createHash("sha256").update(document).digest("hex"));
});

test.each([
  ["another number", "auto_approve_under: 4\n"],
  ["a default that is written out", "auto_approve_under: 3\nmode: enforce\n"],
  ["another description", "auto_approve_under: 3\ndescription: Leads\n"],
])("%s is another meaning", (_, rest) => {
  const start = "id: x\ndestinations: [a.b]\n";
  expect(policy(`${start}${rest}`).ref.meaning).not.toBe(
    policy(`${start}auto_approve_under: 3\n`).ref.meaning,
  );
});

test("an empty value in an environment is a mistake, and only a written null removes the rule there", () => {
  const file = (value: string) =>
    `id: x\ndestinations: [crm.*]\nrequire_approval: always\nenvironments:\n  staging:\n    require_approval:${value}\n`;
  for (const removed of [" null", " ~", " !!null null"]) {
    const parsed = parsePolicy("x.yaml", file(removed));
    expect(parsed.ok && parsed.value.environments.get("staging")?.requireApprovalAlways, removed).toBe(false);
  }
  for (const empty of ["", " ", " # null", " &nothing"]) {
    const parsed = parsePolicy("x.yaml", file(empty));
    expect(parsed.ok ? [] : parsed.error, empty).toEqual([
      {
        file: "x.yaml",
        line: 6,
        column: 5,
        message: "`require_approval` has no value; write `null` to remove the rule in this environment",
      },
    ]);
  }
});

import { describe, expect, test } from "vitest";
import { demandedAssurance, demandProblem, levelOf } from "../../../../src/core/policy/approval-demand.ts";
import { evaluateProposal } from "../../../../src/core/policy/evaluate.ts";
import type { ApprovalDemand } from "../../../../src/core/proposal/request.ts";
import { AGENT, content, requestFor, rulesFrom } from "../../../support/policy-rules.ts";

const NOTHING: ApprovalDemand = { provider: null, channel: null, level: null, factors: [] };

const held = (approval: ApprovalDemand, more: string) => {
  const policy = `destinations: [crm.*]\n${more}`;
  const request = requestFor({ policy: "crm", recordCount: 50, approval });
  return evaluateProposal(rulesFrom({ crm: policy }), AGENT, request, content("[]"), null);
};

test.each<[string, Partial<ApprovalDemand>, string | null]>([
  ["nothing", {}, null],
  ["the lowest level", { level: "LOW" }, null],
  ["a provider and a channel", { provider: "dashboard", channel: { type: "sms", address: "***00" } }, null],
  ["MEDIUM", { level: "MEDIUM" }, "slack"],
  ["HIGH", { level: "HIGH" }, "sso"],
  ["CRITICAL", { level: "CRITICAL" }, "passkey"],
  ["a link", { factors: ["link.single_use.v1"] }, "link"],
  ["a manual answer", { factors: ["manual.dashboard.v1"] }, "key"],
  ["the stricter of factors", { factors: ["link.single_use.v1", "manual.dashboard.v1"] }, "key"],
  ["the stricter of level and factor", { level: "HIGH", factors: ["manual.dashboard.v1"] }, "sso"],
  ["a factor that is unknown", { factors: ["manual.dashboard.v1", "constructor"] }, "passkey"],
])("a demand for %s needs a vote of that assurance", (_, demand, assurance) => {
  expect(demandedAssurance({ ...NOTHING, ...demand })).toBe(assurance);
});

test.each([
  ["link", "LOW"],
  ["slack", "MEDIUM"],
  ["key", "MEDIUM"],
  ["sso", "HIGH"],
  ["passkey", "CRITICAL"],
] as const)("assurance %s is the contract's %s", (assurance, level) => {
  expect(levelOf(assurance)).toBe(level);
});

describe("INV-07: a proposal's demand", () => {
  const WEAK = "require_approval: always\napprovers: { min_assurance: link }";
  const STRONG = "require_approval: always\napprovers: { min_assurance: sso }";

  test.each([
    ["raises the policy's", WEAK, "HIGH", "sso", "sso"],
    ["never lowers it", STRONG, "MEDIUM", "sso", "slack"],
  ] as const)("%s", (_, policy, level, least, demanded) => {
    const { approval } = held({ ...NOTHING, level }, policy);
    expect(approval).toMatchObject({ minAssurance: least, demandedAssurance: demanded });
  });

  test("for nothing leaves the terms as they are, to the byte", () => {
    const { approval } = held({ ...NOTHING, level: "LOW", provider: "dashboard" }, STRONG);
    expect(approval).not.toHaveProperty("demandedAssurance");
  });

  test.each([
    [{ level: "MEDIUM" }, "reject"],
    [{ level: "LOW" }, "auto_approve_if_low_risk"],
  ] as const)("%j decides whether silence may approve", (demand, onNoResponse) => {
    const silent = "auto_approve_under: 1\non_no_response: auto_approve_if_low_risk";
    expect(held({ ...NOTHING, ...demand }, silent).onNoResponse).toBe(onNoResponse);
  });

  test("does not touch a stricter end of the wait", () => {
    const deferred = "require_approval: always\non_no_response: defer";
    expect(held({ ...NOTHING, level: "HIGH" }, deferred).onNoResponse).toBe("defer");
  });
});

test.each(["approve", "block"] as const)("no demand is a problem where it is not held: %s", (outcome) => {
  const approval = { ...NOTHING, provider: "nobody", factors: ["x"] };
  const risk = { score: 0, level: "low", factors: [] } as const;
  const registry = { channels: new Map() };
  const problem = (as: "approve" | "hold" | "block") =>
    demandProblem(requestFor({ approval }), { outcome: as, risk }, registry);
  expect(problem(outcome)).toBeNull();
  expect(problem("hold")).toMatchObject({ reason: "invalid_provider" });
});

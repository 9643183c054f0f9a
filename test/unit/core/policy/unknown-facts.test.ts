import { describe, expect, test } from "vitest";
import { evaluateProposal } from "../../../../src/core/policy/evaluate.ts";
import { covers, useOf } from "../../../../src/core/intent/mandate.ts";
import { doubtText, unknownFacts } from "../../../../src/core/proposal/doubt.ts";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { AGENT, content, historyWith, requestFor, rulesFrom } from "../../../support/policy-rules.ts";

const LEADS = `a;b;c;d;e\n1;2;3;4;"x,y\n${"n,a@x\n".repeat(500)}"`;
const FORM = "application/x-www-form-urlencoded";
const MONEY = "{path: amount, unit: major, currency: USD}";

function decide(
  policy: string,
  payload: Payload,
  {
    entry = "",
    history = null,
    recordCount = null,
  }: { entry?: string; history?: ReturnType<typeof historyWith> | null; recordCount?: number | null } = {},
) {
  const registry = `destinations:\n  crm.import: {policies: [p]${entry === "" ? "" : `, ${entry}`}}`;
  const rules = rulesFrom({ p: `destinations: [crm.import]\n${policy}` }, registry);
  return evaluateProposal(rules, AGENT, requestFor({ recordCount }), payload, history);
}

function typed(text: string, mediaType: string): Payload {
  return { kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType };
}

describe("INV-00: an unknown number of records", () => {
  test("is held by both thresholds with its reason, and its readings are in the trace", () => {
    for (const policy of ["auto_approve_under: 100", "require_approval_over: 100\nauto_approve_under: 100"]) {
      const decision = decide(policy, content(LEADS, "leads.csv"));
      expect(decision).toMatchObject({
        outcome: "hold",
        reasonCode: "records_not_measured",
        heldByContent: true,
      });
      expect(decision.reason).toBe(
        "The number of records is unknown: a reader with another delimiter finds other rows or columns in this CSV.",
      );
      expect(decision.reason).not.toMatch(/501/);
      expect(decision.trace.find(({ outcome }) => outcome === "hold")?.seen).toBe(
        "unknown (two readings: 1 or 501 records; a reader with another delimiter finds other rows or columns in this CSV)",
      );
    }
  });

  test("is not known because the agent declares it", () => {
    for (const payload of [content(LEADS, "leads.csv"), typed("%PDF-1.7\n", "application/pdf")]) {
      expect(decide("auto_approve_under: 100", payload, { recordCount: 1 }).outcome).toBe("hold");
    }
  });

  test("is held by a budget of records", () => {
    const budget = "auto_approve_under: 1000\nbudgets: [{window: 24h, max_records: 1000}]";
    const window = {
      policy: "p",
      windowMs: 86_400_000,
      intents: 0,
      records: 0,
      valueUsdCents: 0,
      freesUpInMs: null,
    };
    const history = historyWith({ windows: [window] });
    const decision = decide(budget, content(LEADS, "leads.csv"), { history });
    expect(decision.trace).toContainEqual(
      expect.objectContaining({ outcome: "hold", reasonCode: "budget_not_measurable" }),
    );
  });

  test("passes no cap of a standing approval, and its intent gets no vote of one", () => {
    const { facts, heldByContent } = decide("auto_approve_under: 100", content(LEADS, "leads.csv"));
    const intent = { id: "int_1", destination: "crm.import", policies: [], agent: "agt_1" };
    const use = useOf(intent, null, facts);
    const open = { destination: "crm.import", policy: null, agent: null, principalId: null, maxCents: null };
    expect(covers({ ...open, maxRecords: 10_000 }, use)).toBe(false);
    expect(heldByContent).toBe(true);
  });

  test("blocks a check of fields, which would see one reader's cells only", () => {
    const checks = "auto_approve_under: 1000\nfield_checks: [{path: b, required: true}]";
    expect(decide(checks, content(LEADS, "leads.csv"))).toMatchObject({ reasonCode: "field_check_failed" });
  });
});

describe("INV-00: an unknown amount", () => {
  const payload = typed("charge=ch;amount=9000&amount=1", FORM);
  const entry = `amount: ${MONEY}`;

  test("is held by both money rules with its reason, whatever is declared", () => {
    for (const rule of ["max_value_usd: 100", "require_approval_over_value_usd: 100"]) {
      const decision = decide(`auto_approve_under: 100\n${rule}`, payload, { entry });
      expect(decision).toMatchObject({
        outcome: "hold",
        reasonCode: "value_not_measured",
        heldByContent: true,
      });
      expect(decision.reason).toContain("also separates fields at semicolons");
    }
  });

  test("is held by a budget of money", () => {
    const budget = "auto_approve_under: 100\nbudgets: [{window: 24h, max_value_usd: 1000}]";
    const window = {
      policy: "p",
      windowMs: 86_400_000,
      intents: 0,
      records: 0,
      valueUsdCents: 0,
      freesUpInMs: null,
    };
    const history = historyWith({ windows: [window] });
    expect(decide(budget, payload, { entry, history })).toMatchObject({
      outcome: "hold",
      reasonCode: "budget_not_measurable",
      heldByContent: true,
    });
  });

  test("passes no cap of a standing approval", () => {
    const { facts } = decide("auto_approve_under: 100", payload, { entry });
    const intent = { id: "int_1", destination: "crm.import", policies: [], agent: "agt_1" };
    expect(useOf(intent, null, facts).cents).toBeNull();
  });
});

describe("INV-00: a field check of a field with two readings", () => {
  test.each([
    ["a field twice", typed("body=short&body=a+much+longer+text", FORM)],
    ["a list of it", typed("body=short&body[]=a+much+longer+text", FORM)],
    ["another case", typed('{"body":"short","Body":"a much longer text"}', "application/json")],
    ["a name twice in JSON", typed('{"body":"a much longer text","body":"short"}', "application/json")],
  ])("is blocked: %s", (_what, payload) => {
    const checks = "auto_approve_under: 100\nfield_checks: [{path: body, max_length: 10}]";
    expect(decide(checks, payload)).toMatchObject({ outcome: "block" });
  });
});

describe("INV-15: content rules", () => {
  const TERMS = 'auto_approve_under: 100\nblock_if_terms: ["refund guaranteed"]';
  const part = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--\r\n';
  const MULTIPART = "multipart/form-data; boundary=x";

  test.each([
    ["in the preamble", `refund guaranteed\r\n${part}`],
    ["in the epilogue", `${part}refund guaranteed`],
    ["in a part's header", part.replace("\r\n\r\n", "\r\nX-Note: refund guaranteed\r\n\r\n")],
    [
      "in an extended file name",
      part.replace('name="a"', "name=\"a\"; filename*=utf-8''refund%20guaranteed.txt"),
    ],
    ["in a file name", part.replace('name="a"', 'name="a"; filename="refund guaranteed.txt"')],
    [
      "in a parameter of a part's media type",
      part.replace("\r\n\r\n", '\r\nContent-Type: text/plain; x="refund guaranteed"\r\n\r\n'),
    ],
  ])("find a blocked term of a multipart body %s", (_where, text) => {
    expect(decide(TERMS, typed(text, MULTIPART))).toMatchObject({ reasonCode: "blocked_term_detected" });
  });

  test("don't take a part's usual headers for content", () => {
    const terms = 'auto_approve_under: 100\nblock_if_terms: ["form data", "disposition"]';
    expect(decide(terms, typed(part, MULTIPART)).outcome).toBe("approve");
  });

  test.each([
    "text/plain; charset=ibm037",
    'text/plain; a=";charset=utf-8"; charset=ibm037',
    "text/plain; charset*=x",
  ])("hold a text whose charset is unknown: %s", (mediaType) => {
    expect(decide(TERMS, typed("hello", mediaType))).toMatchObject({ reasonCode: "payload_not_inspectable" });
  });
});

describe("a doubt as text", () => {
  test("lists two and more readings with their unit, and none without numbers", () => {
    expect(doubtText({ because: "csv_quotes", readings: [1, 1_503] }, "records")).toMatch(
      /^two readings: 1 or 1,503 records; a quote/,
    );
    expect(doubtText({ because: "csv_quotes", readings: [1, 2, 3] })).toMatch(/^3 readings: 1, 2 or 3; /);
    expect(doubtText({ because: "charset", readings: [] }, "records")).toMatch(/^its charset/);
  });

  test("of a reason that this version does not know is the reason's code", () => {
    const stored = { records: { because: "from_the_future", readings: [] } } as unknown as Facts["doubts"];
    expect(unknownFacts(stored)).toEqual([
      { fact: "records", because: "from_the_future", readings: [], text: "from_the_future" },
    ]);
  });

  test("is absent from facts that were stored before doubts were", () => {
    expect(unknownFacts(undefined)).toEqual([]);
  });
});

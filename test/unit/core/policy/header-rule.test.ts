import { expect, test } from "vitest";
import { parseRegistry } from "../../../../src/config/registry/parse.ts";
import type { Header } from "../../../../src/core/outbound/header-names.ts";
import type { HttpWrite } from "../../../../src/core/outbound/http-write.ts";
import { headerResults } from "../../../../src/core/policy/rules/header-rule.ts";

const REGISTRY = parseRegistry(
  "gate.yaml",
  `
destinations:
  crm.bare: { policies: [held], upstream: "https://api.example.com", prefix: /bare }
  crm.listing: { policies: [held], upstream: "https://api.example.com", prefix: /listing, headers: [On-Behalf-Of], idempotency_header: X-Once }
`,
);
if (!REGISTRY.ok) throw new Error(JSON.stringify(REGISTRY.error));
const { destinations } = REGISTRY.value;

function write(...headers: Header[]): HttpWrite {
  return { method: "POST", url: "https://api.example.com/x", headers, slot: null, idempotencyHeader: null };
}

const bare = destinations.get("crm.bare");

test("a write without a request of its own, or with harmless headers, is not held", () => {
  expect(headerResults(undefined, bare)).toBeNull();
  expect(headerResults(write(["accept", "*/*"], ["content-type", "text/csv"]), bare)).toBeNull();
});

test("INV-13: a write with an unlisted header is held as for its content, at an unknown destination too", () => {
  for (const entry of [bare, undefined]) {
    const results = headerResults(write(["accept", "*/*"], ["on-behalf-of", "sub-1"]), entry);
    expect(results).toMatchObject({
      approves: false,
      findings: [{ outcome: "hold", code: "header_not_listed", content: true }],
      trace: [{ rule: "headers", seen: "on-behalf-of: sub-1", outcome: "hold" }],
    });
    expect(results?.findings[0]?.reason).toContain("`on-behalf-of`");
    expect(results?.findings[0]?.reason).not.toContain("sub-1");
  }
});

test("a listed header and the destination's key of repeats hold nothing", () => {
  const entry = destinations.get("crm.listing");
  expect(headerResults(write(["on-behalf-of", "sub-1"], ["x-once", "1"]), entry)).toBeNull();
  expect(headerResults(write(["on_behalf_of", "sub-1"]), entry)).not.toBeNull();
});

test("the sentence and the trace stay short, whatever the agent names its headers", () => {
  const headers = Array.from({ length: 50 }, (_, at): Header => [
    `x-${"a".repeat(200)}-${at}`,
    "v".repeat(500),
  ]);
  const results = headerResults(write(...headers), bare);
  expect(results?.findings[0]?.reason.length).toBeLessThan(500);
  expect(results?.findings[0]?.reason).toContain("and 45 more");
  expect(results?.trace[0]?.seen?.length).toBeLessThanOrEqual(200);
});

import { expect, test } from "vitest";
import { prettyLine } from "../../../cli/serve/pretty-line.ts";

const NOW = new Date("2026-11-30T12:03:04.5Z");

test.each<[string, object, string]>([
  [
    "a request",
    {
      event: "request",
      request: "r",
      method: "POST",
      route: "/v1/intents",
      status: 200,
      ms: 31,
      principal: "agt_1",
      intent: "int_1",
    },
    "12:03:04  POST /v1/intents                     200 31 ms  agt_1  int_1",
  ],
  [
    "a forwarded request without an intent",
    {
      event: "request",
      method: "GET",
      route: "/stripe/*",
      destination: "stripe.other",
      status: 404,
      ms: 2,
      principal: null,
      intent: null,
    },
    "12:03:04  GET /stripe/*                        404 2 ms  stripe.other",
  ],
  [
    "a decision",
    {
      event: "decision",
      intent: "int_1",
      agent: "agt_1",
      destination: "a.b",
      outcome: "hold",
      reason_code: "x",
      policies: ["p", "q"],
    },
    "12:03:04  HELD a.b (x) by p, q  agt_1  int_1",
  ],
  [
    "a fault",
    { event: "write_not_sent", message: "write not sent", intent: "int_1", why: "paused" },
    "12:03:04  write not sent  intent=int_1  why=paused",
  ],
])("--log pretty shows %s on one line", (_, line, expected) => {
  expect(prettyLine(JSON.stringify(line), NOW)).toBe(expected);
});

test("--log pretty leaves other lines alone, and lets none control the terminal", () => {
  expect(prettyLine("policies/x.yaml reloaded", NOW)).toBe("policies/x.yaml reloaded");
  expect(prettyLine("{not json", NOW)).toBe("{not json");
  const hostile = JSON.stringify({ event: "decision", destination: "a\u001b[2J\u202eb", outcome: "block" });
  expect(prettyLine(hostile, NOW)).toContain("a⟨U+001B⟩[2J⟨U+202E⟩b");
});

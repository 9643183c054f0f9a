import { expect, test } from "vitest";
import { payloadOf } from "../../../cli/approvals/case-payload.ts";
import { caseLines } from "../../../cli/approvals/case.ts";
import { Refused } from "../../../cli/api.ts";
import { requestLines } from "../../../cli/approvals/request.ts";

const HTTP = {
  method: "POST",
  url: "https://upstream.example.com/v1/refunds?amount=900",
  headers: [["content-type", "application/json"]],
  credential_in: { in: "header", name: "authorization" },
  repeat_header: ["idempotency-key", "gate_1"],
  sent_by: "gate",
} as const;

test("a case shows the whole request, with what Gate adds and where its credential goes", () => {
  expect(requestLines({ http: HTTP })).toEqual([
    ["request", "POST https://upstream.example.com/v1/refunds?amount=900"],
    ["header", "content-type: application/json"],
    ["header", "idempotency-key: gate_1 (Gate adds it)"],
    ["sends", "Gate, once, as soon as it is approved, with its credential in the header authorization"],
  ]);
});

test.each([
  [{ ...HTTP, credential_in: { in: "query", name: "key" } }, "in the query parameter key"],
  [
    { ...HTTP, credential_in: null, sent_by: "agent" },
    "the agent's repeat, once, with the agent's own credential",
  ],
  [{ ...HTTP, credential_in: null }, "without a credential"],
])("a case says whose credential the request is sent with: %j", (http, words) => {
  expect(requestLines({ http }).at(-1)?.[1]).toContain(words);
});

test.each([
  [{ http_status: 402, response_bytes: 1234 }, "HTTP 402, 1,234 bytes"],
  [{ problem: "timeout\u001b[2J" }, "none (timeout⟨U+001B⟩[2J)"],
])("a case shows the upstream's response once the request was sent: %j", (result, words) => {
  expect(requestLines({ http: HTTP, execution: { result } }).at(-1)).toEqual(["answer", words]);
});

test.each([
  ["Gate sends none", {}],
  ["it is not for this key", { http: null }],
  ["it is no request", { http: "POST" }],
])("a case has no lines about a request where %s", (_, view) => {
  expect(requestLines(view)).toEqual([]);
});

test("INV-28: a hostile server's request view neither controls the terminal nor breaks the command", () => {
  const esc = "\u001b[2J\r\nsends    nobody";
  const http = {
    method: esc,
    url: esc,
    headers: [[esc, esc], [1, 2], "x", null, []],
    credential_in: { in: "header", name: esc },
    repeat_header: [esc],
    sent_by: esc,
  };
  const text = JSON.stringify(requestLines({ http }));
  // oxlint-disable-next-line no-control-regex
  expect(text).not.toMatch(/\\u001b|\\r|\\n/);
  expect(requestLines({ http: {} })[0]).toEqual(["request", "? ?"]);
});

test.each([
  ["indeterminate", true],
  ["pending_approval", false],
  ["succeeded", false],
])("a case in state %s says how a person resolves it: %s", (state, isShown) => {
  const payload = payloadOf(new Refused(404, "no_payload", "none"));
  const found = {
    id: "int_1",
    state,
    digest: "d",
    view: {},
    decision: {},
    facts: null,
    agent: null,
    payload,
    isIntact: true,
  };
  expect(caseLines(found, 0, null).join("\n").includes("POST /v1/intents/int_1/resolve")).toBe(isShown);
});

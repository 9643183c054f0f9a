import * as fc from "fast-check";
import { expect, test } from "vitest";
import { finish } from "../../../../src/core/base/steps.ts";
import { proposalEvaluator, proposalEvaluatorInSteps } from "../../../../src/core/policy/evaluate.ts";
import type { Payload } from "../../../../src/core/proposal/payload.ts";
import { AGENT, requestFor, rulesFrom } from "../../../support/policy-rules.ts";

const POLICY = `destinations: [crm.all]
block_if_terms: [refund guaranteed]
hold_if_terms: [legal action, 的]
hold_if_pii: [card, email]
block_if_pii: [ssn]
require_approval_if_template_error: true
auto_approve_under: 100
`;

const PIECES = [
  "refund ",
  "guaranteed",
  "a@b.example",
  "4111 1111 1111 1111",
  "{{name}}",
  "<b>",
  "的",
  ",",
  "\n",
  '"',
  "cmVmdW5kIGd1YXJhbnRlZWQ=",
  "=",
  "%72",
  "x",
];
const TYPES = [
  "text/csv",
  "application/json",
  "application/x-ndjson",
  "application/x-www-form-urlencoded",
  "text/plain",
  null,
];

const bodies = fc.tuple(
  fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }),
  fc.integer({ min: 1, max: 4_000 }),
  fc.constantFrom(...TYPES),
);

function payloadOf(pieces: readonly string[], times: number, mediaType: string | null): Payload {
  const text = pieces.join("").repeat(times);
  const written = mediaType === "application/json" ? JSON.stringify([text, ...pieces]) : text;
  return { kind: "content", bytes: new TextEncoder().encode(written), name: null, mediaType };
}

test("INV-16: evaluation in pieces decides as evaluation at once does", () => {
  const rules = rulesFrom({ all: POLICY });
  const request = requestFor({ destination: "crm.all", policy: "all" });
  fc.assert(
    fc.property(bodies, ([pieces, times, mediaType]) => {
      const make = () => payloadOf(pieces, Math.ceil(times / (pieces.length + 1)), mediaType);
      const whole = proposalEvaluator(rules, AGENT, request, make())(null);
      const inSteps = finish(proposalEvaluatorInSteps(rules, AGENT, request, make()))(null);
      expect(inSteps).toEqual(whole);
    }),
    { numRuns: 60 },
  );
});

test("INV-16: a payload of many texts is evaluated in many pieces, and then at once", () => {
  const rules = rulesFrom({ all: POLICY });
  const request = requestFor({ destination: "crm.all", policy: "all" });
  const bytes = new TextEncoder().encode(`name,email\n${"Ann,ann@x.example\n".repeat(40_000)}`);
  const steps = proposalEvaluatorInSteps(rules, AGENT, request, {
    kind: "content",
    bytes,
    name: null,
    mediaType: "text/csv",
  });
  let pieces = 0;
  while (steps.next().done !== true) pieces += 1;
  expect(pieces).toBeGreaterThan(50);
});

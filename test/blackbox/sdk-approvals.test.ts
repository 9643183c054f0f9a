import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gate, type GateError } from "../../sdk/typescript/gate.ts";

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly body: unknown;
}

function client(): { readonly sent: Sent[]; readonly gate: Gate } {
  const sent: Sent[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(input as URL);
    sent.push({
      method: init?.method ?? "GET",
      path: url.pathname + url.search,
      key: new Headers(init?.headers).get("authorization"),
      body: typeof init?.body === "string" ? JSON.parse(init.body) : null,
    });
    return Response.json({ done: true });
  };
  const keys = { apiKey: "gate_sk_a", reviewerKey: "gate_rk_r" };
  return { sent, gate: new Gate({ endpoint: "http://gate.test", fetch, ...keys }) };
}

const REVIEWER = "Bearer gate_rk_r";
const AGENT = "Bearer gate_sk_a";
const DIGEST = "a".repeat(64);

beforeEach(() => {
  for (const name of ["GATE_API_KEY", "GATE_REVIEWER_KEY", "GATE_ENDPOINT"]) vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

const CALLS: readonly [string, (gate: Gate) => Promise<unknown>, Sent][] = [
  [
    "approve with the digest that was shown",
    (gate) => gate.approve({ intentId: "int_1", digest: DIGEST, reason: "ok", onBehalfOfPrincipal: "ana" }),
    {
      method: "POST",
      path: "/v1/intents/int_1/approve",
      key: REVIEWER,
      body: { digest: DIGEST, reason: "ok", on_behalf_of_principal: "ana" },
    },
  ],
  [
    "approve with nothing but the id",
    (gate) => gate.approve({ intentId: "int_1" }),
    { method: "POST", path: "/v1/intents/int_1/approve", key: REVIEWER, body: {} },
  ],
  [
    "reject in the other spelling",
    (gate) =>
      gate.reject({ intent_id: "int_1", intent_digest: DIGEST, reason: "no", on_behalf_of_principal: "b" }),
    {
      method: "POST",
      path: "/v1/intents/int_1/reject",
      key: REVIEWER,
      body: { intent_digest: DIGEST, reason: "no", on_behalf_of_principal: "b" },
    },
  ],
  [
    "a batch",
    (gate) =>
      gate.batch([
        { intentId: "int_1", decision: "approve", digest: DIGEST },
        { intent_id: "int_2", decision: "reject", digest: DIGEST, reason: "no", on_behalf_of_principal: "b" },
      ]),
    {
      method: "POST",
      path: "/v1/approvals/batch",
      key: REVIEWER,
      body: {
        decisions: [
          { intentId: "int_1", decision: "approve", digest: DIGEST },
          {
            intentId: "int_2",
            decision: "reject",
            digest: DIGEST,
            reason: "no",
            on_behalf_of_principal: "b",
          },
        ],
      },
    },
  ],
  [
    "an edit, with a text",
    (gate) =>
      gate.edit({
        intentId: "int_1",
        payload: "a\n1\n",
        recordCount: 1,
        reason: "one too many",
        digest: DIGEST,
      }),
    {
      method: "POST",
      path: "/v1/intents/int_1/edit",
      key: REVIEWER,
      body: { payload: "a\n1\n", record_count: 1, reason: "one too many", digest: DIGEST },
    },
  ],
  [
    "an edit, with bytes and a name",
    (gate) =>
      gate.edit({
        intentId: "int_1",
        payload: new Uint8Array([0, 255]),
        payload_name: "a.bin",
        reason: "r",
        digest: DIGEST,
        approve: true,
      }),
    {
      method: "POST",
      path: "/v1/intents/int_1/edit",
      key: REVIEWER,
      body: {
        payload: "AP8=",
        payload_encoding: "base64",
        payload_name: "a.bin",
        reason: "r",
        digest: DIGEST,
        approve: true,
      },
    },
  ],
  [
    "the list of pending cases",
    (gate) => gate.approvals({ group: "g 1", mine: true, limit: 5, after: "x" }),
    { method: "GET", path: "/v1/approvals?group=g+1&mine=true&limit=5&after=x", key: REVIEWER, body: null },
  ],
  [
    "all that waits",
    (gate) => gate.approvals(),
    { method: "GET", path: "/v1/approvals", key: REVIEWER, body: null },
  ],
  [
    "groups",
    (gate) => gate.approvalGroups(),
    { method: "GET", path: "/v1/approvals/groups", key: REVIEWER, body: null },
  ],
  [
    "a webhook of one intent, which the agent registers",
    (gate) => gate.registerWebhook({ intentId: "int_1", url: "https://x.test", secret: "s" }),
    {
      method: "POST",
      path: "/v1/webhooks/register",
      key: AGENT,
      body: { intentId: "int_1", url: "https://x.test", secret: "s" },
    },
  ],
];

test.each(CALLS)("the SDK sends the expected call for: %s", async (_, call, expected) => {
  const { sent, gate } = client();
  expect(await call(gate)).toMatchObject({ done: true });
  expect(sent).toEqual([expected]);
});

const MISTAKES: readonly [string, (gate: Gate) => Promise<unknown>][] = [
  [
    "a batch with an entry without an id",
    (gate) => gate.batch([{ decision: "approve", digest: DIGEST } as never]),
  ],
  ["a batch with an unknown option", (gate) => gate.batch([{ intentId: "int_1", verdict: "yes" } as never])],
  [
    "an edit without a payload",
    (gate) => gate.edit({ intentId: "int_1", reason: "r", digest: DIGEST } as never),
  ],
  ["an edit without an id", (gate) => gate.edit({ payload: "x", reason: "r", digest: DIGEST } as never)],
  [
    "a digest given twice, differently",
    (gate) => gate.approve({ intentId: "i", digest: "a", intentDigest: "b" }),
  ],
  ["a list with an unknown filter", (gate) => gate.approvals({ colour: "red" } as never)],
];

test.each(MISTAKES)("the SDK refuses %s before sending", async (_, call) => {
  const { sent, gate } = client();
  const error = await call(gate).then(
    () => null,
    (thrown: unknown) => thrown as GateError,
  );
  expect(error?.code).toBe("invalid_option");
  expect(sent).toEqual([]);
});

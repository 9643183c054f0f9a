import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Gate } from "../../sdk/typescript/gate.ts";

beforeEach(() => {
  for (const name of ["GATE_API_KEY", "GATE_REVIEWER_KEY", "GATE_ENDPOINT"]) vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

const ANSWER = {
  intent_id: "int_1",
  status: 201,
  headers: [["x-request-id", "req_1"]],
  body: "déjà vu",
  encoding: "utf-8",
  truncated: false,
  received_at: "2026-11-22T12:00:00.000Z",
  sha256: "a".repeat(64),
};

function client(answer: object, status = 200) {
  const requests: string[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    requests.push(`${init?.method} ${String(input)} ${new Headers(init?.headers).get("authorization")}`);
    return Response.json(answer, { status });
  };
  return { requests, gate: new Gate({ endpoint: "http://gate.test", fetch, apiKey: "gate_sk_a" }) };
}

test.each([["int_1"], [{ intentId: "int_1" }], [{ intent_id: "int_1" }]])(
  "the SDK requests the upstream's response by id: %j",
  async (intent) => {
    const { requests, gate } = client(ANSWER);
    const response = await gate.response(intent);
    expect(requests).toEqual(["GET http://gate.test/v1/intents/int_1/response?format=json Bearer gate_sk_a"]);
    expect(response).toMatchObject({ ...ANSWER, intentId: "int_1", receivedAt: ANSWER.received_at });
    expect(new TextDecoder().decode(response.bytes)).toBe("déjà vu");
  },
);

test("the SDK returns a binary response unchanged", async () => {
  const { gate } = client({ ...ANSWER, body: "//4AAQI=", encoding: "base64" });
  expect([...(await gate.response("int_1")).bytes]).toEqual([0xff, 0xfe, 0, 1, 2]);
});

test.each([
  ["no body", { ...ANSWER, body: null }],
  ["no encoding", { ...ANSWER, encoding: undefined }],
  ["another encoding", { ...ANSWER, encoding: "gzip" }],
  ["broken base64", { ...ANSWER, encoding: "base64", body: "%%%" }],
  ["another answer altogether", { ok: true }],
])("the SDK throws for an incomplete or foreign response: %s", async (_, answer) => {
  await expect(client(answer).gate.response("int_1")).rejects.toMatchObject({ code: "invalid_response" });
});

test("the SDK throws with the reason where there is no response", async () => {
  const problem = { status: 404, code: "no_response", detail: "It is being sent." };
  await expect(client(problem, 404).gate.response("int_1")).rejects.toMatchObject({
    status: 404,
    code: "no_response",
    message: "It is being sent.",
  });
});

test.each(["", "../x", "int_1/audit", "int_1?format=raw"])(
  "the SDK refuses an id that would name another resource: %j",
  async (id) => {
    const { requests, gate } = client(ANSWER);
    await gate.response(id).catch(() => undefined);
    for (const call of requests) expect(call).toMatch(/\/v1\/intents\/[\w.%]+\/response\?format=json /);
  },
);

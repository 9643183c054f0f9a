import { afterAll, expect, test } from "vitest";
import { crmImport, eventsOf, startGate, text } from "../support/gate.ts";
import type { Answer } from "../support/client.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const times = <T>(count: number, act: (at: number) => Promise<T>): Promise<readonly T[]> =>
  Promise.all(Array.from({ length: count }, (_, at) => act(at)));

const withStatus = (answers: readonly Answer[], status: number) =>
  answers.filter((answer) => answer.status === status);

async function eventsOfIntent(id: string): Promise<readonly unknown[]> {
  return eventsOf((await gate.call("GET", `/v1/intents/${id}`, reviewer.key)).body);
}

test("INV-11: of fifty parallel proposals under one key one is made, and 49 get its id", async () => {
  const request = crmImport(5, { idempotency_key: "fifty" });
  const answers = await times(50, () => gate.call("POST", "/v1/intents", agent.key, request));
  expect(withStatus(answers, 200)).toHaveLength(1);
  expect(withStatus(answers, 409)).toHaveLength(49);
  expect(new Set(answers.map(({ body }) => body["intentId"])).size).toBe(1);
  for (const { body } of withStatus(answers, 409)) {
    expect(body).toMatchObject({ status: "duplicate_blocked", existingStatus: "approved" });
  }
  const events = await eventsOfIntent(text(answers[0]?.body ?? {}, "intentId"));
  expect(events.filter((event) => event === "proposed")).toHaveLength(1);
  // A storm of repeats is coalesced: recorded, and never fifty entries.
  expect(events.filter((event) => event === "duplicate_blocked")).toHaveLength(1);
});

test("INV-11: of thirty parallel executes one is 201 and 29 are 200 with the same order, which is on the ledger once", async () => {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(5));
  const id = text(body, "intentId");
  const answers = await times(30, () => gate.call("POST", `/v1/intents/${id}/execute`, agent.key, ""));
  expect(withStatus(answers, 201)).toHaveLength(1);
  expect(withStatus(answers, 200)).toHaveLength(29);
  expect(new Set(answers.map((answer) => answer.text)).size).toBe(1);
  const events = await eventsOfIntent(id);
  expect(events.filter((event) => event === "execution_requested")).toHaveLength(1);
});

test("INV-04: of twenty parallel reports one counts", async () => {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(5));
  const id = text(body, "intentId");
  const { body: order } = await gate.call("POST", `/v1/intents/${id}/execute`, agent.key, "");
  const path = `/v1/executions/${text(order, "executionId")}/report`;
  const token = text(order, "execution_token");
  const answers = await times(20, (at) =>
    gate.call("POST", path, token, { status: at % 2 === 0 ? "succeeded" : "failed" }),
  );
  expect(withStatus(answers, 200)).toHaveLength(1);
  expect(withStatus(answers, 409)).toHaveLength(19);
  const reported = withStatus(answers, 200)[0]?.body["status"];
  expect((await gate.call("GET", `/v1/intents/${id}`, agent.key)).body["status"]).toBe(reported);
});

test("INV-11: a parallel approval and rejection never both stand, and a rejected intent is never executed", async () => {
  for (let round = 0; round < 10; round += 1) {
    const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
    const path = `/v1/intents/${text(body, "intentId")}`;
    const [approved, rejected] = await Promise.all([
      gate.call("POST", `${path}/approve`, reviewer.key, ""),
      gate.call("POST", `${path}/reject`, reviewer.key, { reason: "no" }),
    ]);
    const { state } = (await gate.call("GET", path, agent.key)).body;
    // A rejection that comes second revokes; an approval that comes second is refused. The no stands either way.
    expect(rejected?.status).toBe(200);
    expect(state).toBe(approved?.status === 200 ? "revoked" : "rejected");
    expect((await gate.call("POST", `${path}/execute`, agent.key, "")).status).toBe(409);
  }
});

test("INV-11: of a parallel revocation and execute, an earlier order is dead and a later one refused", async () => {
  for (let round = 0; round < 10; round += 1) {
    const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(5));
    const path = `/v1/intents/${text(body, "intentId")}`;
    const [order, revoked] = await Promise.all([
      gate.call("POST", `${path}/execute`, agent.key, ""),
      gate.call("POST", `${path}/revoke`, reviewer.key, ""),
    ]);
    expect(revoked?.status).toBe(200);
    if (order?.status === 201) {
      const token = order.body["execution_token"] ?? "gex_none";
      const report = await gate.call(
        "POST",
        `/v1/executions/${text(order.body, "executionId")}/report`,
        String(token),
        {
          status: "succeeded",
        },
      );
      expect(report.status).not.toBe(200);
    } else expect(order?.status).toBe(409);
    expect((await gate.call("GET", path, agent.key)).body["state"]).toBe("revoked");
  }
});

test("INV-01: of ten parallel registrations of one name one succeeds", async () => {
  const answers = await times(10, () =>
    gate.call("POST", "/v1/agents/register", gate.adminKey, { name: "the only one" }),
  );
  expect(withStatus(answers, 201)).toHaveLength(1);
  expect(withStatus(answers, 409)).toHaveLength(9);
});

test("more than 600 proposals a minute by one agent are 429, and other agents' pass", async () => {
  const flooding = await gate.register("agent");
  const request = { destination: "nowhere.at.all", policy: "none" };
  const seen = new Map<number, number>();
  let first429: Answer | undefined;
  for (let batch = 0; batch < 31; batch += 1) {
    for (const answer of await times(20, () =>
      gate.call("POST", "/v1/intents?dry_run=true", flooding.key, request),
    )) {
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      if (answer.status === 429) first429 = answer;
    }
  }
  expect(Object.fromEntries(seen)).toEqual({ 200: 600, 429: 20 });
  expect(first429?.headers.get("Retry-After")).toMatch(/^\d+$/);
  expect(first429?.body).toMatchObject({
    code: "too_many_requests",
    limit: "proposals",
    per_minute: 600,
    error: expect.any(String),
  });
  expect((await gate.call("POST", "/v1/intents", agent.key, crmImport(1))).status).toBe(200);
});

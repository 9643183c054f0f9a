import { beforeAll, describe, expect, test } from "vitest";
import {
  admin,
  call,
  everythingInD1,
  flushed,
  fresh,
  later,
  MINUTE_MS,
  ordered,
  proposal,
  register,
  send,
  stateOf,
  type Ordered,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
beforeAll(async () => {
  agent = await register("agent");
});

/** The largest result that is stored, as canonical JSON. */
const MAX_RESULT_BYTES = 64 * 1024;

const report = ({ id, token }: Ordered, body: Record<string, unknown>) =>
  call("POST", `/v1/executions/${id}/report`, token, body);
const result = (intent: string, key = agent.key) => call("GET", `/v1/intents/${intent}/result`, key);

describe("the result of a write", () => {
  test.each<[string, unknown]>([
    ["an object", { rows: 847, ids: ["a", null] }],
    ["a text", "done"],
    ["a falsy number", 0],
    ["false", false],
    ["an empty list", []],
    ["null", null],
  ])("that a worker reported as %s is read by its proposer", async (_, value) => {
    const order = await ordered(agent);
    await report(order, { status: "succeeded", result: value });
    const { status, body } = await result(order.intent);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      intentId: order.intent,
      state: "succeeded",
      outcome: "succeeded",
      execution_id: order.id,
      result: value,
    });
  });

  test("is read of a failed write as well, and not before the report", async () => {
    const order = await ordered(agent);
    const early = await result(order.intent);
    expect([early.status, early.body.code, early.body.state]).toEqual([404, "no_result", "scheduled"]);
    await report(order, { status: "failed", result: { error: { name: "E", message: "no" } } });
    expect((await result(order.intent)).body).toMatchObject({
      state: "failed",
      outcome: "failed",
      result: { error: { name: "E", message: "no" } },
    });
  });

  test("INV-06: is 404 for another agent, as if there were no intent", async () => {
    const order = await ordered(agent);
    await report(order, { status: "succeeded", result: "mine" });
    const other = await register("agent");
    const [theirs, nobodys] = [await result(order.intent, other.key), await result("int_x", other.key)];
    expect([theirs.status, theirs.body.code]).toEqual([404, "intent_not_found"]);
    expect(theirs.text).toBe(nobodys.text);
  });

  test("of exactly 64 KiB is stored, and a longer one refused in bytes, not characters", async () => {
    const fits = await ordered(agent);
    // Two quotes, and two bytes a letter.
    const longest = "é".repeat((MAX_RESULT_BYTES - 2) / 2);
    expect((await report(fits, { status: "succeeded", result: longest })).status).toBe(200);
    expect((await result(fits.intent)).body.result).toBe(longest);
    const over = await ordered(agent);
    const refused = await report(over, { status: "succeeded", result: `${longest}x` });
    expect([refused.status, refused.body.code]).toEqual([413, "result_too_large"]);
    // The write was made: its report without the result is still to come.
    expect((await report(over, { status: "succeeded" })).status).toBe(200);
  });

  test("INV-27: is in no table of D1, also where the report has an Idempotency-Key", async () => {
    const order = await ordered(agent);
    const secret = fresh("only-in-the-result");
    const once = () =>
      send(`/v1/executions/${order.id}/report`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${order.token}`,
          "content-type": "application/json",
          "idempotency-key": order.id,
        },
        body: JSON.stringify({ status: "succeeded", result: { secret } }),
      });
    expect((await once()).body.result).toEqual({ secret });
    const again = await once();
    expect(again.headers.get("idempotency-replayed")).toBe("true");
    expect(again.body).toMatchObject({ status: "succeeded", result: { secret } });
    await flushed(order.intent);
    expect(await everythingInD1()).not.toContain(secret);
    await call("POST", `/v1/intents/${order.intent}/erase`, admin, { reason: "asked for" });
    expect((await once()).body).toMatchObject({ status: "succeeded", result: null });
  });

  test("is gone once the intent was erased", async () => {
    const order = await ordered(agent);
    await report(order, { status: "succeeded", result: "to be erased" });
    await call("POST", `/v1/intents/${order.intent}/erase`, admin, { reason: "asked for" });
    const { status, body } = await result(order.intent);
    expect([status, body.code, body.detail]).toEqual([
      404,
      "no_result",
      "The result was erased with the payload.",
    ]);
  });

  test("INV-11: a claim that lapsed without a report has none, and its intent is not ordered again", async () => {
    const order = await ordered(agent);
    await call("POST", `/v1/executions/${order.id}/claim`, order.token);
    later(6 * MINUTE_MS);
    expect(await stateOf(order.intent)).toBe("indeterminate");
    expect((await result(order.intent)).body).toMatchObject({ code: "no_result", state: "indeterminate" });
    expect((await call("POST", `/v1/intents/${order.intent}/execute`, agent.key)).status).toBe(409);
  });
});

describe('a proposal with "executor": "proposer"', () => {
  const proposed = (destination: string, more: object = {}, who = agent) =>
    call("POST", "/v1/intents", who.key, { ...proposal(destination), executor: "proposer", ...more });

  test("is admitted where the agent executes the destination's writes", async () => {
    for (const destination of ["crm.small", "own.claimed"]) {
      expect((await proposed(destination)).body.status).toBe("approved");
    }
  });

  test.each([
    ["own.pulled", 409, "wrong_executor", "external_pull"],
    ["vpc.write", 403, "not_runner", undefined],
    ["own.signed", 409, "proof_required", undefined],
  ])("INV-11: is refused at %s, and leaves no intent", async (destination, status, code, executor) => {
    const lone = await register("agent");
    const { status: was, body } = await proposed(destination, {}, lone);
    expect([was, body.code, body.executor]).toEqual([status, code, executor]);
    expect((await call("GET", "/v1/intents", lone.key)).body.count).toBe(0);
  });

  test("is blocked like any other where the agent may not name the destination", async () => {
    const lone = await register("agent", { allowedDestinations: ["crm.small"] });
    const { body } = await proposed("own.pulled", {}, lone);
    expect([body.status, body.reason_code]).toEqual(["blocked", "agent_destination_not_allowed"]);
  });

  test("is the same request with and without it", async () => {
    const request = { ...proposal("crm.small"), idempotency_key: fresh("key") };
    const first = await call("POST", "/v1/intents", agent.key, request);
    const again = await call("POST", "/v1/intents", agent.key, { ...request, executor: "proposer" });
    expect([again.status, again.body.intentId]).toEqual([409, first.body.intentId]);
  });

  test.each(["gate", "", null, "PROPOSER"])("is 400 with the executor %j", async (executor) => {
    expect((await proposed("crm.small", { executor })).status).toBe(400);
  });
});

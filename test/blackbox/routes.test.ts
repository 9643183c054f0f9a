import { afterAll, describe, expect, test } from "vitest";
import { type Body, crmImport, type Role, ROLES, startGate, text } from "../support/gate.ts";

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const cast = await gate.cast();
const victim = await gate.register("agent");

/** Ids of the right form that name nothing. */
const NO_INTENT = `int_${"A".repeat(43)}`;
const NO_ORDER = `exe_${"A".repeat(43)}1`;

const EVERYBODY = ROLES;
const PEOPLE = ["reviewer", "auditor", "admin"] as const;

/** Method, path, permitted roles, and the status for an empty request that names nothing existing. */
const CALLS: readonly (readonly [string, string, readonly Role[], number])[] = [
  ["POST", "/v1/agents/register", ["admin"], 400],
  ["GET", "/v1/agents", PEOPLE, 200],
  ["GET", "/v1/agents/agt_nobody", EVERYBODY, 404],
  ["POST", "/v1/agents/agt_nobody/suspend", ["reviewer", "admin"], 404],
  ["POST", "/v1/agents/agt_nobody/revoke", ["reviewer", "admin"], 404],
  ["POST", "/v1/agents/agt_nobody/reactivate", ["admin"], 404],
  ["POST", "/v1/agents/agt_nobody/rotate-key", ["admin"], 404],
  ["POST", "/v1/agents/agt_nobody/role", ["admin"], 404],
  ["GET", "/v1/policies", EVERYBODY, 200],
  ["GET", "/v1/nonce", EVERYBODY, 200],
  ["GET", "/v1/metrics", EVERYBODY, 200],
  ["POST", "/v1/intents", ["agent"], 400],
  ["POST", "/v1/propose", ["agent"], 400],
  ["GET", "/v1/intents", EVERYBODY, 200],
  ["GET", "/v1/proposals", EVERYBODY, 200],
  ["GET", `/v1/intents/${NO_INTENT}`, EVERYBODY, 404],
  ["GET", `/v1/proposals/${NO_INTENT}`, EVERYBODY, 404],
  ["GET", `/v1/intents/${NO_INTENT}/audit`, EVERYBODY, 404],
  ["GET", `/v1/audit/${NO_INTENT}`, EVERYBODY, 404],
  ["GET", `/v1/intents/${NO_INTENT}/decision`, EVERYBODY, 404],
  ["GET", `/v1/intents/${NO_INTENT}/payload`, EVERYBODY, 404],
  ["GET", `/v1/intents/${NO_INTENT}/response`, EVERYBODY, 404],
  ["GET", "/v1/reads", ["agent", ...PEOPLE], 200],
  ["POST", `/v1/intents/${NO_INTENT}/approve`, ["reviewer"], 404],
  ["POST", "/v1/approve", ["reviewer"], 400],
  ["POST", `/v1/intents/${NO_INTENT}/reject`, ["reviewer"], 404],
  ["POST", "/v1/reject", ["reviewer"], 400],
  ["POST", `/v1/intents/${NO_INTENT}/cancel-approval`, ["reviewer"], 404],
  ["POST", `/v1/intents/${NO_INTENT}/withdraw`, ["agent"], 404],
  ["POST", `/v1/intents/${NO_INTENT}/revoke`, ["reviewer", "admin"], 404],
  ["POST", `/v1/intents/${NO_INTENT}/resolve`, ["reviewer", "admin"], 404],
  ["POST", `/v1/intents/${NO_INTENT}/execute`, ["agent"], 404],
  ["POST", "/v1/deliver", ["agent"], 400],
  ["GET", `/v1/executions/${NO_ORDER}`, EVERYBODY, 404],
  ["POST", "/v1/webhooks/register", ["agent", "reviewer", "admin"], 400],
  ["POST", "/v1/webhooks", ["admin"], 400],
  ["GET", "/v1/webhooks", ["admin"], 200],
  ["GET", "/v1/webhooks/whk_nowhere", ["admin"], 404],
  ["GET", "/v1/webhooks/whk_nowhere/deliveries", ["admin"], 404],
  ["POST", "/v1/webhooks/whk_nowhere/test", ["admin"], 404],
];

function expectProblem(
  status: number,
  answer: { status: number; headers: Headers; body: Body; text: string },
) {
  expect(answer.status, answer.text).toBe(status);
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  expect(answer.body).toMatchObject({ status, code: expect.any(String), error: expect.any(String) });
  expect(answer.body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
  });
}

describe("routes over HTTP", () => {
  test.each(CALLS)(
    "%s %s is for %s, and answers %i to an empty body",
    async (method, path, allowed, status) => {
      // The content type says JSON and there is none: that is how clients of the contract send nothing.
      const body = method === "POST" ? "" : undefined;
      const nobody = await gate.call(method, path, null, body);
      expectProblem(401, nobody);
      expect(nobody.body["error"]).toBe("Missing or invalid Authorization header");
      const stranger = await gate.call(method, path, "gate_sk_of-nobody-here", body);
      expectProblem(401, stranger);
      expect(stranger.body["error"]).toBe("Invalid API key");
      for (const role of ROLES) {
        const answer = await gate.call(method, path, cast[role].key, body);
        if (!allowed.includes(role)) {
          expectProblem(403, answer);
          expect(answer.body["error"]).toBe("forbidden");
        } else if (status >= 400) expectProblem(status, answer);
        else expect(answer.status, `${role}: ${answer.text}`).toBe(status);
      }
    },
  );

  test.each(["claim", "heartbeat", "report"])(
    "POST /v1/executions/:id/%s needs the order's token",
    async (command) => {
      const proposed = await gate.call("POST", "/v1/intents", victim.key, crmImport(1));
      const order = await gate.call(
        "POST",
        `/v1/intents/${text(proposed.body, "intentId")}/execute`,
        victim.key,
        "",
      );
      const path = `/v1/executions/${text(order.body, "executionId")}/${command}`;
      expectProblem(401, await gate.call("POST", path, null, ""));
      expectProblem(401, await gate.call("POST", path, "gex_0123456789", ""));
      expectProblem(401, await gate.call("POST", path, victim.key, ""));
      expectProblem(
        404,
        await gate.call("POST", `/v1/executions/${NO_ORDER}/${command}`, "gex_0123456789", ""),
      );
      // Another agent does not learn that such an order exists, whatever token it holds.
      const token = text(order.body, "execution_token");
      expectProblem(
        404,
        await gate.call("POST", path, cast.agent.key, { execution_token: token, status: "succeeded" }),
      );
    },
  );
});

describe("routes without a key", () => {
  test("health and capabilities answer every origin", async () => {
    for (const path of ["/health", "/.well-known/gate"]) {
      const { status, headers } = await gate.call("GET", path);
      expect(status).toBe(200);
      expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
      expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    }
    expect(
      (await gate.call("GET", "/v1/policies", cast.agent.key)).headers.get("Access-Control-Allow-Origin"),
    ).toBeNull();
  });

  test("the public feed is off", async () => {
    expectProblem(404, await gate.call("GET", "/v1/public/feed"));
  });

  test("a made-up download token opens nothing", async () => {
    expectProblem(404, await gate.call("GET", `/v1/download/dlv_${"A".repeat(107)}`));
  });

  test.each([
    ["POST", "/v1/subscribe"],
    ["GET", "/.well-known/a2h"],
    ["POST", "/v1/approval-providers/a2h/revoke-sessions"],
    ["POST", "/v1/agents/register_DISABLED"],
    ["POST", "/internal/runs/start"],
    ["POST", "/"],
    ["DELETE", "/v1/intents"],
    ["PUT", `/v1/intents/${NO_INTENT}/approve`],
    ["GET", `/v1/intents/${NO_INTENT}/approve`],
  ])("%s %s does not exist", async (method, path) => {
    const answer = await gate.call(method, path);
    expectProblem(404, answer);
    expect(answer.body).toMatchObject({ error: "Not found", path });
  });
});

import { setTimeout } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../support/command.ts";
import { crmImport, startGate, text } from "../support/gate.ts";

/* `--log json`: one line a request and a decision, on the real server. */

const gate = await startGate({ args: ["--log", "json"] });
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const SECRET = "s3cr3t-canary-8f1d";

interface Line {
  readonly event: string;
  readonly [member: string]: unknown;
}

function lines(): readonly Line[] {
  return gate
    .printed()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Line);
}

/** The line of the request that answered with this id. */
async function lineOf(requestId: string | null): Promise<Line | undefined> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const found = lines().find(({ event, request }) => event === "request" && request === requestId);
    if (found !== undefined) return found;
    await setTimeout(20);
  }
  return undefined;
}

async function send(method: string, path: string, init: RequestInit = {}) {
  const response = await fetch(`http://127.0.0.1:${gate.port}${path}`, { method, ...init });
  const body = (await response.json().catch(() => ({}))) as Record<string, unknown>;
  return { status: response.status, body, requestId: response.headers.get("x-gate-request-id") };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}`, "content-type": "application/json" });

describe("a line for a request", () => {
  test("has method, route, status, time, request, principal and intent, and its decision a line beside it", async () => {
    const body = JSON.stringify(crmImport(847, { metadata: { note: SECRET } }));
    const proposed = await send("POST", "/v1/intents", { headers: bearer(agent.key), body });
    const intent = text(proposed.body, "intentId");
    const line = await lineOf(proposed.requestId);
    expect(line).toEqual({
      event: "request",
      message: "request answered",
      request: proposed.requestId,
      method: "POST",
      route: "/v1/intents",
      status: 200,
      ms: expect.any(Number),
      principal: agent.id,
      intent,
    });
    const decision = lines().find(
      ({ event, request }) => event === "decision" && request === proposed.requestId,
    );
    expect(decision).toEqual({
      event: "decision",
      message: "proposal evaluated",
      request: proposed.requestId,
      intent,
      agent: agent.id,
      destination: "salesforce.import",
      outcome: "hold",
      reason_code: "record_threshold_exceeded",
      policies: ["crm-low-risk"],
    });
    const approved = await send("POST", `/v1/intents/${intent}/approve`, { headers: bearer(reviewer.key) });
    expect(await lineOf(approved.requestId)).toMatchObject({
      route: "/v1/intents/:id/approve",
      principal: reviewer.id,
      intent,
    });
  });

  test.each<[string, string, string, RequestInit, object]>([
    [
      "a link's token in the path",
      "GET",
      `/v1/approval-links/${SECRET}`,
      {},
      { route: "/v1/approval-links/:token" },
    ],
    ["a download's token", "GET", `/v1/download/${SECRET}`, {}, { route: "/v1/download/:token" }],
    [
      "a query",
      "GET",
      `/v1/intents?agent=${SECRET}`,
      { headers: bearer(agent.key) },
      { route: "/v1/intents" },
    ],
    [
      "a header",
      "GET",
      "/health",
      { headers: { "x-gate-key": SECRET, cookie: `a=${SECRET}` } },
      { status: 200 },
    ],
    ["a wrong key", "GET", "/v1/agents", { headers: bearer(SECRET) }, { status: 401, principal: null }],
    ["an unknown path", "GET", `/${SECRET}/x`, {}, { route: "none", status: 404 }],
    [
      "a body that is not JSON",
      "POST",
      "/v1/intents",
      { headers: bearer(agent.key), body: SECRET },
      { status: 400 },
    ],
  ])("of %s holds nothing of it", async (_, method, path, init, expected) => {
    const answer = await send(method, path, init);
    expect(await lineOf(answer.requestId)).toMatchObject(expected);
    expect(gate.printed()).not.toContain(SECRET);
    expect(gate.printed()).not.toContain(agent.key);
  });
});

test("another word than off, json and pretty is wrong usage, in the flag and in the variable", async () => {
  const flag = await run(["--log", "text"]);
  expect([flag.code, flag.err.split("\n")[0]]).toEqual([
    2,
    'zehrava-gate: --log takes off, json, pretty, not "text"',
  ]);
});

import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { createApp } from "../../../src/http/app.ts";
import type { Principal } from "../../support/client.ts";
import { call, proposal, propose, register } from "../../support/worker/gate.ts";

/** Not a multiple of a piece, and pieces of it not of three bytes. */
const LENGTH = 3 * 1024 * 1024 + 5;
const PAYLOAD = Array.from({ length: LENGTH }, (_, index) => String.fromCharCode(97 + (index % 23))).join("");

let agent: Principal;
let intent: string;
let ports: ReturnType<typeof portsOf>;

beforeAll(async () => {
  agent = await register("agent");
  intent = await propose(
    agent,
    proposal("crm.held", { payload: PAYLOAD, payload_media_type: "text/plain" }),
    "pending_approval",
  );
  // Two places, of which one key gets one.
  ports = portsOf({ ...env, GATE_LARGE_BODIES: "2" } as unknown as Parameters<typeof portsOf>[0]);
});

async function read(path: string, key = agent.key): Promise<Response> {
  const headers = { Authorization: `Bearer ${key}` };
  const request = new Request(`http://gate.test/v1/intents/${intent}/${path}`, { headers });
  return createApp().fetch(request, ports, createExecutionContext());
}

async function textOf(response: Response): Promise<string> {
  return new TextDecoder().decode(await response.arrayBuffer());
}

test("a payload of several pieces is read as it was sent", async () => {
  expect((await textOf(await read("payload"))) === PAYLOAD).toBe(true);
});

test("INV-18: the evidence of a payload of several pieces discloses all of it", async () => {
  const response = await read("evidence");
  expect(response.headers.get("Content-Type")).toBe("application/json");
  const { disclosed } = (await response.json()) as { disclosed: { payload: { base64: string } } };
  expect(atob(disclosed.payload.base64) === PAYLOAD).toBe(true);
});

test("INV-26: a key that leaves a large payload unread waits for its own place, and others don't", async () => {
  vi.useRealTimers();
  const other = await register("auditor");
  const unread = await read("payload");
  let isAnswered = false;
  const next = read("evidence").then((response) => {
    isAnswered = true;
    return response;
  });
  // Another key's whole read in the meantime.
  expect((await textOf(await read("payload", other.key))).length).toBe(LENGTH);
  expect(isAnswered).toBe(false);
  await unread.body?.cancel();
  expect((await textOf(await next)).length).toBeGreaterThan(LENGTH);
});

test("a HEAD of a large payload takes no place and sends nothing", async () => {
  for (const _ of [1, 2, 3]) {
    const request = new Request(`http://gate.test/v1/intents/${intent}/payload`, {
      method: "HEAD",
      headers: { Authorization: `Bearer ${agent.key}` },
    });
    const response = await createApp().fetch(request, ports, createExecutionContext());
    expect([response.status, await response.text()]).toEqual([200, ""]);
  }
  expect((await textOf(await read("payload"))).length).toBe(LENGTH);
});

test("an erased payload is 404, whatever its size", async () => {
  const { key } = await register("admin");
  await call("POST", `/v1/intents/${intent}/reject`, (await register("reviewer")).key, { reason: "no" });
  expect((await call("POST", `/v1/intents/${intent}/erase`, key, { reason: "asked" })).status).toBe(200);
  expect((await read("payload")).status).toBe(404);
});

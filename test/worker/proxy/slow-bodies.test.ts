import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, test, vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { createApp } from "../../../src/http/app.ts";
import type { Principal } from "../../support/client.ts";
import { register } from "../../support/worker/gate.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

let agent: Principal;
let ports: ReturnType<typeof portsOf>;

beforeAll(async () => {
  await changeRules({
    ...RULES,
    registry: `${RULES.registry.trimEnd()}
  crm.up: { policies: [held], upstream: "http://127.0.0.1:8099", prefix: /up, allow_private: true, reads: [{ method: GET, path: /* }] }
`,
  });
  agent = await register("agent");
  const fast = { ...env, GATE_BODY_SECONDS: "2", GATE_LARGE_BODIES: "2" };
  ports = portsOf(fast as unknown as Parameters<typeof portsOf>[0]);
});

/** The app whose bodies have two seconds and two large places. */
async function write(
  path: string,
  body: BodyInit,
  more: Readonly<Record<string, string>> = {},
): Promise<Response> {
  const headers = { Authorization: `Bearer ${agent.key}`, "Content-Type": "application/json", ...more };
  const request = new Request(`http://gate.test${path}`, { method: "POST", headers, body });
  return createApp().fetch(request, ports, createExecutionContext());
}

/** A beginning, and nothing after it. */
function endless(bytes: number): ReadableStream<Uint8Array> {
  return new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(bytes).fill(0x20)) });
}

test("INV-26: a write through the proxy whose body does not end is 408", async () => {
  vi.useRealTimers();
  for (const bytes of [10, 2 * 1024 * 1024]) {
    const answer = await write("/up/things", endless(bytes));
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([408, "body_timeout"]);
  }
});

test("writes that wait for a person keep no place of a large body: the next one need not wait for theirs", async () => {
  vi.useRealTimers();
  const large = JSON.stringify({ note: "x".repeat(2 * 1024 * 1024) });
  const begun = Date.now();
  const answers = await Promise.all(
    ["a", "b", "c"].map((name) => write(`/up/things/${name}`, large, { Prefer: "wait=4" })),
  );
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  // One after the other they would take three times as long.
  expect(Date.now() - begun).toBeLessThan(8_000);
});

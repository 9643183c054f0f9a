import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import worker from "../../../src/index.ts";
import { holdQueue, proposeWrite, useSendingRules } from "../../support/worker/sending.ts";
import {
  proposal,
  eventsOf,
  freeze,
  later,
  MINUTE_MS,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;

beforeAll(async () => {
  agent = await register("agent");
  await useSendingRules();
});

/** The upstream in the place of the platform's `fetch`; how often each write came to it, by what it is for. */
let arrived: Map<string, number>;
let answer: () => Promise<Response>;

const created = async () => Response.json({ id: "re_1" }, { status: 201 });

beforeEach(() => {
  holdQueue();
  arrived = new Map();
  answer = created;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    arrived.set(url, (arrived.get(url) ?? 0) + 1);
    return answer();
  });
});

const place: Env = env;

/** A batch of the queue, delivered to the Worker's own consumer. */
async function deliver(bodies: readonly unknown[], at: Env = place) {
  const messages = bodies.map((body, index) => ({
    id: String(index),
    timestamp: new Date(),
    attempts: 1,
    body,
  }));
  const batch = createMessageBatch("gate-events", messages);
  const ctx = createExecutionContext();
  await worker.queue(batch as Parameters<typeof worker.queue>[0], at);
  return getQueueResult(batch, ctx);
}

const toSend = (intent: string) => ({ type: "send", intent });

async function writes(count: number): Promise<readonly string[]> {
  const made = await Promise.all(Array.from({ length: count }, () => proposeWrite(agent, "crm.now")));
  return made.map(({ id }) => id);
}

const SENT = [
  "proposed",
  "policy_checked",
  "approved",
  "execution_requested",
  "execution_claimed",
  "execution_succeeded",
];

describe("writes sent by the queue", () => {
  test("INV-11: arrive once, however often their message is delivered, among any other messages", async () => {
    const ids = await writes(60);
    const noise = [
      { type: "send" },
      { type: "send", intent: 7 },
      toSend("../x"),
      toSend(`int_${"A".repeat(43)}`),
    ];
    const messages = [...ids, ...ids, ...ids].map(toSend);
    for (let at = 0; at < messages.length; at += 20) {
      const { retryMessages } = await deliver([...messages.slice(at, at + 20), ...noise]);
      expect(retryMessages).toEqual([]);
    }
    await until(async () => {
      for (const id of ids) expect(await stateOf(id)).toBe("succeeded");
    });
    expect(arrived.size).toBe(60);
    expect(Math.max(...arrived.values())).toBe(1);
    expect(await eventsOf(ids[0] ?? "")).toEqual(SENT);
  });

  test("INV-23: exclude writes that need the agent's credential, pending ones and revoked ones, whatever the message says", async () => {
    const own = await proposeWrite(agent, "crm.own");
    const held = await proposeWrite(agent, "crm.later");
    const revoked = await proposeWrite(agent, "crm.now");
    await revoked.handle({ type: "revoke", by: "adm_1", note: null });
    await deliver([own, held, revoked].map(({ id }) => toSend(id)));
    expect(await Promise.all([own, held, revoked].map(({ id }) => stateOf(id)))).toEqual([
      "approved",
      "pending_approval",
      "revoked",
    ]);
    expect(arrived.size).toBe(0);
  });

  test("on one machine an upstream that hangs holds up neither deadlines nor other writes", async () => {
    freeze();
    const held = await propose(agent, proposal("crm.held", { expiresIn: "1m" }), "pending_approval");
    const hanging = await writes(10);
    const quick = await writes(5);
    let release = () => {};
    const released = new Promise<void>((resolve) => (release = resolve));
    answer = async () => {
      await released;
      return created();
    };
    later(MINUTE_MS);
    await deliver([...hanging.map(toSend), { type: "deadline", intent: held }]);
    // The batch has ended, and nothing of it has been answered.
    expect(await stateOf(held)).toBe("expired");
    for (const id of hanging) expect(await stateOf(id)).toBe("claimed");
    answer = created;
    await deliver(quick.map(toSend));
    await until(async () => {
      for (const id of quick) expect(await stateOf(id)).toBe("succeeded");
    });
    for (const id of hanging) expect(await stateOf(id)).toBe("claimed");
    release();
    await until(async () => {
      for (const id of hanging) expect(await stateOf(id)).toBe("succeeded");
    });
    expect(arrived.size).toBe(15);
    expect(Math.max(...arrived.values())).toBe(1);
  });

  test("INV-11: on the platform a batch ends only after the last of its writes", async () => {
    const ids = await writes(3);
    answer = async () => {
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      return created();
    };
    const { LOCAL: _, ...platform } = place as Env & { readonly LOCAL?: unknown };
    await deliver(ids.map(toSend), platform);
    for (const id of ids) expect(await stateOf(id)).toBe("succeeded");
  });

  test("a write that fails does not fail the rest of its batch", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const [first = "", ...others] = await writes(5);
    let calls = 0;
    answer = async () => {
      calls += 1;
      if (calls === 1) throw new TypeError("Network connection lost.");
      return created();
    };
    await deliver([first, ...others].map(toSend));
    const states = await until(async () => {
      const found = await Promise.all([first, ...others].map(stateOf));
      if (found.some((state) => state === "claimed" || state === "approved")) throw new Error(found.join());
      return found;
    });
    expect(states.toSorted()).toEqual(["indeterminate", ...Array.from({ length: 4 }, () => "succeeded")]);
    expect(Math.max(...arrived.values())).toBe(1);
  });
});

import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Waiters } from "../../../durable-objects/intent/waiters.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  flushed,
  later,
  MINUTE_MS,
  objectCount,
  objectOf,
  propose,
  register,
  send,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import type { Answer, Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
});

/** A minute, so that whatever is answered was not answered because the time was over. */
const wait = (id: string, seconds: number | string = 60, key = agent.key) =>
  call("GET", `/v1/intents/${id}/wait?timeout=${seconds}`, key);
const decide = (id: string, verb: string, body: object = {}, key = reviewer.key) =>
  call("POST", `/v1/intents/${id}/${verb}`, key, body);
const pending = (destination = "crm.held", more: Record<string, unknown> = {}) =>
  propose(agent, proposal(destination, more), "pending_approval");

/** Calls that an object holds now. */
const held = { calls: 0 };

beforeEach(() => {
  held.calls = 0;
  const { next } = Waiters.prototype;
  vi.spyOn(Waiters.prototype, "next").mockImplementation(async function (this: Waiters, timeoutMs) {
    held.calls += 1;
    try {
      return await next.call(this, timeoutMs);
    } finally {
      held.calls -= 1;
    }
  });
});

const nowHeld = (calls: number) => until(() => expect(held.calls).toBe(calls));

/** Starts waiting, and gives the call once an object holds it. */
async function begun(id: string, seconds = 60, key = agent.key): Promise<{ answer: Promise<Answer> }> {
  const before = held.calls;
  const answer = wait(id, seconds, key);
  await nowHeld(before + 1);
  return { answer };
}

describe("a wait ends with the decision", () => {
  test.each([
    ["approve", {}, "approved", "approved"],
    ["reject", { reason: "wrong list" }, "blocked", "rejected"],
    ["cancel-approval", { reason: "not now" }, "blocked", "cancelled"],
    ["revoke", { reason: "stop" }, "blocked", "revoked"],
  ])("made by %s", async (verb, body, status, state) => {
    const id = await pending();
    const { answer } = await begun(id);
    expect((await decide(id, verb, body)).status).toBe(200);
    const { body: reply } = await answer;
    expect(reply).toMatchObject({ intentId: id, proposalId: id, status, state, decided: true });
    expect(reply.successor_id).toBeNull();
    expect(reply.block_reason).toBe("reason" in body ? body.reason : null);
    expect(held.calls).toBe(0);
  });

  test("made by the agent itself, for its page that shows the wait", async () => {
    const id = await pending();
    const { answer } = await begun(id, 60, reviewer.key);
    await decide(id, "withdraw", {}, agent.key);
    expect((await answer).body).toMatchObject({ state: "withdrawn", decided: true });
  });

  test("but not with a vote that is not the last, nor with a repeated proposal", async () => {
    const request = proposal("crm.pair", { idempotency_key: "waited-for" });
    const id = await propose(agent, request, "pending_approval");
    const { answer } = await begun(id);
    await call("POST", "/v1/intents", agent.key, request);
    const first = await register("reviewer");
    expect((await decide(id, "approve", {}, first.key)).body.status).toBe("pending_approval");
    await nowHeld(1);
    expect((await decide(id, "approve")).body.status).toBe("approved");
    expect((await answer).body).toMatchObject({ status: "approved", decided: true });
  });

  test("made by an edit, whose successor can be waited for in turn", async () => {
    const id = await pending("crm.editable");
    const { answer } = await begun(id);
    const { intent_digest: digest } = (await call("GET", `/v1/intents/${id}`, reviewer.key)).body;
    const edited = await decide(id, "edit", { digest, reason: "one row too many", payload: "[]" });
    expect(edited.status).toBe(200);
    const successor = edited.body.successor.intentId;
    const { body: reply } = await answer;
    expect(reply).toMatchObject({ intentId: id, status: "blocked", decided: true, successor_id: successor });
    expect(reply.block_reason).toBe("one row too many");
    const { answer: second } = await begun(successor);
    await decide(successor, "approve", {}, (await register("reviewer")).key);
    expect((await second).body).toMatchObject({
      intentId: successor,
      status: "approved",
      successor_id: null,
    });
  });

  test("and the intent can be ordered at once", async () => {
    const id = await pending();
    const ordered = wait(id).then(() => decide(id, "execute", {}, agent.key));
    await nowHeld(1);
    await decide(id, "approve");
    expect((await ordered).status).toBe(201);
  });

  test.each([
    ["approved", () => propose(agent, proposal("crm.small"), "approved")],
    [
      "rejected",
      async () => {
        const id = await pending();
        await decide(id, "reject", { reason: "no" });
        return id;
      },
    ],
  ])("immediately, when the intent is %s already", async (state, made) => {
    const id = await made();
    expect((await wait(id)).body).toMatchObject({ state, decided: true });
  });
});

describe("a wait ends with time", () => {
  test("its own limit: the answer is the pending intent", async () => {
    const id = await pending();
    expect((await wait(id, 1)).body).toMatchObject({ status: "pending_approval", decided: false });
    expect((await wait(id, 0)).body).toMatchObject({ state: "pending_approval", decided: false });
    expect(held.calls).toBe(0);
  });

  test("the intent's expiry, without queue or alarm", async () => {
    vi.spyOn(env.EVENTS, "send").mockResolvedValue(undefined as never);
    const id = await pending("crm.held", { expiresIn: "1s" });
    // Flushed, so that nothing sets the alarm again.
    await flushed(id);
    const { answer } = await begun(id);
    await runInDurableObject(objectOf(id), (_, { storage }) => storage.deleteAlarm());
    expect((await answer).body).toMatchObject({ status: "expired", state: "expired", decided: true });
    expect(await eventsOf(id)).toContain("expired");
  });

  test("but goes on beyond the deadline of a policy that defers", async () => {
    const id = await pending("crm.defer", { expiresIn: "1s" });
    const { answer } = await begun(id);
    await until(async () => expect(await eventsOf(id)).toContain("expiry_deferred"));
    expect(held.calls).toBe(1);
    await decide(id, "approve");
    expect((await answer).body).toMatchObject({ status: "approved", decided: true });
  });

  test("and no later when the clock is set back or stands still", async () => {
    later(0);
    const id = await pending();
    const { answer } = await begun(id, 1);
    later(-MINUTE_MS);
    expect((await answer).body).toMatchObject({ state: "pending_approval", decided: false });
  });

  test.each(["61", "-1", "1.5", "1e1", "", "abc", "9".repeat(400), "Infinity", "%00"])(
    "INV-25: a timeout of %j is 400",
    async (seconds) => {
      const answer = await wait(await pending(), seconds);
      expect(answer.status).toBe(400);
      expect(answer.body.code).toBe("invalid_request");
    },
  );
});

describe("callers that wait", () => {
  test("INV-06: for another agent's intent or an unknown one get 404", async () => {
    const stranger = await register("agent");
    const id = await pending();
    const objects = await objectCount();
    for (const [path, key] of [
      [id, stranger.key],
      [`int_${"A".repeat(43)}`, agent.key],
      ["int_x", agent.key],
    ] as const) {
      const answer = await wait(path, 60, key);
      expect(answer.status, path).toBe(404);
      expect(answer.body.code, path).toBe("intent_not_found");
    }
    expect((await send(`/v1/intents/${id}/wait`, {})).status).toBe(401);
    expect(await objectCount()).toBe(objects);
    expect(held.calls).toBe(0);
  });

  test.each([
    ["suspended", "suspend", {}, 403, "agent_inactive"],
    ["rotated", "rotate-key", {}, 401, "invalid_key"],
    ["made another role's", "role", { role: "auditor" }, 401, "unauthorized"],
  ] as const)(
    "INV-05: with a key that is %s meanwhile learn that, and not the decision",
    async (_what, verb, how, refused, code) => {
      const one = await register("agent");
      const id = await propose(one, proposal("crm.held"), "pending_approval");
      const { answer } = await begun(id, 60, one.key);
      await call("POST", `/v1/agents/${one.id}/${verb}`, admin, how);
      await decide(id, "reject", { reason: "a secret reason" });
      const { status, body, text } = await answer;
      expect([status, body.code]).toEqual([refused, code]);
      expect(text).not.toContain("secret");
    },
  );

  test("are 64 at most; one more is answered at once, and all learn of the decision", async () => {
    const id = await pending();
    const answers = Array.from({ length: 64 }, () => wait(id));
    await nowHeld(64);
    expect((await wait(id)).body).toMatchObject({ state: "pending_approval", decided: false });
    await decide(id, "approve");
    const states = (await Promise.all(answers)).map(({ body }) => body.state);
    expect(new Set(states)).toEqual(new Set(["approved"]));
    expect(held.calls).toBe(0);
  });

  test("and disconnect delay no other, and free their place when their time is over", async () => {
    const id = await pending();
    const leaving = new AbortController();
    const left = send(`/v1/intents/${id}/wait?timeout=1`, {
      headers: { Authorization: `Bearer ${agent.key}` },
      signal: leaving.signal,
    }).catch(() => null);
    await nowHeld(1);
    leaving.abort();
    await left;
    await nowHeld(0);
    expect(await stateOf(id)).toBe("pending_approval");
  });

  test("INV-20: lose the wait and not the intent when the object restarts, and can wait again", async () => {
    const id = await pending();
    const { answer } = await begun(id);
    await runInDurableObject(objectOf(id), (_, state) => state.abort("restarted")).catch(() => undefined);
    expect((await answer).body).toMatchObject({ state: "pending_approval", decided: false });
    const { answer: second } = await begun(id);
    await decide(id, "approve");
    expect((await second).body).toMatchObject({ status: "approved", decided: true });
    await evictDurableObject(objectOf(id));
    expect((await wait(id)).body).toMatchObject({ status: "approved", decided: true });
  });
});

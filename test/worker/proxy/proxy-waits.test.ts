import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeAll, beforeEach, describe, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";
import { admin, call, register, stateOf, until } from "../../support/worker/gate.ts";
import { ports } from "../../support/worker/receiver.ts";
import { heldThrough, setSentScene, upstream } from "../../support/worker/sent-writes.ts";
import type { Intent } from "../../../src/ports/intents.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  await setSentScene();
  agent = await register("agent");
  reviewer = await register("reviewer", { person: "ben" });
});

beforeEach(() => {
  upstream(() => Response.json({ id: "re_1" }));
});

type Changed = (intent: Intent) => Intent;

/** The same write once more, with a Gate whose intents are not quite themselves. */
async function repeated(intent: string, path: string, headers: Record<string, string>, changed: Changed) {
  const real = ports();
  const find = (id: string) => {
    const found = real.intents.find(id);
    return found === null ? null : changed(found);
  };
  const request = new Request(`http://gate.test${path}`, {
    method: "POST",
    headers: { "X-Gate-Key": agent.key, "X-Gate-Intent-Id": intent, ...headers },
    body: "amount=12",
  });
  const context = createExecutionContext();
  const world = { ...real, intents: { ...real.intents, find } };
  const answer = await createApp().fetch(request, world, context);
  await waitOnExecutionContext(context);
  return { status: answer.status, headers: answer.headers, text: await answer.text() };
}

async function held(path: string): Promise<string> {
  return heldThrough(agent, { path, body: "amount=12", headers: { "Content-Type": "text/plain" } });
}

const AS_TEXT = { "Content-Type": "text/plain" };

describe("waiting for a held write", () => {
  test("sends no further reads to the object when too many callers wait for it", async ({ expect }) => {
    const intent = await held("/sent/crowded");
    let waits = 0;
    const full: Changed = (real) => ({
      ...real,
      waitWhile: () => {
        waits += 1;
        return real.getState();
      },
    });
    const answer = await repeated(intent, "/sent/crowded", { ...AS_TEXT, Prefer: "wait=1" }, full);
    expect(answer.status).toBe(202);
    // A timer may be a little early: never as often as the object answers.
    expect(waits).toBeLessThanOrEqual(3);
  });

  test("INV-05: reveals nothing to a key that was suspended meanwhile", async ({ expect }) => {
    const suspended = await register("agent");
    const body = "amount=12";
    const path = "/sent/waited-for";
    const intent = await heldThrough(suspended, { path, body, headers: AS_TEXT });
    const real = agent;
    agent = suspended;
    const leaving: Changed = (found) => ({
      ...found,
      async waitWhile() {
        await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
        await until(async () => {
          if ((await stateOf(intent)) !== "succeeded") throw new Error("not sent yet");
        });
        await call("POST", `/v1/agents/${suspended.id}/suspend`, admin);
        return found.getState();
      },
    });
    const answer = await repeated(intent, path, { ...AS_TEXT, Prefer: "wait=60" }, leaving);
    agent = real;
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, "agent_inactive"]);
    expect(answer.text).not.toContain("re_1");
  });
});

describe("a sent write whose outcome could not be recorded", () => {
  test("INV-11: is not reported as unsent, and the answer has its id", async ({ expect }) => {
    const path = "/repeated/refunds";
    const intent = await held(path);
    await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
    const lost: Changed = (real) => ({
      ...real,
      finishSend: () => Promise.reject(new Error("the object is away")),
    });
    const answer = await repeated(intent, path, AS_TEXT, lost);
    expect([answer.status, answer.headers.get("X-Gate-Intent-Id")]).toEqual([503, intent]);
    expect(JSON.parse(answer.text)).toMatchObject({ code: "unavailable", intent_id: intent });
    expect(answer.text).not.toContain("nothing was");
    expect(await stateOf(intent)).toBe("claimed");
  });
});

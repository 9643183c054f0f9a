import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { continueSweep, startSweep, type SweepPorts } from "../../../src/app/evaluation/recheck-sweep.ts";
import { portsOf } from "../../../src/env.ts";
import worker from "../../../src/index.ts";
import type { RecheckMessage } from "../../../src/ports/recheck-sweeps.ts";
import {
  admin,
  call,
  flushed,
  freeze,
  later,
  ledgerOf,
  MINUTE_MS,
  proposal,
  propose,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import { bindings } from "../../support/worker/bindings.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";

/* After the rules changed, everything that waits is evaluated again, twenty cases a second (design 9). */

const STRICTER = "require_approval: always\napprovers: { require: 2 }\nexpiry_minutes: 30";
const BLOCKING = "require_approval: always\nblock_if_terms: [row]\nexpiry_minutes: 30";

const withHeld = (text: string) => changeRules({ ...RULES, policies: { ...RULES.policies, held: text } });

beforeEach(async () => {
  freeze();
  await changeRules(RULES);
  await env.DB.batch(
    ["DELETE FROM recheck_sweep", "DELETE FROM intents", "DELETE FROM intent_tags"].map((sql) =>
      env.DB.prepare(sql),
    ),
  );
});

interface Sent {
  readonly page: RecheckMessage;
  readonly delaySeconds: number;
}

/** The real ports, whose queue keeps what is sent. */
function scene(change: Partial<SweepPorts> = {}) {
  const real = portsOf(bindings as never);
  const sent: Sent[] = [];
  const enqueue = async (page: RecheckMessage, delaySeconds: number) =>
    void sent.push({ page, delaySeconds });
  const ports: SweepPorts = { ...real, sweeps: { ...real.sweeps, enqueue }, ...change };
  return {
    ports,
    sent,
    start: () => startSweep(ports, Date.now()),
    page: (message: RecheckMessage) => continueSweep(message, ports, Date.now),
    /** Delivers every message, in order, until none is left. */
    async run() {
      const delays: number[] = [];
      for (let next = sent.shift(); next !== undefined; next = sent.shift()) {
        delays.push(next.delaySeconds);
        later(next.delaySeconds * 1_000);
        await continueSweep(next.page, ports, Date.now);
      }
      return delays;
    },
  };
}

async function hold(count: number): Promise<readonly string[]> {
  const agent = await register("agent");
  const ids: string[] = [];
  for (let at = 0; at < count; at += 1) {
    later(1);
    ids.push(await propose(agent, proposal("crm.held"), "pending_approval"));
  }
  for (const id of ids) await flushed(id);
  return ids;
}

/** As D1 has it: reading the case itself would evaluate it. */
const rechecksOf = async (id: string) =>
  (await ledgerOf(id)).filter(({ event }) => event === "policy_rechecked").length;

const rechecked = (ids: readonly string[]) =>
  until(async () => {
    const counts = await Promise.all(ids.map(rechecksOf));
    if (counts.some((count) => count === 0)) throw new Error(`not all: ${counts.join(" ")}`);
    return counts;
  });

const sweepRow = () =>
  env.DB.prepare("SELECT * FROM recheck_sweep").first<{ checked: number; finished_at: number | null }>();

describe("a sweep after the rules changed", () => {
  test("evaluates everything that waits, unread, in pages of twenty a second, once", async () => {
    const ids = await hold(45);
    const { start, run, sent } = scene();
    await start();
    await run();
    await withHeld(STRICTER);
    expect((await start()).state).toBe("started");
    // Two seconds for what was evaluated just before the change; then a page each second, and one of what is approved.
    expect(await run()).toEqual([2, 1, 1, 1]);
    expect(await rechecked(ids)).toEqual(ids.map(() => 1));
    expect(await sweepRow()).toMatchObject({ checked: 45, finished_at: Date.now() });
    expect((await start()).state).toBe("done");
    expect(sent).toEqual([]);
  });

  test("makes what a person approved wait again, and leaves what is ordered and decided alone", async () => {
    const [approved = "", ordered = "", rejected = ""] = await hold(3);
    const ben = await register("reviewer");
    for (const id of [approved, ordered]) await call("POST", `/v1/intents/${id}/approve`, ben.key);
    await call("POST", `/v1/intents/${rejected}/reject`, ben.key, { reason: "no" });
    const { sender_agent_id: agent } = (await call("GET", `/v1/intents/${ordered}`, admin)).body;
    const { body } = await call("POST", `/v1/agents/${agent}/rotate-key`, admin);
    expect((await call("POST", `/v1/intents/${ordered}/execute`, body.apiKey ?? body.key)).status).toBe(201);
    for (const id of [approved, ordered, rejected]) await flushed(id);
    await withHeld(STRICTER);
    const { start, run } = scene();
    await start();
    await run();
    await rechecked([approved]);
    expect(await Promise.all([ordered, rejected].map(rechecksOf))).toEqual([0, 0]);
    expect(await stateOf(approved)).toBe("pending_approval");
    expect(await stateOf(ordered)).toBe("scheduled");
  });

  test("is not begun for a comment, and is for a destination's configuration", async () => {
    const [id = ""] = await hold(1);
    const { start, run } = scene();
    await start();
    await run();
    await withHeld(`# Why\n${RULES.policies["held"]}`);
    expect((await start()).state).toBe("done");
    const registry = RULES.registry.replace(
      "crm.held: { policies: [held] }",
      "crm.held: { policies: [held, pair] }",
    );
    await changeRules({ ...RULES, registry });
    expect((await start()).state).toBe("started");
    await run();
    await rechecked([id]);
  });

  test("lets a deadline that has passed apply first", async () => {
    const [id = ""] = await hold(1);
    later(31 * MINUTE_MS);
    await withHeld(STRICTER);
    const { start, run } = scene();
    await start();
    await run();
    await until(async () => {
      expect((await ledgerOf(id)).map(({ event }) => event)).toContain("expired");
    });
    expect(await rechecksOf(id)).toBe(0);
  });
});

describe("a sweep that is disturbed", () => {
  test("does a page once whose message arrives twice, one after the other or at once", async () => {
    const ids = await hold(3);
    await withHeld(STRICTER);
    const { index } = portsOf(bindings as never);
    const listed = vi.fn(index.page);
    const { start, page, sent } = scene({ index: { ...index, page: listed } });
    await start();
    const [first] = sent.splice(0);
    if (first === undefined) throw new Error("nothing sent");
    await Promise.all([page(first.page), page(first.page)]);
    await page(first.page);
    expect(listed).toHaveBeenCalledTimes(1);
    expect(sent).toHaveLength(1);
    expect(await rechecked(ids)).toEqual([1, 1, 1]);
    expect(await sweepRow()).toMatchObject({ checked: 3 });
  });

  test("goes on with the page at which it was cut off, once its lease is over", async () => {
    const ids = await hold(3);
    await withHeld(STRICTER);
    const real = portsOf(bindings as never);
    const cut = scene({ index: { ...real.index, page: () => Promise.reject(new Error("killed")) } });
    await cut.start();
    const [first] = cut.sent.splice(0);
    if (first === undefined) throw new Error("nothing sent");
    await expect(cut.page(first.page)).rejects.toThrow("killed");
    const { start, run, sent, page } = scene();
    // Another call may still work on it.
    await page(first.page);
    expect(await start()).toMatchObject({ state: "running" });
    expect(sent).toEqual([]);
    later(3 * MINUTE_MS);
    expect(await start()).toMatchObject({ state: "running" });
    expect(sent).toEqual([{ page: first.page, delaySeconds: 0 }]);
    await run();
    expect(await rechecked(ids)).toEqual([1, 1, 1]);
    expect((await sweepRow())?.finished_at).not.toBeNull();
  });

  test("stops where the rules changed again: their sweep begins anew", async () => {
    const ids = await hold(2);
    await withHeld(STRICTER);
    const { start, page, run, sent } = scene();
    await start();
    const [old] = sent.splice(0);
    if (old === undefined) throw new Error("nothing sent");
    await withHeld(BLOCKING);
    await page(old.page);
    expect(await Promise.all(ids.map(rechecksOf))).toEqual([0, 0]);
    expect((await start()).state).toBe("started");
    await page(old.page);
    await run();
    await rechecked(ids);
    for (const id of ids) {
      expect((await call("GET", `/v1/intents/${id}`, admin)).body.reason_code).toBe("blocked_term_detected");
    }
  });

  test("begins once for any number of calls at once", async () => {
    const { start, sent } = scene();
    const states = (await Promise.all(Array.from({ length: 6 }, start))).map(({ state }) => state);
    expect(states.filter((state) => state === "started")).toHaveLength(1);
    expect(sent).toHaveLength(1);
  });

  test("passes over a case that can't be evaluated, and says which", async () => {
    const [bad = "", good = ""] = await hold(2);
    await withHeld(STRICTER);
    const real = portsOf(bindings as never);
    const broken = { getState: () => Promise.reject(new Error("object failed")) };
    const { start, run } = scene({
      intents: {
        ...real.intents,
        find: (id) => (id === bad ? (broken as never) : real.intents.find(id)),
      },
    });
    const logged = vi.spyOn(console, "error").mockReturnValue();
    await start();
    await run();
    expect(logged.mock.calls).toEqual([[expect.objectContaining({ event: "recheck_failed", intent: bad })]]);
    await rechecked([good]);
    expect(await rechecksOf(bad)).toBe(0);
  });

  test("takes no cursor from a message that is none of its own", async () => {
    const [id = ""] = await hold(1);
    await withHeld(STRICTER);
    const { start, page, sent } = scene();
    const { rules } = await start();
    sent.splice(0);
    for (const cursor of ["approved ", "nonsense", "pending_approval %%%"]) {
      await page({ type: "recheck", rules, cursor });
    }
    expect(await rechecksOf(id)).toBe(0);
    expect(await sweepRow()).toMatchObject({ checked: 0, finished_at: null });
  });
});

test("the queue's consumer does a page of a sweep, and acknowledges a message that is none", async () => {
  const ids = await hold(2);
  await withHeld(STRICTER);
  const { ports, sent, start } = scene();
  await start();
  const bodies: unknown[] = [sent[0]?.page, { type: "recheck" }, { type: "recheck", rules: 5, cursor: null }];
  const messages = bodies.map((body, at) => ({ id: String(at), timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch("gate-events", messages);
  await worker.queue(batch as Parameters<typeof worker.queue>[0], env);
  expect((await getQueueResult(batch, createExecutionContext())).retryMessages).toEqual([]);
  expect(await rechecked(ids)).toEqual([1, 1]);
  await until(async () => expect((await ports.sweeps.read())?.checked).toBe(2));
});

describe("a dry run", () => {
  const preview = async (body?: object) => (await call("POST", "/v1/recheck?dry_run=true", admin, body)).body;

  test("says what the rules in force make of what waits, and changes nothing", async () => {
    const [first = "", second = "", decided = ""] = await hold(3);
    const ben = await register("reviewer");
    await call("POST", `/v1/intents/${second}/approve`, ben.key);
    await call("POST", `/v1/intents/${decided}/reject`, ben.key, { reason: "no" });
    for (const id of [second, decided]) await flushed(id);
    expect(await preview()).toMatchObject({ checked: 1, changed: 0, next: expect.any(String) });
    await withHeld(BLOCKING);
    const { next, ...page } = await preview();
    const blocked = { becomes: "blocked", reason_code: "blocked_term_detected" };
    expect(page).toEqual({
      checked: 1,
      changed: 1,
      cases: [{ intentId: first, state: "pending_approval", ...blocked }],
    });
    expect(await preview({ after: next })).toEqual({
      checked: 1,
      changed: 1,
      cases: [{ intentId: second, state: "approved", ...blocked }],
      next: null,
    });
    expect(await Promise.all([first, second].map(rechecksOf))).toEqual([0, 0]);
    expect(await sweepRow()).toBeNull();
  });

  test("evaluates by rules that are not in force, and those in force stay", async () => {
    const [id = ""] = await hold(1);
    const texts = { ...RULES.policies, held: STRICTER };
    const policies = Object.entries(texts).map(([name, text]) => ({
      id: name,
      text: `id: ${name}\ndestinations: [crm.*, vpc.*, own.*]\n${text}\n`,
    }));
    const { cases } = await preview({ policies, registry: RULES.registry });
    expect(cases).toEqual([
      { intentId: id, state: "pending_approval", becomes: "held", reason_code: "manual_review_required" },
    ]);
    expect((await call("GET", `/v1/intents/${id}`, admin)).body.required_approvals).toBe(1);
    expect(await rechecksOf(id)).toBe(0);
  });

  test.each([
    [
      "a policy that is invalid",
      { policies: [{ id: "held", text: "id: held\nno_such: 1\n" }], registry: null },
      "held.yaml:",
    ],
    ["a registry that is invalid", { policies: [], registry: "destinations: 5" }, "gate.yaml:"],
    ["only half of the rules", { registry: null }, "both or neither"],
    ["a cursor that is none", { after: "x" }, "after:"],
    ["a member that it does not know", { polices: [] }, "polices"],
  ])("refuses %s", async (_, body, words) => {
    const answer = await call("POST", "/v1/recheck?dry_run=true", admin, body);
    expect(answer.status).toBe(400);
    expect(answer.body.detail).toContain(words);
  });

  test("is asked for in words: rules without it are refused, and begin nothing", async () => {
    const answer = await call("POST", "/v1/recheck", admin, { policies: [], registry: null });
    expect(answer.status).toBe(400);
    expect(await sweepRow()).toBeNull();
  });
});

test("the call that begins a sweep is the admin's, and says how far it is", async () => {
  const ben = await register("reviewer");
  expect((await call("POST", "/v1/recheck", ben.key)).status).toBe(403);
  const enqueued = vi.spyOn(portsOf(bindings as never).sweeps, "enqueue").mockResolvedValue();
  const { body } = await call("POST", "/v1/recheck", admin);
  expect(enqueued).toHaveBeenCalledTimes(1);
  expect(body).toEqual({ state: "started", rules: expect.stringMatching(/^[0-9a-f]{64}$/), checked: 0 });
});

test("cron begins a sweep once after a deploy, and a failure of it keeps cron from nothing else", async () => {
  const { sweeps, log } = portsOf(env as never);
  const enqueued = vi.spyOn(sweeps, "enqueue").mockResolvedValue();
  const poked = vi.spyOn(log, "poke").mockResolvedValue();
  const logged = vi.spyOn(console, "error").mockReturnValue();
  const cron = () => worker.scheduled({} as never, env);
  await cron();
  await cron();
  expect(enqueued).toHaveBeenCalledTimes(1);
  vi.spyOn(sweeps, "read").mockRejectedValue(new Error("D1_ERROR"));
  await cron();
  expect(logged.mock.calls).toEqual([[expect.objectContaining({ event: "recheck_sweep_failed" })]]);
  expect(poked).toHaveBeenCalledTimes(3);
});

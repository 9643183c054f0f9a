import {
  createExecutionContext,
  createMessageBatch,
  evictDurableObject,
  getQueueResult,
  runDurableObjectAlarm,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { pokeDispatcher } from "../../../durable-objects/dispatch/poke.ts";
import worker from "../../../src/index.ts";
import type { Deliveries, Delivery, DeliveryResult } from "../../../src/ports/notifications.ts";
import {
  admin,
  proposal,
  call,
  flushed,
  fresh,
  later,
  MINUTE_MS,
  ordered,
  propose,
  register,
  until,
} from "../../support/worker/gate.ts";
import {
  dispatcher,
  Internet,
  logOf,
  ports,
  registerHook,
  stopQueue,
  runNotifications,
  type Hook,
} from "../../support/worker/receiver.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let internet: Internet;
let queue: ReturnType<typeof stopQueue>;
let url: string;
let hook: Hook;

beforeAll(async () => {
  agent = await register("agent");
});

beforeEach(async () => {
  queue = stopQueue();
  internet = new Internet();
  await runNotifications();
  url = internet.at();
  hook = await registerHook(url, ["intent.proposed"]);
});

afterEach(async () => {
  await call("DELETE", `/v1/webhooks/${hook.id}`, admin);
});

/** The Worker dies where this is called. */
const dies = (): never => {
  throw new Error("the Worker died here");
};

function without(method: keyof Deliveries) {
  return { deliveries: { ...ports().deliveries, [method]: dies } };
}

async function happened(): Promise<void> {
  const { intent } = await ordered(agent);
  await flushed(intent);
}

/** How many `notify` messages were queued. */
const notifyCount = () =>
  queue.mock.calls.filter(([message]) => (message as { type: string }).type === "notify").length;

const ids = () => internet.to(url).map(({ headers }) => headers["webhook-id"]);

const alarmAt = () => runInDurableObject(dispatcher(), (_, { storage }) => storage.getAlarm());

describe("INV-30: deliveries from durable storage", () => {
  test("INV-30: each notification is sent once by many parallel workers", async () => {
    await happened();
    await happened();
    await Promise.all(Array.from({ length: 5 }, () => runNotifications()));
    expect(ids()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(2);
  });

  test("INV-30: planning the same entries twice sends them once", async () => {
    const { deliveries } = ports();
    const before = await deliveries.cursor();
    await happened();
    await runNotifications();
    const { to } = await deliveries.news(before);
    expect(await deliveries.plan(before, to, [], true)).toBe(false);
    // The object restored to an hour ago, say: the ids are the same again, and are known.
    await runInDurableObject(dispatcher(), (_, { storage }) => storage.kv.put("cursor", before));
    await runNotifications();
    expect(ids()).toHaveLength(1);
    expect(await deliveries.cursor()).toBe(to);
  });

  test.each(["cursor", "news", "plan", "lease"] as const)(
    "INV-30: a worker that dies at `%s` has sent nothing, and the next one sends",
    async (method) => {
      await happened();
      await runNotifications(without(method));
      expect(ids()).toEqual([]);
      expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
      await runNotifications();
      expect(ids()).toHaveLength(1);
    },
  );

  test("INV-30: a worker that dies before recording a delivery causes one repeat with the same id", async () => {
    await happened();
    await runNotifications(without("settle"));
    expect(ids()).toHaveLength(1);
    await runNotifications();
    expect(ids()).toHaveLength(1);
    expect(await logOf(hook.id)).toMatchObject([{ state: "pending", attempts: 1 }]);
    later(MINUTE_MS + 1);
    await runNotifications();
    expect(ids()).toHaveLength(2);
    expect(new Set(ids()).size).toBe(1);
    expect(await logOf(hook.id)).toMatchObject([{ state: "delivered", attempts: 2 }]);
  });

  test("INV-30: a delivery leased by one worker is sent by no other", async () => {
    await happened();
    const { deliveries } = ports();
    const [taken] = await planOnly(() => deliveries.lease(10));
    expect(await deliveries.lease(10)).toEqual([]);
    later(59_000);
    expect(await deliveries.lease(10)).toEqual([]);
    later(2_000);
    expect((await deliveries.lease(10)).map(({ id, attempts }) => [id, attempts])).toEqual([[taken?.id, 2]]);
  });

  test("INV-30: a result recorded after its lease ended does not change the delivery", async () => {
    await happened();
    const { deliveries } = ports();
    const [taken] = await planOnly(() => deliveries.lease(10));
    const id = taken?.id ?? "";
    await deliveries.settle(id, { kind: "delivered", status: 200, receipt: "theirs" });
    const late: DeliveryResult = { kind: "retry", status: 500, problem: "it answered 500", afterMs: 1 };
    await deliveries.settle(id, late);
    expect(await deliveries.find(id)).toMatchObject({
      state: "delivered",
      lastStatus: 200,
      receipt: "theirs",
    });
  });
});

/** Plans deliveries, and sends none: the test does something else with them. */
async function planOnly<T>(instead: () => Promise<T>): Promise<T> {
  await runNotifications(without("lease"));
  return instead();
}

describe("one message in the queue at a time, with the alarm as backup", () => {
  test("an entry on the ledger sends a message to the queue", async () => {
    const before = notifyCount();
    await happened();
    await until(() => expect(notifyCount()).toBeGreaterThan(before));
  });

  test("many pokes cause one message until a worker takes it", async () => {
    const { deliveries } = ports();
    await deliveries.cursor();
    queue.mockClear();
    await Promise.all(Array.from({ length: 50 }, () => deliveries.poke()));
    expect(notifyCount()).toBe(1);
    await deliveries.cursor();
    await deliveries.poke();
    expect(notifyCount()).toBe(2);
  });

  test("of parallel pokes few are forwarded, and none is lost", async () => {
    const passedOn: number[] = [];
    let latest = 0;
    const poke = async () => {
      passedOn.push(latest);
      return true;
    };
    const namespace = { getByName: () => ({ poke }) } as unknown as Env["DISPATCH"];
    // A poke of an earlier test may be pending still; after this, only this test's are.
    await until(async () => {
      await pokeDispatcher({ DISPATCH: namespace });
      expect(passedOn).not.toEqual([]);
    });
    const before = passedOn.length;
    const pokes: Promise<void>[] = [];
    for (let round = 0; round < 4; round += 1) {
      for (let at = 0; at < 25; at += 1) {
        latest += 1;
        pokes.push(pokeDispatcher({ DISPATCH: namespace }));
      }
      await Promise.resolve();
    }
    await Promise.all(pokes);
    expect(passedOn.length - before).toBeLessThanOrEqual(2);
    // The last forwarded poke came after all others.
    expect(passedOn.at(-1)).toBe(100);
  });

  test("where nobody is to be notified no row wakes the dispatcher, until somebody registers", async () => {
    let pokes = 0;
    const poke = async () => {
      pokes += 1;
      return false;
    };
    const namespace = { getByName: () => ({ poke }) } as unknown as Env["DISPATCH"];
    await until(async () => {
      await pokeDispatcher({ DISPATCH: namespace });
      expect(pokes).toBe(1);
    });
    for (let row = 0; row < 20; row += 1) await pokeDispatcher({ DISPATCH: namespace });
    expect(pokes).toBe(1);
    later(11_000);
    await pokeDispatcher({ DISPATCH: namespace });
    expect(pokes).toBe(2);
    const another = await registerHook(internet.at(), ["intent.proposed"]);
    await until(async () => {
      await pokeDispatcher({ DISPATCH: namespace });
      expect(pokes).toBeGreaterThan(2);
    });
    await call("DELETE", `/v1/webhooks/${another.id}`, admin);
  });

  test("the dispatcher says whether its last worker found anybody to notify", async () => {
    await happened();
    await runNotifications();
    expect(await dispatcher().poke()).toBe(true);
    for (const { id } of (await call("GET", "/v1/webhooks", admin)).body.webhooks) {
      await call("DELETE", `/v1/webhooks/${id}`, admin);
    }
    await happened();
    await runNotifications();
    expect(await dispatcher().poke()).toBe(false);
  });

  test("what an isolate leaves that learned of nobody just before somebody registered is looked for when that ends", async () => {
    await runNotifications();
    // A worker looks at the webhooks before, and plans after.
    const cursor = await dispatcher().cursor();
    await dispatcher().listen();
    const heardAt = Date.now();
    await dispatcher().plan(cursor, cursor, [], false);
    expect(await dispatcher().poke()).toBe(true);
    await runNotifications();
    later(5_000);
    await runDurableObjectAlarm(dispatcher());
    expect(await alarmAt()).toBeLessThanOrEqual(heardAt + 11_000);
    later(6_500);
    await runDurableObjectAlarm(dispatcher());
    expect(await alarmAt()).toBeGreaterThan(Date.now() + 30_000);
  });

  test("what isolates leave that heard of nobody is looked for soon after a worker found somebody", async () => {
    await runNotifications();
    const cursor = await dispatcher().cursor();
    await dispatcher().plan(cursor, cursor, [], false);
    expect(await dispatcher().poke()).toBe(false);
    await dispatcher().plan(cursor, cursor, [], true);
    const heardAt = Date.now();
    await runNotifications();
    later(5_000);
    await runDurableObjectAlarm(dispatcher());
    expect(await alarmAt()).toBeLessThanOrEqual(heardAt + 11_000);
  });

  test("INV-30: the alarm sends a lost message again while deliveries are due", async () => {
    await happened();
    queue.mockClear();
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(notifyCount()).toBe(2);
    await runNotifications();
    queue.mockClear();
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(notifyCount()).toBe(0);
    expect(await alarmAt()).not.toBeNull();
  });

  test("INV-30: the alarm goes on after a restart without another poke", async () => {
    await happened();
    await evictDurableObject(dispatcher());
    queue.mockClear();
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(notifyCount()).toBe(1);
    await runNotifications();
    expect(ids()).toHaveLength(1);
  });

  test("a queue that accepts nothing only delays deliveries", async () => {
    queue.mockRejectedValue(new Error("queue down"));
    const { deliveries } = ports();
    await deliveries.cursor();
    await deliveries.poke();
    await happened();
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(await alarmAt()).toBeLessThanOrEqual(Date.now() + 5_000);
    queue.mockResolvedValue(undefined as never);
    await runDurableObjectAlarm(dispatcher());
    await runNotifications();
    expect(ids()).toHaveLength(1);
  });

  test("an unreadable ledger only delays deliveries", async () => {
    await happened();
    const prepare = vi.spyOn(env.DB, "prepare").mockImplementation(dies);
    await runNotifications();
    expect(await runDurableObjectAlarm(dispatcher())).toBe(true);
    expect(await alarmAt()).not.toBeNull();
    prepare.mockRestore();
    await runNotifications();
    expect(ids()).toHaveLength(1);
  });

  test("the alarm is set for the next delivery that is due", async () => {
    const slow = internet.at(() => new Response(null, { status: 500 }));
    const other = await registerHook(slow, ["intent.proposed"]);
    await happened();
    await runNotifications();
    const next = Date.parse((await logOf(other.id))[0].next_attempt_at);
    expect(await alarmAt()).toBeLessThanOrEqual(next);
    await call("DELETE", `/v1/webhooks/${other.id}`, admin);
  });

  test("the queue's message runs deliveries without delaying deadlines in its batch", async () => {
    const due = await propose(agent, proposal("crm.held", { expiresIn: "1m" }), "pending_approval");
    await flushed(due);
    later(MINUTE_MS);
    const bodies = [
      { type: "notify" },
      { type: "deadline", intent: due },
      { type: "notify", intent: "../../etc" },
    ];
    const messages = bodies.map((body, at) => ({ id: String(at), timestamp: new Date(), attempts: 1, body }));
    const batch = createMessageBatch("gate-events", messages);
    const ctx = createExecutionContext();
    await worker.queue(batch as Parameters<typeof worker.queue>[0], env);
    const result = await getQueueResult(batch, ctx);
    expect(result.retryMessages).toEqual([]);
    expect(await env.DB.prepare("SELECT phase FROM intents WHERE id = ?1").bind(due).first("phase")).toBe(
      "expired",
    );
    await until(() => expect(ids()).toHaveLength(1));
  });
});

describe("failures of one recipient do not affect others", () => {
  test("a page with any number of recipients is planned in calls within the platform's limits", async () => {
    const real = ports();
    const subscriptions = Array.from({ length: 7_000 }, (_, number) => ({
      id: `whk_${number}`,
      events: ["*"],
      form: "standard" as const,
      intent: null,
      principal: "admin",
      createdAt: 0,
    }));
    const calls: (readonly Delivery[])[] = [];
    await happened();
    const news = (await real.deliveries.news(await real.deliveries.cursor())).news;
    await runNotifications({
      webhooks: { ...real.webhooks, subscriptions: async () => subscriptions },
      deliveries: {
        ...real.deliveries,
        lease: async () => [],
        plan: (from, to, planned) => {
          calls.push(planned);
          return real.deliveries.plan(from, to, [], true);
        },
      },
    });
    expect(news.length).toBeGreaterThan(2);
    expect(calls.length).toBeGreaterThan(1);
    expect(Math.max(...calls.map(({ length }) => length))).toBeLessThanOrEqual(20_000);
    const planned = calls.flat();
    expect(planned).toHaveLength(news.length * subscriptions.length);
    expect(new Set(planned.map(({ id }) => id)).size).toBe(planned.length);
  });

  test("people are notified however many agents' webhooks fail", async () => {
    const { deliveries } = ports();
    const due = (lane: string): Delivery => ({
      id: fresh("msg"),
      target: fresh("whk_lane"),
      lane,
      person: null,
      kind: "event",
      intent: "int_x",
      seq: 1,
      to: null,
      at: Date.now(),
    });
    const failing = Array.from({ length: 1_100 }, () => due(`agent:${fresh("agt")}`));
    const waiting = Array.from({ length: 1_100 }, () => due(`agent:${fresh("agt")}`));
    await deliveries.add(failing);
    for (const { id } of await deliveries.lease(failing.length)) {
      const retry = { kind: "retry", status: 500, problem: "it answered 500", afterMs: MINUTE_MS } as const;
      await deliveries.settle(id, retry);
    }
    await deliveries.add([...waiting, due("channel:finance-room")]);
    const lanes = (await deliveries.lease(2_000)).map(({ lane }) => lane);
    expect(lanes).toContain("channel:finance-room");
    // Deliveries that wait for a retry take no slot from those that were not tried yet.
    expect(lanes.length).toBe(1_000);
    await runInDurableObject(dispatcher(), (_, { storage }) => {
      storage.sql.exec("DELETE FROM deliveries WHERE intent = 'int_x'");
    });
  });

  test("INV-30: any number of due deliveries sends a message now and then, not one each", async () => {
    const { deliveries } = ports();
    await deliveries.add(
      Array.from({ length: 50 }, () => ({
        id: fresh("msg"),
        target: "whk_backlog",
        person: null,
        kind: "event",
        intent: "int_x",
        seq: 1,
        to: null,
        at: Date.now(),
      })),
    );
    await deliveries.cursor();
    queue.mockClear();
    for (;;) {
      const [taken] = await deliveries.lease(1);
      if (taken === undefined) break;
      await deliveries.settle(taken.id, { kind: "delivered", status: 200, receipt: null });
      // Run a due alarm, as the platform would.
      if (((await alarmAt()) ?? Number.POSITIVE_INFINITY) <= Date.now()) {
        await runDurableObjectAlarm(dispatcher());
      }
    }
    expect(notifyCount()).toBeLessThan(5);
    expect(await alarmAt()).not.toBeNull();
  });

  test("malformed rows stop nothing", async () => {
    const insert =
      "INSERT INTO ledger (intent_id, seq, event, actor, at, body, prev_hash, entry_hash, mac) VALUES (?1, 1, ?2, 'x', 0, ?3, '', '', '')";
    for (const [chain, event, body] of [
      [`int_${fresh("x")}`, "approval_requested", "no json"],
      [`int_${fresh("x")}`, "expiry_escalated", '{"to":{"a":[7,null]}}'],
      [`int_${fresh("x")}`, "proposed", "{}"],
      [fresh("other"), "proposed", "[]"],
    ] as const) {
      await env.DB.prepare(insert).bind(chain, event, body).run();
    }
    await happened();
    await runNotifications();
    expect(ids()).toHaveLength(1);
  });

  test("a failing lane gets one attempt at a time and leaves the others their share", async () => {
    const { deliveries } = ports();
    const made = (lane: string, count: number): readonly Delivery[] =>
      Array.from({ length: count }, () => ({
        id: fresh("msg"),
        target: `whk_${lane}`,
        lane,
        person: null,
        kind: "event",
        intent: "int_x",
        seq: 1,
        to: null,
        at: Date.now() - 1_000,
      }));
    const [a, b] = [fresh("lane"), fresh("lane")];
    await deliveries.add([...made(a, 50), ...made(b, 3)]);
    const first = await deliveries.lease(10);
    expect(first.map(({ lane }) => lane).toSorted()).toEqual([a, a, b, b]);
    for (const { id, lane } of first) {
      await deliveries.settle(
        id,
        lane === a
          ? { kind: "retry", status: 500, problem: "it answered 500", afterMs: 60_000 }
          : { kind: "delivered", status: 200, receipt: null },
      );
    }
    expect((await deliveries.lease(10)).map(({ lane }) => lane).toSorted()).toEqual([a, b]);
    await deliveries.drop(`whk_${a}`);
    await deliveries.drop(`whk_${b}`);
    later(10 * MINUTE_MS);
    expect(await deliveries.lease(10)).toEqual([]);
  });

  test("ended deliveries are deleted after thirty days, and pending ones are not", async () => {
    await happened();
    await runNotifications();
    const [{ id }] = (await logOf(hook.id)) as [{ id: string }];
    later(29 * 24 * 60 * MINUTE_MS);
    await runDurableObjectAlarm(dispatcher());
    expect(await ports().deliveries.find(id)).not.toBeNull();
    later(2 * 24 * 60 * MINUTE_MS);
    await runDurableObjectAlarm(dispatcher());
    expect(await ports().deliveries.find(id)).toBeNull();
  });

  test("a deployment that adds a channel sends no notifications about the past", async () => {
    await happened();
    const last = await env.DB.prepare("SELECT MAX(id) AS id FROM ledger").first<number>("id");
    await env.DB.prepare("UPDATE telling_start SET after_row = ?1").bind(last).run();
    const [newer, older] = [env.DISPATCH.getByName(fresh("dispatch")), dispatcher()];
    expect(await newer.cursor()).toBe(last);
    expect(await Promise.all([newer.cursor(), newer.cursor()])).toEqual([last, last]);
    expect(await older.cursor()).toBeLessThan(last ?? 0);
  });
});

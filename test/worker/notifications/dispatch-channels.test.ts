import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, afterAll, describe, expect, test } from "vitest";
import type { DeliveryRecord, DeliveryResult } from "../../../src/ports/notifications.ts";
import {
  admin,
  call,
  flushed,
  later,
  MINUTE_MS,
  proposal,
  propose,
  register,
} from "../../support/worker/gate.ts";
import { ports, runNotifications, stopQueue } from "../../support/worker/receiver.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Recipients of each notification, planned from the ledger alone; sending to a channel has tests of its own and is
 * replaced here.
 */

const POLICIES = {
  ...RULES.policies,
  climb: `require_approval: always
expiry_minutes: 120
on_no_response: escalate
approvers: { groups: [ops] }
escalate: [{ after: 20m, to: board }, { after: 40m, to: eve }]`,
};

const REGISTRY = `${RULES.registry
  .replace(
    "groups:",
    "  eve: { name: Eve Adams, email: eve@example.com }\n  dan: { name: Dan Roe }\ngroups:\n  board: [eve, dan]",
  )
  .replace("\ndestinations:", "\ndestinations:\n  crm.climb: { policies: [climb] }")}
credentials:
  secret: { ref: env://SOME_SECRET }
channels:
  everybody: { type: slack_webhook, secret: secret }
  ops: { type: slack_app, channel: C0OPS, token: secret, signing_secret: secret, for: [ops] }
  ana: { type: webhook, url: "https://ana.example.com", secret: secret, for: [ana] }
  board: { type: slack_webhook, secret: secret, for: [board] }
  elsewhere: { type: slack_webhook, secret: secret, destinations: [vpc.*] }
  mail: { type: email, url: "https://mail.example.com", secret: secret, from: gate@example.com, destinations: [crm.by-ops, crm.climb, crm.held] }
  mail-board: { type: email, url: "https://mail.example.com", secret: secret, from: gate@example.com, for: [board], destinations: [crm.climb, crm.held] }
`;

let agent: Principal;
let reviewer: Principal;

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer", { person: "ana" });
  await changeRules({ policies: POLICIES, registry: REGISTRY });
});

afterAll(() => changeRules(RULES));

beforeEach(async () => {
  stopQueue();
  await runNotifications({}, well);
});

const DELIVERED: DeliveryResult = { kind: "delivered", status: 200, receipt: null };

const well = async () => DELIVERED;

/** Plans and runs deliveries; the intent's own as `kind channel person → to`. */
async function notified(intent: string): Promise<readonly string[]> {
  const got: DeliveryRecord[] = [];
  await runNotifications({}, async (record) => {
    got.push(record);
    return DELIVERED;
  });
  return got
    .filter((record) => record.intent === intent)
    .map(lineOf)
    .toSorted();
}

function lineOf({ kind, target, person, to }: DeliveryRecord): string {
  return [kind, target.replace("channel:", ""), person, to === null ? null : `→${to}`]
    .filter(Boolean)
    .join(" ");
}

async function held(destination: string, more: Record<string, unknown> = {}): Promise<string> {
  const intent = await propose(agent, proposal(destination, more), "pending_approval");
  await flushed(intent);
  return intent;
}

describe("notifications of a pending intent", () => {
  test("go to every channel of its approvers, and by e-mail to each of them", async () => {
    expect(await notified(await held("crm.by-ops"))).toEqual([
      "held ana",
      "held everybody",
      "held mail ana",
      "held mail ben",
      "held ops",
    ]);
  });

  test("go to a group's channel when only one of its people may decide", async () => {
    expect(await notified(await held("crm.by-ana"))).toEqual(["held ana", "held everybody", "held ops"]);
  });

  test("go to every person where every reviewer may decide", async () => {
    expect(await notified(await held("crm.held"))).toEqual([
      "held ana",
      "held board",
      "held everybody",
      "held mail ana",
      "held mail ben",
      "held mail eve",
      "held mail-board eve",
      "held ops",
    ]);
  });

  test("INV-03: send no e-mail to excluded persons", async () => {
    const { id, key } = await register("agent", { owner: "ben@example.com" });
    const intent = await propose({ id, key }, proposal("crm.by-ops"), "pending_approval");
    await flushed(intent);
    expect(await notified(intent)).toEqual(["held ana", "held everybody", "held mail ana", "held ops"]);
  });

  test("are sent once, however often the ledger is read", async () => {
    const intent = await held("crm.by-ana");
    expect(await notified(intent)).toHaveLength(3);
    expect(await notified(intent)).toEqual([]);
  });

  test("are not sent once the intent is decided", async () => {
    const intent = await held("crm.by-ana");
    await call("POST", `/v1/intents/${intent}/approve`, reviewer.key);
    await flushed(intent);
    expect(await notified(intent)).toEqual([]);
  });
});

describe("notifications over time", () => {
  test("remind the same recipients, add each escalation step's, and repeat all for the second wait", async () => {
    const intent = await held("crm.climb");
    expect(await notified(intent)).toEqual([
      "held ana",
      "held everybody",
      "held mail ana",
      "held mail ben",
      "held ops",
    ]);
    const after = async (minutes: number) => {
      later(minutes * MINUTE_MS);
      await ports().intents.find(intent)?.onDeadline();
      await flushed(intent);
      return notified(intent);
    };
    expect(await after(20)).toEqual([
      "escalation board →board",
      "escalation mail eve →board",
      "escalation mail-board eve →board",
    ]);
    // No channel is for eve: the channels without recipients of their own are used.
    expect(await after(20)).toEqual(["escalation everybody →eve", "escalation mail eve →eve"]);
    expect(await after(20)).toEqual([
      "reminder ana",
      "reminder everybody",
      "reminder mail ana",
      "reminder mail ben",
      "reminder ops",
    ]);
    expect(await after(60)).toEqual([
      "escalation board →board",
      "escalation everybody →eve",
      "escalation mail eve →board",
      "escalation mail eve →eve",
      "escalation mail-board eve →board",
      // The approvers still decide, and have longer now.
      "reminder ana",
      "reminder mail ana",
      "reminder mail ben",
      "reminder ops",
    ]);
  });
});

describe("notifications of a decision", () => {
  test("update the messages that can be updated", async () => {
    const intent = await held("crm.by-ops");
    await notified(intent);
    await call("POST", `/v1/intents/${intent}/reject`, reviewer.key, { reason: "no" });
    await flushed(intent);
    expect(await notified(intent)).toEqual(["decided ana", "decided ops"]);
  });

  test("are not sent where the policy decided alone", async () => {
    const intent = await propose(agent, proposal("crm.small"), "approved");
    await flushed(intent);
    expect(await notified(intent)).toEqual([]);
  });
});

describe("INV-30: a channel that is down", () => {
  test("INV-30: is retried as long as the intent is pending, and delays no other channel", async () => {
    const intent = await held("crm.by-ops");
    const tried: string[] = [];
    const attempt = () =>
      runNotifications({}, async (record) => {
        tried.push(lineOf(record));
        return record.target === "channel:ops"
          ? { kind: "retry", status: 500, problem: "it answered 500", afterMs: null }
          : DELIVERED;
      });
    await attempt();
    expect(tried.toSorted()).toEqual([
      "held ana",
      "held everybody",
      "held mail ana",
      "held mail ben",
      "held ops",
    ]);
    for (let minutes = 0; minutes < 20; minutes += 1) {
      later(MINUTE_MS);
      await attempt();
    }
    expect(tried.filter((line) => line === "held ops").length).toBeGreaterThanOrEqual(5);
    const records = await ports().deliveries.ofIntents([intent]);
    expect(records.find(({ target }) => target === "channel:ops")).toMatchObject({
      state: "pending",
      lastProblem: "it answered 500",
    });
    expect(records.filter(({ state }) => state === "delivered")).toHaveLength(4);
  });

  test("INV-30: and one that throws are one failed attempt each", async () => {
    const intent = await held("crm.by-ana");
    await runNotifications({}, async (record) => {
      if (record.target === "channel:ops") throw new Error("a bug with a secret in it");
      return DELIVERED;
    });
    const records = await ports().deliveries.ofIntents([intent]);
    expect(records.map(({ target, state, lastProblem }) => [target, state, lastProblem]).toSorted()).toEqual([
      ["channel:ana", "delivered", null],
      ["channel:everybody", "delivered", null],
      ["channel:ops", "pending", "Gate failed to send it"],
    ]);
  });

  test("a channel removed from gate.yaml counts as failed and is logged", async () => {
    const intent = await held("crm.by-ana");
    await runNotifications({}, async () => ({ kind: "retry", status: null, problem: "later", afterMs: 1 }));
    await changeRules({
      policies: POLICIES,
      registry: REGISTRY.replace(/ {2}ana: \{ type: webhook.*\n/, ""),
    });
    later(MINUTE_MS);
    await runNotifications({}, well);
    await changeRules({ policies: POLICIES, registry: REGISTRY });
    const records = await ports().deliveries.ofIntents([intent]);
    expect(records.find(({ target }) => target === "channel:ana")).toMatchObject({
      state: "failed",
      lastProblem: "the channel is no longer in gate.yaml",
    });
  });

  test("an unreadable intent is waited for, and then skipped for the sake of the others", async () => {
    const [broken, sound] = [await held("crm.by-ana"), await held("crm.by-ana")];
    const { intents } = ports();
    const world = {
      intents: {
        ...intents,
        find: (id: string) => {
          const found = intents.find(id);
          if (found === null || id !== broken) return found;
          return { ...found, getState: () => Promise.reject(new Error("its object is gone")) };
        },
      },
    };
    const got: string[] = [];
    const attempt = () =>
      runNotifications(world, async (record) => {
        got.push(record.intent);
        return DELIVERED;
      });
    await attempt();
    expect(got).toEqual([]);
    later(2 * MINUTE_MS + 1);
    await attempt();
    expect(new Set(got)).toEqual(new Set([sound]));
  });
});

test("without channels and webhooks, only the ledger is read", async () => {
  await changeRules(RULES);
  await propose(agent, proposal("crm.held"), "pending_approval").then(flushed);
  const { deliveries } = ports();
  const before = await deliveries.cursor();
  const never = () => Promise.reject(new Error("asked in vain"));
  const world = {
    intents: { ...ports().intents, find: () => null },
    deliveries: { ...deliveries, ofIntents: never },
  };
  await runNotifications(world, never);
  expect(await deliveries.cursor()).toBeGreaterThan(before);
  expect(await env.DB.prepare("SELECT MAX(id) AS id FROM ledger").first("id")).toBe(
    await deliveries.cursor(),
  );
  expect((await call("GET", "/v1/webhooks", admin)).body.count).toBe(0);
});

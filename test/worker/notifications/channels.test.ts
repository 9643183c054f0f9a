import { createHmac } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { err } from "../../../src/core/base/result.ts";
import { readLink } from "../../../src/app/approvals/approval-link.ts";
import { caseMessage } from "../../../src/app/notifications/channels/case-message.ts";
import { fillTemplate, emailContent } from "../../../src/app/notifications/channels/email.ts";
import { readInteraction } from "../../../src/app/approvals/interaction.ts";
import {
  answered,
  delivery,
  held,
  notifyChannel,
  outside,
  ports,
  SECRETS,
  setScene,
} from "../../support/worker/channels.ts";
import { admin, call, fresh, register } from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

beforeAll(setScene);

let reviewer: Principal;

beforeEach(async () => {
  reviewer ??= await register("reviewer", { person: "ben" });
});

const approve = (intent: string) => call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});

const slackOk = (ts = "1712345678.000100") => answered(200, { ok: true, channel: "C0APPROVALS", ts });

/** Every kind of channel with its success response and the person it notifies. */
const PLACES = [
  { channel: "hook", person: null, fine: () => answered(200, "ok") },
  { channel: "app", person: null, fine: () => slackOk() },
  { channel: "json", person: null, fine: () => answered(204, "") },
  { channel: "mail", person: "ana", fine: () => answered(202, "{}") },
  { channel: "sms", person: "ana", fine: () => answered(200, "{}") },
] as const;

const byLink = (channel: string) => (channel === "sms" ? "crm.by-link" : "crm.held");

test.each(PLACES)("$channel names agent, destination, risk, records, reason and deadline", async (place) => {
  const intent = await held(byLink(place.channel), { recordCount: 12_345 });
  const world = outside(place.fine);
  const result = await notifyChannel(
    delivery(place.channel, intent, "held", { person: place.person }),
    world,
  );
  expect(result.kind).toBe("delivered");
  const [got] = world.got;
  const text = JSON.stringify(got?.body);
  const { body } = await call("GET", `/v1/intents/${intent}`, admin);
  const agent = await call("GET", `/v1/agents/${body.sender_agent_id ?? body.agent_id}`, admin);
  for (const part of [byLink(place.channel), agent.body.name, "12,345", "manual_review_required"]) {
    expect(text.replaceAll("12345", "12,345")).toContain(part);
  }
  expect(text).toMatch(/low|medium|high/);
  expect(text).toContain("https://gate.example.com/");
});

test.each(PLACES)(
  "INV-29: $channel gets nothing of the payload and nothing that identifies a person",
  async (place) => {
    const payload = JSON.stringify({ secret_field: "the-payload-itself", card: "4111 1111 1111 1111" });
    const agent = await register("agent", { name: `${fresh("bot")} of jo.doe@example.com` });
    const more = { payload, action: "call:491701234567", metadata: { note: "free-text-of-agent" } };
    const intent = await held(byLink(place.channel), more, agent);
    const world = outside(place.fine);
    await notifyChannel(delivery(place.channel, intent, "held", { person: place.person }), world);
    const text = world.got.map((got) => got.text).join();
    expect(text).toContain("[e-mail]");
    for (const hidden of [
      "the-payload-itself",
      "secret_field",
      "4111 1111",
      "jo.doe",
      "1701234567",
      "free-text-of-agent",
    ]) {
      expect(text).not.toContain(hidden);
    }
  },
);

const HOSTILE = [
  {
    trick: "calls the channel together",
    name: "<!channel> <!here> <@U0ANA>",
    never: ["<!channel>", "<!here>", "<@U0ANA>"],
  },
  { trick: "is a link to elsewhere", name: "<https://evil.example|Open case>", never: ["<https://evil"] },
  { trick: "starts other lines", name: "ok\n*Risk*\nlow", never: ["ok\\n*Risk*"] },
  { trick: "ends its code span", name: "a` *bold* `b", never: ["a` *bold*"] },
  { trick: "turns the reading direction", name: "pay \u202egpj.exe", never: ["\u202e"] },
  { trick: "hides letters", name: "ap\u200bprove\u0000", never: ["\u200b", "\\u0000"] },
  { trick: "is markup", name: "<script>alert(1)</script><img src=x>", never: ["<script>", "<img"] },
] as const;

test.each(HOSTILE)("INV-28: an agent's name stays plain text when it $trick", async ({ name, never }) => {
  const agent = await register("agent", { name: `${fresh("a")} ${name}` });
  const intent = await held("crm.by-link", {}, agent);
  for (const { channel, person, fine } of PLACES) {
    const world = outside(fine);
    const result = await notifyChannel(delivery(channel, intent, "held", { person }), world);
    expect(result.kind).toBe("delivered");
    const [got] = world.got;
    // Plain text and JSON need no escaping but their own; blocks and HTML do.
    const marked = channel === "mail" ? got?.body.html : ["hook", "app"].includes(channel) ? got?.text : "";
    const isHarmless = channel === "mail" && name.includes("`");
    for (const part of isHarmless ? [] : never) expect(marked).not.toContain(part);
    expect(got?.text).not.toMatch(/[\u200b\u202e]/);
  }
});

test.each(["hook", "app"])(
  "a message to %s is within Slack's limits, however long the names",
  async (channel) => {
    const agent = await register("agent", { name: fresh("&<>`".repeat(25)) });
    const intent = await held("crm.held", { action: "x".repeat(128) }, agent);
    const world = outside(() => slackOk());
    expect((await notifyChannel(delivery(channel, intent, "held"), world)).kind).toBe("delivered");
    const { blocks, text } = world.got[0]?.body ?? {};
    expect(text.length).toBeLessThanOrEqual(3000);
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks) {
      if (block.type === "header") expect(block.text.text.length).toBeLessThanOrEqual(150);
      for (const field of block.fields ?? []) expect(field.text.length).toBeLessThanOrEqual(2000);
      expect((block.fields ?? []).length).toBeLessThanOrEqual(10);
      for (const { text: label, value, url } of block.elements ?? []) {
        if (block.type !== "actions") continue;
        expect(label.text.length).toBeLessThanOrEqual(75);
        expect((value ?? "").length).toBeLessThanOrEqual(2000);
        expect((url ?? "").length).toBeLessThanOrEqual(3000);
      }
    }
  },
);

describe("a channel's response is classified", () => {
  const cases = [
    { answer: () => answered(429, "slow down", { "Retry-After": "30" }), kind: "retry", afterMs: 30_000 },
    { answer: () => answered(429, "", { "Retry-After": "999999999" }), kind: "retry", afterMs: 3_600_000 },
    { answer: () => answered(429, "", { "Retry-After": "soon" }), kind: "retry", afterMs: null },
    { answer: () => answered(500, "oops"), kind: "retry", afterMs: null },
    { answer: () => answered(503, "", { "Retry-After": "7" }), kind: "retry", afterMs: 7000 },
    { answer: () => answered(302, "", { Location: "https://evil.example" }), kind: "failed" },
    { answer: () => answered(400, "invalid_payload"), kind: "failed" },
    { answer: () => answered(403, "action_prohibited"), kind: "failed" },
    { answer: () => answered(404, "no_service"), kind: "failed" },
    { answer: () => answered(410, "channel_is_archived"), kind: "failed" },
    { answer: () => err("timeout" as const), kind: "retry", afterMs: null },
    { answer: () => err("unreachable" as const), kind: "retry", afterMs: null },
    { answer: () => err("refused_address" as const), kind: "failed" },
  ] as const;
  test.each(PLACES)("the same way for every channel: $channel", async ({ channel, person }) => {
    const intent = await held("crm.by-link");
    for (const { answer, ...wanted } of cases) {
      const result = await notifyChannel(delivery(channel, intent, "held", { person }), outside(answer));
      expect(result).toMatchObject(wanted);
    }
  });
});

test.each(["https://gate.example.net/login", "www.example.net", "example.net", "mailto:x.example.net"])(
  "no link is made of the action in an e-mail or text message: %s",
  async (action) => {
    const intent = await held("crm.by-link", { action });
    for (const { channel, person } of PLACES.filter(({ channel: id }) => ["mail", "sms"].includes(id))) {
      const world = outside();
      await notifyChannel(delivery(channel, intent, "held", { person }), world);
      const [got] = world.got;
      const { text, html, summary } = got?.body ?? {};
      expect(text ?? summary).toBeDefined();
      for (const shown of [text, html, summary].filter((each) => each !== undefined)) {
        expect(shown).toContain(action.replaceAll(/[.:]/g, "[$&]"));
        expect(shown.replaceAll(/https:\/\/gate\.example\.com\/\S*/g, "")).not.toMatch(/example\.net|:\/\//);
      }
    }
  },
);

test("INV-21: no failure text holds a secret, even when the receiver echoes it", async () => {
  const intent = await held("crm.by-link");
  const secrets = [...Object.values(SECRETS), "verySecretPath"];
  for (const { channel, person } of PLACES) {
    for (const status of [302, 400, 404, 429, 500]) {
      const world = outside(() => answered(status, secrets.join(" ")));
      const text = JSON.stringify(await notifyChannel(delivery(channel, intent, "held", { person }), world));
      for (const secret of secrets) expect(text).not.toContain(secret);
    }
  }
});

test("an error of a Slack incoming webhook is explained", async () => {
  const intent = await held();
  const world = outside(() => answered(410, "channel_is_archived"));
  const result = await notifyChannel(delivery("hook", intent, "held"), world);
  expect(result).toEqual({ kind: "failed", status: 410, problem: "the webhook's channel is archived" });
});

const API_PROBLEMS = [
  { error: "ratelimited", kind: "retry" },
  { error: "internal_error", kind: "retry" },
  { error: "channel_not_found", kind: "failed" },
  { error: "not_in_channel", kind: "failed" },
  { error: "invalid_auth", kind: "failed" },
  { error: "something_new", kind: "failed" },
] as const;

test.each(API_PROBLEMS)(
  "Slack's Web API answering $error with status 200: $kind",
  async ({ error, kind }) => {
    const intent = await held();
    const result = await notifyChannel(
      delivery("app", intent, "held"),
      outside(() => answered(200, { ok: false, error })),
    );
    expect(result.kind).toBe(kind);
  },
);

test.each(["", "<html>", "[]", "null", '{"ok":"true"}', '{"error":"xoxb-scene-secret-token"}'])(
  "an answer that is not Slack's is no success: %s",
  async (text) => {
    const intent = await held();
    const result = await notifyChannel(
      delivery("app", intent, "held"),
      outside(() => answered(200, text)),
    );
    expect(result.kind).toBe("retry");
    expect(JSON.stringify(result)).not.toContain("xoxb");
  },
);

describe("a Slack app", () => {
  test("posts with buttons under its token and stores the message's position", async () => {
    const intent = await held();
    const world = outside(() => slackOk());
    const result = await notifyChannel(delivery("app", intent, "held"), world);
    expect(result).toMatchObject({ kind: "delivered", receipt: "C0APPROVALS/1712345678.000100" });
    const [got] = world.got;
    expect(got?.url).toBe("https://slack.com/api/chat.postMessage");
    expect(got?.headers["Authorization"]).toBe(`Bearer ${SECRETS.SCENE_BOT}`);
    expect(got?.body.channel).toBe("C0APPROVALS");
    const buttons = got?.body.blocks.at(-1).elements;
    expect(buttons.map(({ action_id: id }: { action_id: string }) => id)).toEqual([
      "gate_approve",
      "gate_reject",
      "gate_open",
    ]);
  });

  test("INV-27: posts no deciding buttons where the policy accepts no vote from Slack", async () => {
    const intent = await held("crm.touch");
    const world = outside(() => slackOk());
    await notifyChannel(delivery("app", intent, "held"), world);
    expect(world.got[0]?.text).not.toContain("gate_approve");
    expect(world.got[0]?.text).toContain("gate_open");
  });

  test("many at once: the sixth within a minute posts a message for the rest, which are replies to it with their buttons", async () => {
    const intent = await held();
    const now = Date.now();
    const before = Array.from({ length: 5 }, (_, n) =>
      delivery("app", `int_${n}`, "held", {
        at: now - n * 1_000,
        state: "delivered",
        receipt: `C0APPROVALS/1.${n}`,
      }),
    );
    const few = { ...outside(() => slackOk()), before: before.slice(1) };
    await notifyChannel(delivery("app", intent, "held", { at: now }), few);
    expect(few.got.map(({ body }) => body.thread_ts)).toEqual([undefined]);

    const sixth = { ...outside(() => slackOk("7.0")), before };
    const first = await notifyChannel(delivery("app", intent, "held", { at: now }), sixth);
    expect(sixth.got.map(({ body }) => body.thread_ts)).toEqual([undefined, "7.0"]);
    const [head, reply] = sixth.got;
    // The fallback text says agent, what and why.
    expect(head?.body.text).toMatch(
      /^Many requests at once, the first of them: .+ wants to .+ Held: .+ replies to this message\.$/,
    );
    expect(head?.text).not.toContain("gate_approve");
    expect(reply?.text).toContain("gate_approve");
    expect(first).toMatchObject({ kind: "delivered", receipt: "C0APPROVALS/7.0/7.0" });

    const posted = delivery("app", "int_6", "held", {
      at: now,
      state: "delivered",
      receipt: "C0APPROVALS/8.1/7.0",
    });
    const seventh = { ...outside(() => slackOk("8.2")), before: [posted, ...before] };
    const second = await notifyChannel(delivery("app", intent, "held", { at: now + 1 }), seventh);
    expect(seventh.got.map(({ body }) => body.thread_ts)).toEqual(["7.0"]);
    expect(second).toMatchObject({ receipt: "C0APPROVALS/8.2/7.0" });

    const old = before.map((each) => ({ ...each, at: now - 61_000 }));
    const later = { ...outside(() => slackOk()), before: old };
    await notifyChannel(delivery("app", intent, "held", { at: now }), later);
    expect(later.got.map(({ body }) => body.thread_ts)).toEqual([undefined]);
  });

  test("a reply among many is updated itself, and reminded in the thread that it is in", async () => {
    const intent = await held();
    const earlier = [delivery("app", intent, "held", { state: "delivered", receipt: "C0APPROVALS/8.2/7.0" })];
    const reminder = { ...outside(() => slackOk("9.9")), earlier };
    await notifyChannel(delivery("app", intent, "reminder"), reminder);
    expect(reminder.got[0]?.body).toMatchObject({ channel: "C0APPROVALS", thread_ts: "7.0" });
    await approve(intent);
    const decided = { ...outside(() => slackOk()), earlier };
    await notifyChannel(delivery("app", intent, "decided"), decided);
    expect(decided.got[0]?.body).toMatchObject({ channel: "C0APPROVALS", ts: "8.2" });
  });

  test("many at once through an incoming webhook: each is one line that says agent, what and why", async () => {
    const intent = await held();
    const now = Date.now();
    const before = Array.from({ length: 5 }, (_, n) => delivery("hook", `int_${n}`, "held", { at: now }));
    const world = { ...outside(), before };
    await notifyChannel(delivery("hook", intent, "held", { at: now }), world);
    expect(world.got[0]?.body.text).toMatch(/^Approval needed: .+ wants to .+ Held: /);
    expect(world.got[0]?.body.blocks).toHaveLength(1);
    expect(world.got[0]?.text).toContain("gate_open");
  });

  test("removes the buttons after a decision elsewhere, and names who decided and the state", async () => {
    const intent = await held();
    const earlier = [
      delivery("app", intent, "held", { state: "delivered", receipt: "C0APPROVALS/1.2" }),
      delivery("other-app", intent, "held", { state: "delivered", receipt: "C0OTHER/3.4" }),
    ];
    expect((await approve(intent)).status).toBe(200);
    const world = { ...outside(() => slackOk()), earlier };
    expect((await notifyChannel(delivery("app", intent, "decided"), world)).kind).toBe("delivered");
    expect(world.got).toHaveLength(1);
    expect(world.got[0]?.url).toBe("https://slack.com/api/chat.update");
    expect(world.got[0]?.body).toMatchObject({ channel: "C0APPROVALS", ts: "1.2" });
    expect(world.got[0]?.text).toContain("Approved by Ben Okafor");
    expect(world.got[0]?.text).not.toContain("gate_approve");
  });

  test("updates nothing where the first message never arrived", async () => {
    const intent = await held();
    await approve(intent);
    const earlier = [delivery("app", intent, "held", { state: "failed" })];
    const world = { ...outside(), earlier };
    expect((await notifyChannel(delivery("app", intent, "decided"), world)).kind).toBe("moot");
    expect(world.got).toEqual([]);
  });

  test("waits for a message in progress, so that none keeps its buttons", async () => {
    const intent = await held();
    await approve(intent);
    const earlier = [delivery("app", intent, "held", { state: "pending" })];
    const result = await notifyChannel(delivery("app", intent, "decided"), { ...outside(), earlier });
    // By the schedule of all channels: a post that Slack put off for an hour is not looked for every five seconds.
    expect(result).toMatchObject({ kind: "retry", afterMs: null });
  });

  test("updates every message, although one of them can no longer be changed", async () => {
    const intent = await held();
    await approve(intent);
    const earlier = ["C0APPROVALS/1.2", "C0APPROVALS/3.4"].map((receipt, at) =>
      delivery("app", intent, "held", { id: `earlier-${at}`, state: "delivered", receipt }),
    );
    const refused = answered(200, { ok: false, error: "edit_window_closed" });
    const world = outside(({ body }) => (body?.includes('"1.2"') === true ? refused : slackOk()));
    const result = await notifyChannel(delivery("app", intent, "decided"), { ...world, earlier });
    expect(world.got.map(({ body }) => body.ts)).toEqual(["1.2", "3.4"]);
    expect(result).toMatchObject({ kind: "failed", problem: "Slack answered edit_window_closed" });
  });

  test("considers a message deleted by a person as done", async () => {
    const intent = await held();
    await approve(intent);
    const earlier = [delivery("app", intent, "held", { state: "delivered", receipt: "C0APPROVALS/1.2" })];
    const gone = outside(() => answered(200, { ok: false, error: "message_not_found" }));
    expect((await notifyChannel(delivery("app", intent, "decided"), { ...gone, earlier })).kind).toBe(
      "delivered",
    );
  });

  test.each(["reminder", "escalation"] as const)(
    "replies with a %s in the thread of the message that asked",
    async (kind) => {
      const intent = await held();
      const earlier = [delivery("app", intent, "held", { state: "delivered", receipt: "C0APPROVALS/1.2" })];
      const world = { ...outside(() => slackOk("9.9")), earlier };
      const result = await notifyChannel(delivery("app", intent, kind, { to: "ops" }), world);
      expect(result).toMatchObject({ kind: "delivered", receipt: null });
      expect(world.got[0]?.body).toMatchObject({ channel: "C0APPROVALS", thread_ts: "1.2" });
      expect(world.got[0]?.text).not.toContain("gate_approve");
    },
  );
});

test("no person is notified about a decided intent or one they voted on", async () => {
  const decided = await held();
  await approve(decided);
  const voted = await held("crm.pair");
  await approve(voted);
  const world = outside();
  for (const kind of ["held", "reminder", "escalation"] as const) {
    expect((await notifyChannel(delivery("hook", decided, kind), world)).kind).toBe("moot");
    expect((await notifyChannel(delivery("mail", voted, kind, { person: "ben" }), world)).kind).toBe("moot");
  }
  expect(world.got).toEqual([]);
  expect((await notifyChannel(delivery("mail", voted, "reminder", { person: "ana" }), world)).kind).toBe(
    "delivered",
  );
});

test.each([
  { channel: "hook", person: null },
  { channel: "mail", person: "ana" },
  { channel: "sms", person: "ana" },
])("a channel that can't update messages gets no second one after the decision: $channel", async (place) => {
  const intent = await held("crm.by-link");
  await approve(intent);
  const world = outside();
  const result = await notifyChannel(
    delivery(place.channel, intent, "decided", { person: place.person }),
    world,
  );
  expect(result.kind).toBe("moot");
  expect(world.got).toEqual([]);
});

describe("a generic webhook", () => {
  const EVENTS = [
    ["held", "approval.requested"],
    ["reminder", "approval.reminded"],
    ["escalation", "approval.escalated"],
  ] as const;

  test.each(EVENTS)("INV-30: sends %s as %s, signed by Standard Webhooks", async (kind, type) => {
    const intent = await held();
    const world = outside(() => answered(204, ""));
    const record = delivery("json", intent, kind);
    await notifyChannel(record, world);
    const [got] = world.got;
    expect(got?.url).toBe("https://hooks.example.com/gate");
    expect(got?.body).toMatchObject({ type, data: { intent_id: intent, state: "pending_approval" } });
    expect(got?.text.length).toBeLessThan(20_000);
    const key = Buffer.from(SECRETS.SCENE_WHSEC.slice("whsec_".length), "base64");
    const signed = `${record.id}.${got?.headers["webhook-timestamp"]}.${got?.text}`;
    const signature = createHmac("sha256", key).update(signed).digest("base64");
    expect(got?.headers).toMatchObject({ "webhook-id": record.id, "webhook-signature": `v1,${signature}` });
  });

  test("is notified of the decision", async () => {
    const intent = await held();
    await approve(intent);
    const world = outside();
    await notifyChannel(delivery("json", intent, "decided"), world);
    expect(world.got[0]?.body).toMatchObject({
      type: "approval.decided",
      data: { state: "approved", decided_by: "ben" },
    });
  });
});

describe("an e-mail", () => {
  test("goes to one person with a link of their own, in the form that most providers take", async () => {
    const intent = await held("crm.by-link");
    const world = outside(() => answered(200, "{}"));
    await notifyChannel(delivery("mail", intent, "held", { person: "ana" }), world);
    const [got] = world.got;
    expect(got?.url).toBe("https://mail.example.com/send");
    expect(got?.headers["Authorization"]).toBe(`Bearer ${SECRETS.SCENE_MAIL}`);
    expect(got?.body).toMatchObject({ from: "Gate <gate@example.com>", to: ["ana@example.com"] });
    const [, token = ""] = /\?link=(\S+)/.exec(got?.body.text) ?? [];
    expect(readLink(ports(), token)).toMatchObject({ intent, person: "ana" });
  });

  test.each([
    ["crm.by-link", /Any person who opens it can decide in your name/],
    ["crm.held", /you sign in to decide/],
  ])("INV-27: says what its link does by itself: %s", async (destination, words) => {
    const intent = await held(destination);
    const world = outside(() => answered(200, "{}"));
    await notifyChannel(delivery("mail", intent, "held", { person: "ana" }), world);
    expect(world.got[0]?.body.text).toMatch(words);
  });

  test("has a subject of one line, 150 characters at most", async () => {
    const dossier = await ports()
      .intents.find(await held())
      ?.getRecord();
    if (!dossier) throw new Error("no dossier");
    const message = await caseMessage(dossier, null, ports());
    const to = `ops\r\nBcc: everybody@example.com ${"x".repeat(400)}`;
    const { subject } = emailContent(
      { kind: "escalation", to },
      message,
      "ana@example.com",
      "gate@example.com",
    );
    expect(subject).toMatch(/^Escalated to ops/);
    expect(subject).not.toMatch(/[\r\n]/);
    expect(subject.length).toBeLessThanOrEqual(150);
  });

  test("fills a provider's own template in string values only, and each value once", () => {
    const letter = {
      to: "t@x.y",
      from: "f@x.y",
      subject: '", "admin": true, "x": "{html}',
      text: "{to}$&",
      html: "<b>",
    };
    const template = {
      "{to}": 1,
      personalizations: [{ to: [{ email: "{to}" }] }],
      subject: "Re: {subject}",
      text: "{text}",
    };
    expect(fillTemplate(template, letter)).toEqual({
      "{to}": 1,
      personalizations: [{ to: [{ email: "t@x.y" }] }],
      subject: 'Re: ", "admin": true, "x": "{html}',
      text: "{to}$&",
    });
  });

  test("is not sent to a person removed from gate.yaml", async () => {
    const intent = await held();
    const result = await notifyChannel(delivery("mail", intent, "held", { person: "zoe" }), outside());
    expect(result).toMatchObject({ kind: "failed", problem: "zoe is no longer in gate.yaml" });
  });
});

describe("an approval provider", () => {
  test("is asked as the contract specifies, signed, for one person and one digest", async () => {
    const intent = await held("crm.by-link");
    const world = outside(() => answered(200, "{}"));
    await notifyChannel(delivery("sms", intent, "held", { person: "ana" }), world);
    const [got] = world.got;
    expect(got?.body).toMatchObject({
      protocol: "a2h.v1",
      intent_id: intent,
      required_factors: [],
      callback_url: "https://gate.example.com/v1/approval-callbacks/sms",
      gateway_id: ports().settings.origin,
    });
    const interaction = readInteraction(ports(), got?.body.gate_approval_interaction_id);
    expect(interaction).toMatchObject({ provider: "sms", intent, person: "ana" });
    const [, at, signature] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(got?.headers["X-Gate-Signature"] ?? "") ?? [];
    const right = createHmac("sha256", SECRETS.SCENE_PROVIDER).update(`${at}.${got?.text}`).digest("hex");
    expect(signature).toBe(right);
  });

  test("is not asked where its vote would not count", async () => {
    const intent = await held("crm.held");
    const result = await notifyChannel(delivery("sms", intent, "held", { person: "ana" }), outside());
    expect(result.kind).toBe("failed");
  });

  test("needs a public URL for the answer", async () => {
    const intent = await held("crm.by-link");
    const result = await notifyChannel(delivery("sms", intent, "held", { person: "ana" }), outside(), {
      publicUrl: null,
    });
    expect(result).toMatchObject({ kind: "failed", problem: expect.stringContaining("GATE_PUBLIC_URL") });
  });
});

test("a credential without a value fails with a result instead of a throw", async () => {
  const intent = await held("crm.by-link");
  const result = await notifyChannel(delivery("voice", intent, "held", { person: "ana" }), outside());
  expect(result).toEqual({
    kind: "failed",
    status: null,
    problem: "the credential unset has no value (not_found)",
  });
});

test("a missing or unreadable intent fails with a result instead of a throw", async () => {
  const missing = await notifyChannel(delivery("hook", "int_nothing", "held"), outside());
  expect(missing.kind).toBe("failed");
  const intent = await held();
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  const broken = {
    ...outside(),
    sendOutgoing: () => {
      throw new Error("no network");
    },
  };
  expect((await notifyChannel(delivery("hook", intent, "held"), broken)).kind).toBe("retry");
});

test("INV-27: the shared link of several approvers is the case's own URL, so the first reader uses nothing up", async () => {
  const [one, two] = [await held("crm.held"), await held("crm.pair")];
  const links: string[] = [];
  for (const intent of [one, two]) {
    const world = outside();
    await notifyChannel(delivery("hook", intent, "held"), world);
    links.push(world.got[0]?.body.blocks.at(-1).elements[0].url);
  }
  expect(links[0]).toMatch(/^https:\/\/gate\.example\.com\/case\?link=alk_/);
  expect(links[1]).toBe(`https://gate.example.com/cases/${two}`);
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { temporaryFolder } from "../support/command.ts";
import { list, startGate, text, type Gate } from "../support/gate.ts";
import { startSlack, type Post, type Slack } from "../support/slack.ts";
import type { Principal } from "../support/client.ts";

/*
 * The built Worker against a stand-in for Slack over real connections. Tests wait for an outcome, never for a time; the
 * limits only end a test that hangs.
 */

const GIVE_UP_MS = 45_000;
const LOOK_AGAIN_MS = 50;

/** A lease whose holder died with the server ends after this. */
const LEASE_SECONDS = 10;

const ANA = { team: "T0HOME", user: "U0ANA" };
const BEN = { team: "T0HOME", user: "U0BEN" };

const POLICIES: Readonly<Record<string, string>> = {
  held: "require_approval: always",
  pair: "require_approval: always\napprovers: { require: 2 }",
};

let slack: Slack;
let gate: Gate;
let agent: Principal;
let ana: Principal;
let owned: Principal;
const folder = temporaryFolder();

beforeAll(async () => {
  slack = await startSlack();
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  for (const [id, rules] of Object.entries(POLICIES)) {
    writeFileSync(join(policies, `${id}.yaml`), `id: ${id}\ndestinations: [crm.${id}]\n${rules}\n`);
  }
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(
    registry,
    `people:
  ana: { name: Ana Diaz, email: ana@example.com, slack: T0HOME/U0ANA }
  ben: { name: Ben Okafor, email: ben@example.com, slack: T0HOME/U0BEN }
destinations:
  crm.held: { policies: [held] }
  crm.pair: { policies: [pair] }
${slack.registry}`,
  );
  gate = await startGate({
    args: ["--registry", registry, "--policy-dir", policies],
    env: { ...slack.env, GATE_DELIVERY_LEASE_SECONDS: String(LEASE_SECONDS) },
  });
  slack.gate = `http://127.0.0.1:${gate.port}`;
  agent = await gate.register("agent");
  owned = await gate.register("agent", { owner: "ana" });
  ana = await gate.register("reviewer", { person: "ana" });
});

afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  await slack[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

beforeEach(() => {
  slack.whispers.length = 0;
  slack.views.length = 0;
});

/** Looks until this does not throw any more. */
async function eventually<T>(look: () => T | Promise<T>, giveUpMs = GIVE_UP_MS): Promise<T> {
  const end = Date.now() + giveUpMs;
  for (;;) {
    try {
      return await look();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
  }
}

let rows = 0;

async function propose(destination = "crm.held", by = agent): Promise<string> {
  rows += 1;
  const answer = await gate.call("POST", "/v1/intents", by.key, {
    destination,
    policy: destination.replace("crm.", ""),
    action: `row-${rows}`,
    payload: JSON.stringify({ row: rows }),
    recordCount: 1,
  });
  if (answer.body["status"] !== "pending_approval") throw new Error(`not held: ${answer.text}`);
  return text(answer.body, "intentId");
}

/** The request about the intent that was proposed last, in the channel or, of many at once, as a reply. */
function postOf(row = rows): Post {
  const found = slack.posts.find((each) => each.text.includes(`row-${row}\``));
  if (found === undefined) throw new Error(`no message about row-${row}`);
  return found;
}

async function stateOf(intent: string): Promise<string> {
  return text((await gate.call("GET", `/v1/intents/${intent}`, gate.adminKey)).body, "state");
}

async function eventsOf(intent: string): Promise<readonly unknown[]> {
  const { body } = await gate.call("GET", `/v1/intents/${intent}/audit`, gate.adminKey);
  return list(body, "events").map(({ event_type: event }) => event);
}

const hasButtons = (post: Post) => post.text.includes("gate_approve");

test("a held intent is posted to Slack twice and approved by a button, and both messages are updated", async () => {
  const intent = await propose();
  const post = await eventually(() => postOf());
  await eventually(() => {
    expect(JSON.stringify(slack.hooked)).toContain(`row-${rows}\``);
  });
  expect(hasButtons(post)).toBe(true);
  expect(await slack.press(ANA, post, "gate_approve")).toMatchObject({
    status: 200,
    text: "",
    isInTime: true,
  });
  expect(await stateOf(intent)).toBe("approved");
  await eventually(() => expect(hasButtons(post)).toBe(false));
  expect(post.text).toContain("Approved by Ana Diaz");
});

test("an approval through the API removes the buttons in Slack", async () => {
  const intent = await propose();
  const post = await eventually(() => postOf());
  expect((await gate.call("POST", `/v1/intents/${intent}/approve`, ana.key, {})).status).toBe(200);
  await eventually(() => expect(hasButtons(post)).toBe(false));
  expect(post.text).toContain("Approved by Ana Diaz");
  expect(slack.requests).toContain("/api/chat.update");
});

test("INV-03: one person's votes in Slack and by API are one, and a second person's decides", async () => {
  const intent = await propose("crm.pair");
  const post = await eventually(() => postOf());
  await gate.call("POST", `/v1/intents/${intent}/approve`, ana.key, {});
  await slack.press(ANA, post, "gate_approve");
  expect(await stateOf(intent)).toBe("pending_approval");
  await slack.press(BEN, post, "gate_approve");
  expect(await stateOf(intent)).toBe("approved");
});

test("a rejection opens a dialog, needs a reason, and decides with it", async () => {
  const intent = await propose();
  const post = await eventually(() => postOf());
  expect((await slack.press(BEN, post, "gate_reject")).status).toBe(200);
  const [view] = slack.views;
  if (view === undefined) throw new Error("no form");
  const empty = await slack.submit(BEN, view, "   ");
  expect(JSON.parse(empty.text)).toMatchObject({ response_action: "errors" });
  expect(await stateOf(intent)).toBe("pending_approval");
  expect(await slack.submit(BEN, view, "not this week")).toMatchObject({ status: 200, text: "" });
  expect(await stateOf(intent)).toBe("rejected");
  await eventually(() => expect(hasButtons(post)).toBe(false));
});

const STRANGERS = [
  { name: "a user whom gate.yaml does not know", who: { team: "T0HOME", user: "U0EVE" } },
  { name: "a user of another workspace with the same id", who: { team: "T0EVIL", user: "U0ANA" } },
] as const;

test.each(STRANGERS)("INV-03: $name can't decide and is told so privately", async ({ who }) => {
  const intent = await propose();
  const post = await eventually(() => postOf());
  expect((await slack.press(who, post, "gate_approve")).status).toBe(200);
  await eventually(() => expect(slack.whispers.join()).toContain(`${who.team}/${who.user}`));
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("INV-03: the agent's owner can't decide in Slack", async () => {
  const intent = await propose("crm.held", owned);
  const post = await eventually(() => postOf());
  await slack.press(ANA, post, "gate_approve");
  await eventually(() =>
    expect(slack.whispers.join()).toContain("You cannot approve or reject an intent that you"),
  );
  expect(await stateOf(intent)).toBe("pending_approval");
});

test.each([
  { name: "that is slow to take answers", mood: { path: "/actions/", delayMs: 4_000, times: 2 } },
  { name: "that never answers", mood: { path: "/actions/", isSilent: true, times: 1 } },
  { name: "that fails", mood: { path: "/actions/", status: 500, times: 2 } },
])("a vote counts and is acknowledged within 3 s by a Slack $name", async ({ mood }) => {
  const intent = await propose();
  const post = await eventually(() => postOf());
  slack.feel(mood);
  expect(await slack.press(ANA, post, "gate_approve")).toMatchObject({ status: 200, isInTime: true });
  expect(await stateOf(intent)).toBe("approved");
  expect((await eventsOf(intent)).filter((event) => event === "approval_vote_recorded")).toHaveLength(1);
  // The update that follows the decision does not depend on the answer to the button.
  await eventually(() => expect(hasButtons(post)).toBe(false));
});

test.each([
  { name: "asks for a pause", mood: { status: 429, headers: { "Retry-After": "1" } } },
  { name: "fails", mood: { status: 500, body: "oops" } },
  { name: "says it is busy", mood: { status: 200, body: '{"ok":false,"error":"internal_error"}' } },
])("a message is posted once Slack accepts it, when at first Slack $name", async ({ mood }) => {
  slack.feel({ path: "/api/chat.postMessage", times: 1, ...mood });
  await propose();
  await eventually(() => postOf());
  expect(slack.posts.filter(({ text: posted }) => posted.includes(`row-${rows}\``))).toHaveLength(1);
});

test("a channel that is down delays and decides nothing, and the queue shows it", async () => {
  slack.feel({ path: "/services/", status: 404, body: "no_service", times: 1 });
  const intent = await propose();
  const post = await eventually(() => postOf());
  await eventually(async () => {
    const { body } = await gate.call("GET", "/v1/approvals", ana.key);
    const row = list(body, "approvals").find((each) => each["intentId"] === intent || each["id"] === intent);
    expect(JSON.stringify(row?.["undelivered"])).toContain("the webhook was disabled or removed in Slack");
    expect(JSON.stringify(row)).not.toContain("secretOfTheHook");
  });
  await slack.press(BEN, post, "gate_approve");
  expect(await stateOf(intent)).toBe("approved");
});

test.each([
  { name: "while Slack was being told", what: "both", mood: { isSilent: true } },
  { name: "between two attempts", what: "runtime", mood: { status: 500 } },
] as const)(
  "INV-30: an intent held when the power went $name is notified after the restart",
  async ({ what, mood }) => {
    const before = attempts();
    slack.feel({ path: "/api/chat.postMessage", times: 1, ...mood });
    const intent = await propose();
    await eventually(() => expect(attempts()).toBeGreaterThan(before));
    await gate.crash(what);
    await gate.start();
    const post = await eventually(() => postOf(), LEASE_SECONDS * 1_000 + GIVE_UP_MS);
    await slack.press(BEN, post, "gate_approve");
    expect(await stateOf(intent)).toBe("approved");
    await eventually(() => expect(hasButtons(post)).toBe(false));
  },
  LEASE_SECONDS * 1_000 + 2 * GIVE_UP_MS,
);

function attempts(): number {
  return slack.requests.filter((path) => path === "/api/chat.postMessage").length;
}

test("many at once: one message holds those after the fifth, each with buttons that count", async () => {
  const first = rows + 1;
  const intents = await Promise.all(Array.from({ length: 9 }, () => propose()));
  const posts = await eventually(() => intents.map((_, n) => postOf(first + n)));
  const replies = posts.filter(({ thread }) => thread !== null);
  expect(replies.length).toBeGreaterThanOrEqual(4);
  const heads = slack.posts.filter(({ ts }) => replies.some(({ thread }) => thread === ts));
  expect(heads.every(({ text: message }) => message.includes("Many requests at once"))).toBe(true);
  // Two deliveries at a time: both may find nothing that holds the rest yet.
  expect(heads.length).toBeLessThanOrEqual(2);
  const reply = replies.at(-1);
  if (reply === undefined) throw new Error("no reply");
  await slack.press(BEN, reply, "gate_approve");
  await eventually(async () => {
    const states = await Promise.all(intents.map(stateOf));
    expect(states.filter((state) => state === "approved")).toHaveLength(1);
  });
  await eventually(() => expect(reply.text).toContain("Approved"));
});

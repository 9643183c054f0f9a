import { createHmac } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { slackReference } from "../../../src/app/notifications/channels/slack-reference.ts";
import { isFromSlack } from "../../../src/http/callbacks/slack-request.ts";
import { ANA, BEN, held, ports, SECRETS, setScene } from "../../support/worker/channels.ts";
import {
  admin,
  proposal,
  call,
  eventsOf,
  MINUTE_MS,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import type { Principal } from "../../support/client.ts";

/** From Slack's documentation, "Verifying requests from Slack". */
const PUBLISHED = {
  secret: "8f742231b10e8888abcd99yyyzzz85a5",
  timestamp: "1531420618",
  body:
    "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V" +
    "&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=" +
    "&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN" +
    "&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c",
  signature: "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503",
} as const;

const PUBLISHED_MS = Number(PUBLISHED.timestamp) * 1000;

function published(change: Partial<Record<keyof typeof PUBLISHED, string>> & { now?: number }): boolean {
  const { secret, timestamp, body, signature, now = PUBLISHED_MS } = { ...PUBLISHED, ...change };
  return isFromSlack(secret, { timestamp, signature }, new TextEncoder().encode(body), now);
}

test("INV-30: Slack's published example of a signature is valid for five minutes either way", () => {
  expect(published({})).toBe(true);
  expect(published({ now: PUBLISHED_MS + 300_000 })).toBe(true);
  expect(published({ now: PUBLISHED_MS - 300_000 })).toBe(true);
});

test.each([
  { name: "another secret", change: { secret: "8f742231b10e8888abcd99yyyzzz85a6" } },
  { name: "another body", change: { body: `${PUBLISHED.body}&` } },
  { name: "another order of fields", change: { body: PUBLISHED.body.split("&").toReversed().join("&") } },
  { name: "another time", change: { timestamp: "1531420619" } },
  { name: "a time with a sign", change: { timestamp: "+1531420618" } },
  { name: "a time in milliseconds", change: { timestamp: "1531420618000" } },
  { name: "no time", change: { timestamp: "" } },
  { name: "capitals", change: { signature: PUBLISHED.signature.toUpperCase() } },
  { name: "no version", change: { signature: PUBLISHED.signature.slice(3) } },
  { name: "another version", change: { signature: PUBLISHED.signature.replace("v0", "v1") } },
  { name: "half a signature", change: { signature: PUBLISHED.signature.slice(0, 35) } },
  { name: "two signatures", change: { signature: `${PUBLISHED.signature},${PUBLISHED.signature}` } },
  { name: "too late", change: { now: PUBLISHED_MS + 300_001 } },
  { name: "too early", change: { now: PUBLISHED_MS - 300_001 } },
])("INV-30: a request with $name is refused", ({ change }) => {
  expect(published(change)).toBe(false);
});

/** A request that the Worker sent to Slack. */
interface Posted {
  readonly url: string;
  // Tests look at what went over the wire, whatever it was.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

let posted: Posted[];
/** Slack's response. */
let slackResponse: () => Response | Promise<Response>;

beforeAll(setScene);

beforeEach(() => {
  posted = [];
  slackResponse = () => Response.json({ ok: true });
  vi.spyOn(globalThis, "fetch").mockImplementation(async (url, init) => {
    posted.push({ url: String(url), body: JSON.parse(String(init?.body)) });
    return slackResponse();
  });
});

type User = Readonly<{ team: string; user: string; home?: string; name?: string }>;

const RESPONSE_URL = "https://hooks.slack.com/actions/T0HOME/123/abc";

interface Sending {
  readonly secret?: string;
  readonly at?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a form as Slack does. */
function deliver(
  payload: unknown,
  { secret = SECRETS.SCENE_SIGNING, at = Date.now(), headers = {} }: Sending = {},
) {
  const text =
    typeof payload === "string" ? payload : `payload=${encodeURIComponent(JSON.stringify(payload))}`;
  const timestamp = String(Math.floor(at / 1000));
  const signature = createHmac("sha256", secret).update(`v0:${timestamp}:${text}`).digest("hex");
  return send("/slack/interactions", {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Slack-Request-Timestamp": timestamp,
      "X-Slack-Signature": `v0=${signature}`,
      ...headers,
    },
    body: text,
  });
}

function person({ team, user, home = team, name = "somebody" }: User) {
  return { user: { id: user, username: name, name, team_id: home }, team: { id: team, domain: "home" } };
}

async function referenceOf(intent: string, channel = "app"): Promise<string> {
  const { body } = await call("GET", `/v1/intents/${intent}`, admin);
  return slackReference(ports(), { channel, intent, digest: body.intent_digest });
}

function button(action: "gate_approve" | "gate_reject" | "gate_open", who: User, value?: string, more = {}) {
  return {
    type: "block_actions",
    ...person(who),
    api_app_id: "A0APP",
    container: { type: "message", message_ts: "1.2", channel_id: "C0APPROVALS" },
    trigger_id: "13345224609.738474920.8088930838d88f008e0",
    response_url: RESPONSE_URL,
    actions: [{ type: "button", action_id: action, block_id: "x", ...(value !== undefined && { value }) }],
    ...more,
  };
}

async function press(
  action: "gate_approve" | "gate_reject",
  who: User,
  intent: string,
  sending: Sending = {},
) {
  return deliver(button(action, who, await referenceOf(intent)), sending);
}

async function submit(who: User, intent: string, reason: string | null, sending: Sending = {}) {
  const reference = await referenceOf(intent);
  return deliver(
    {
      type: "view_submission",
      ...person(who),
      view: {
        callback_id: "gate_reject",
        private_metadata: JSON.stringify({ reference, responseUrl: RESPONSE_URL }),
        state: { values: { reason: { text: { type: "plain_text_input", value: reason } } } },
      },
    },
    sending,
  );
}

/** Ephemeral messages to the person who pressed. */
const whispered = () =>
  posted.filter(({ body }) => body.response_type === "ephemeral").map(({ body }) => String(body.text));

describe("INV-30: a request without a fresh signature of Slack's is refused before it is parsed", () => {
  test.each([
    { name: "another app's secret", sending: { secret: "not-the-secret" } },
    { name: "an hour ago", sending: { at: Date.now() - 60 * MINUTE_MS } },
    { name: "in an hour", sending: { at: Date.now() + 60 * MINUTE_MS } },
    { name: "an empty signature", sending: { headers: { "X-Slack-Signature": "" } } },
    { name: "an empty time", sending: { headers: { "X-Slack-Request-Timestamp": "" } } },
  ])("$name", async ({ sending }) => {
    const intent = await held();
    const answer = await press("gate_approve", ANA, intent, sending);
    expect(answer.status).toBe(401);
    expect(answer.body.code).toBe("invalid_signature");
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(posted).toEqual([]);
  });

  test("the signature covers the bytes, not their meaning", async () => {
    const intent = await held();
    const form = `payload=${encodeURIComponent(JSON.stringify(button("gate_approve", ANA, await referenceOf(intent))))}`;
    const timestamp = String(Math.floor(Date.now() / 1000));
    const signature = createHmac("sha256", SECRETS.SCENE_SIGNING)
      .update(`v0:${timestamp}:${form}`)
      .digest("hex");
    const headers = { "X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": `v0=${signature}` };
    const same = form.replaceAll("%22", '"');
    expect((await send("/slack/interactions", { method: "POST", headers, body: same })).status).toBe(401);
    expect((await send("/slack/interactions", { method: "POST", headers, body: form })).status).toBe(200);
  });
});

describe("a person of gate.yaml in Slack", () => {
  test("approves by a button, at assurance slack", async () => {
    const intent = await held();
    expect(await press("gate_approve", ANA, intent)).toMatchObject({ status: 200, text: "" });
    expect(await stateOf(intent)).toBe("approved");
    const { body } = await call("GET", `/v1/intents/${intent}/audit`, admin);
    expect(JSON.stringify(body)).toContain('"assurance":"slack"');
    const [update] = posted;
    expect(update?.url).toBe(RESPONSE_URL);
    expect(update?.body.replace_original).toBe(true);
    expect(JSON.stringify(update?.body)).toContain("Approved by Ana Diaz");
    expect(JSON.stringify(update?.body)).not.toContain("gate_approve");
  });

  test("is asked for a reason and rejects with it", async () => {
    const intent = await held();
    expect((await press("gate_reject", ANA, intent)).status).toBe(200);
    const [opened] = posted;
    expect(opened?.url).toBe("https://slack.com/api/views.open");
    // "Reviewers' comments reach the agent, and the page does not say so."
    expect(JSON.stringify(opened)).toContain("The agent and everybody who may see the case will read it.");
    expect(opened?.body).toMatchObject({
      trigger_id: "13345224609.738474920.8088930838d88f008e0",
      view: { type: "modal", callback_id: "gate_reject" },
    });
    expect(await stateOf(intent)).toBe("pending_approval");
    const metadata = opened?.body.view.private_metadata;
    expect(JSON.parse(metadata)).toEqual({ reference: await referenceOf(intent), responseUrl: RESPONSE_URL });

    expect((await submit(ANA, intent, "not this one")).text).toBe("");
    expect(await stateOf(intent)).toBe("rejected");
  });

  test.each([null, "", "  \n\t "])("can't reject without a reason: %j", async (reason) => {
    const intent = await held();
    const answer = await submit(ANA, intent, reason);
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ response_action: "errors", errors: { reason: expect.any(String) } });
    expect(await stateOf(intent)).toBe("pending_approval");
  });

  test("changes nothing by a second click, nor does Slack's repeated delivery", async () => {
    const intent = await held("crm.pair");
    for (const headers of [{}, {}, { "X-Slack-Retry-Num": "1", "X-Slack-Retry-Reason": "http_timeout" }]) {
      expect((await press("gate_approve", ANA, intent, { headers })).status).toBe(200);
    }
    expect(await stateOf(intent)).toBe("pending_approval");
    const votes = (await eventsOf(intent)).filter((event) => event === "approval_vote_recorded");
    expect(votes).toHaveLength(1);
    expect(whispered()).toEqual([]);
  });

  test("gets no error when Slack delivers their rejection again", async () => {
    const intent = await held();
    await submit(ANA, intent, "no");
    const again = await submit(ANA, intent, "no", { headers: { "X-Slack-Retry-Num": "1" } });
    expect(again.text).toBe("");
    expect((await eventsOf(intent)).filter((event) => event === "rejected")).toHaveLength(1);
  });

  test("sees how many more votes are needed, with the buttons still there", async () => {
    const intent = await held("crm.pair");
    await press("gate_approve", ANA, intent);
    const text = JSON.stringify(posted[0]?.body);
    expect(text).toContain("Approved by Ana Diaz: 1 of 2");
    expect(text).toContain("gate_approve");
    await press("gate_approve", BEN, intent);
    expect(await stateOf(intent)).toBe("approved");
  });

  test("votes once when clicking in parallel with others", async () => {
    const intent = await held();
    const answers = await Promise.all(
      [ANA, BEN, ANA, BEN, ANA].map((who) => press("gate_approve", who, intent)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await eventsOf(intent)).filter((event) => event === "approved")).toHaveLength(1);
  });
});

describe("INV-03: quorum and exclusions count persons, whatever they sign in by", () => {
  test("a vote in Slack and one through the API are one vote of the same person", async () => {
    const ana = await register("reviewer", { person: "ana" });
    const intent = await held("crm.pair");
    expect((await call("POST", `/v1/intents/${intent}/approve`, ana.key, {})).status).toBe(200);
    await press("gate_approve", ANA, intent);
    expect(await stateOf(intent)).toBe("pending_approval");
    await press("gate_approve", BEN, intent);
    expect(await stateOf(intent)).toBe("approved");
  });

  test("the owner can't approve in Slack", async () => {
    const agent = await register("agent", { owner: "ana" });
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    expect((await press("gate_approve", ANA, intent)).status).toBe(200);
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(whispered()).toEqual([
      "You cannot approve or reject an intent that you or an agent you own proposed.",
    ]);
  });

  test("another Slack user with an approver's display name is unknown", async () => {
    const intent = await held();
    await press("gate_approve", { ...ANA, user: "U0EVE", name: "Ana Diaz" }, intent);
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(whispered()[0]).toContain("T0HOME/U0EVE");
  });

  test.each([
    { name: "a user of another workspace with the same id", who: { team: "T0EVIL", user: ANA.user } },
    { name: "a guest from another workspace in a shared channel", who: { ...ANA, home: "T0EVIL" } },
  ])("a click by $name is refused as unknown", async ({ who }) => {
    const intent = await held();
    await press("gate_approve", who, intent);
    await submit(who, intent, "no");
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(whispered()[0]).toContain("T0EVIL");
  });
});

const REFUSED = [
  { name: "the policy names others", destination: "crm.by-ana", who: BEN, words: "other people or groups" },
  { name: "Slack is too weak", destination: "crm.touch", who: ANA, words: "passkey or stronger" },
] as const;

test.each(REFUSED)(
  "the result of a click is shown to that user only: $name",
  async ({ destination, who, words }) => {
    const intent = await held(destination);
    expect((await press("gate_approve", who, intent)).status).toBe(200);
    expect(whispered().join()).toContain(words);
    // No form is opened for what would be refused anyway.
    expect((await press("gate_reject", who, intent)).status).toBe(200);
    expect(posted.filter(({ url }) => url.endsWith("views.open"))).toEqual([]);
    expect((await submit(who, intent, "no")).body.errors.reason).toContain(words);
    expect(await stateOf(intent)).toBe("pending_approval");
  },
);

test("a click after another's decision shows who decided and removes the buttons", async () => {
  const intent = await held();
  await submit(BEN, intent, "no");
  posted = [];
  await press("gate_approve", ANA, intent);
  expect(whispered()).toEqual(["This case is already decided. Rejected by Ben Okafor."]);
  const update = posted.find(({ body }) => body.replace_original === true);
  expect(JSON.stringify(update?.body)).toContain("Rejected by Ben Okafor");
  expect(await stateOf(intent)).toBe("rejected");
});

test("INV-05: a kill switch stops approvals in Slack", async () => {
  const intent = await held();
  const body = { scope: "destination", target: "crm.held", reason: "incident" };
  const thrown = await call("POST", "/v1/switches", admin, body);
  expect(thrown.status).toBeLessThan(300);
  await press("gate_approve", ANA, intent);
  expect(await stateOf(intent)).toBe("pending_approval");
  expect(whispered().join()).toContain("kill switch");
  await call("POST", "/v1/switches/lift", admin, { scope: "destination", target: "crm.held" });
});

test("INV-05: a suspended person can't decide in Slack", async () => {
  const first = await held();
  await press("gate_approve", BEN, first);
  const { body } = await call("GET", "/v1/agents?limit=200", admin);
  const account = body.agents.find(
    (each: { name: string; person: string }) => each.person === "ben" && each.name.includes("Slack"),
  );
  expect((await call("POST", `/v1/agents/${account.agent_id}/suspend`, admin)).status).toBe(200);
  const intent = await held();
  await press("gate_approve", BEN, intent);
  expect(await stateOf(intent)).toBe("pending_approval");
  expect(whispered().join()).toContain("suspended");
  expect((await call("POST", `/v1/agents/${account.agent_id}/reactivate`, admin)).status).toBe(200);
});

describe("a button value that Gate did not create decides nothing", () => {
  let intent: string;
  let reference: string;
  beforeEach(async () => {
    intent = await held();
    reference = await referenceOf(intent);
  });

  const forge = [
    { name: "the bare intent", of: () => intent },
    {
      name: "a changed signature",
      of: () => `${reference.slice(0, -2)}${reference.endsWith("AA") ? "Ag" : "AA"}`,
    },
    { name: "no signature", of: () => reference.split(".")[0] ?? "" },
    { name: "another app's button", of: () => referenceOf(intent, "other-app") },
    { name: "a channel that is gone", of: () => referenceOf(intent, "gone") },
    { name: "what signs approval links", of: () => `alk_${reference}` },
    { name: "nothing", of: () => "" },
  ];
  test.each(forge)("made up: $name", async ({ of }) => {
    expect((await deliver(button("gate_approve", ANA, await of()))).status).toBe(200);
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(posted).toEqual([]);
  });

  test("with another digest than the intent's", async () => {
    const value = slackReference(ports(), { channel: "app", intent, digest: "0".repeat(64) });
    await deliver(button("gate_approve", ANA, value));
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(whispered().join()).toContain("another digest than the intent");
  });

  test("for an unknown intent", async () => {
    const value = slackReference(ports(), { channel: "app", intent: "int_none", digest: "0".repeat(64) });
    expect((await deliver(button("gate_approve", ANA, value))).status).toBe(200);
    expect(whispered()).toEqual(["This case no longer exists."]);
  });
});

const BODIES = [
  { name: "nothing", body: "" },
  { name: "no payload", body: "a=b" },
  { name: "an empty payload", body: "payload=" },
  { name: "two payloads", body: "payload=%7B%7D&payload=%7B%7D" },
  { name: "broken JSON", body: "payload=%7B" },
  { name: "a list", body: "payload=%5B%5D" },
  { name: "a text", body: "payload=%22x%22" },
  {
    name: "buttons without a user",
    body: `payload=${encodeURIComponent('{"type":"block_actions","actions":[]}')}`,
  },
  { name: "a form without its view", body: `payload=${encodeURIComponent('{"type":"view_submission"}')}` },
  { name: "deep nesting", body: `payload=${"[".repeat(20_000)}` },
] as const;

test.each(BODIES)("INV-25: a signed body with $name is 400", async ({ body }) => {
  expect((await deliver(body)).status).toBe(400);
});

test("INV-26: a body over the limit is 413 before it is read", async () => {
  expect((await deliver(`payload=${"x".repeat(300 * 1024)}`)).status).toBe(413);
});

test.each([
  { name: "a link that was followed", payload: button("gate_open", ANA) },
  { name: "an action of another kind", payload: { type: "message_action", ...person(ANA) } },
  {
    name: "a form that is not Gate's",
    payload: {
      type: "view_submission",
      ...person(ANA),
      view: { callback_id: "other", private_metadata: "", state: { values: {} } },
    },
  },
  { name: "a closed form", payload: { type: "view_closed" } },
])("$name is acknowledged with 200", async ({ payload }) => {
  expect(await deliver(payload)).toMatchObject({ status: 200, text: "" });
  expect(posted).toEqual([]);
});

test.each([
  "https://evil.example/actions",
  "https://hooks.slack.com.evil.example/x",
  "https://evil.example/hooks.slack.com",
  "http://hooks.slack.com/x",
  "https://hooks.slack.com:8443/x",
  "https://user:pass@hooks.slack.com/x",
  "https://slack.com/api/chat.delete",
  "http://169.254.169.254/latest",
  "file:///etc/passwd",
  "nonsense",
])("INV-22: a reply goes to Slack's own host, not to %s", async (url) => {
  const intent = await held();
  const payload = button("gate_approve", ANA, await referenceOf(intent), { response_url: url });
  expect((await deliver(payload)).status).toBe(200);
  expect(await stateOf(intent)).toBe("approved");
  expect(posted).toEqual([]);
});

test("a vote counts while Slack is down, and nothing is thrown", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  slackResponse = () => Promise.reject(new TypeError("network"));
  const intent = await held();
  expect((await press("gate_approve", ANA, intent)).status).toBe(200);
  expect(await stateOf(intent)).toBe("approved");
});

test("a dialog that Slack does not open is replaced by the link to the case", async () => {
  vi.spyOn(console, "error").mockImplementation(() => undefined);
  slackResponse = () => Response.json({ ok: false, error: "expired_trigger_id" });
  const intent = await held();
  await press("gate_reject", ANA, intent);
  expect(whispered()).toEqual(["Slack did not open the form. Open the case to reject it there."]);
});

let key: Principal | undefined;

test("only POST is accepted", async () => {
  key ??= await register("agent");
  const answer = await call("GET", "/slack/interactions", key.key);
  expect(answer.status).toBe(404);
});

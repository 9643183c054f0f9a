import { Client as HubSpot } from "@hubspot/api-client";
import { Octokit } from "@octokit/rest";
import sendgrid from "@sendgrid/client";
import { LogLevel, WebClient } from "@slack/web-api";
import { Stripe } from "stripe";
import twilio from "twilio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  SALESFORCE_TOKEN,
  SECRETS,
  startRecordingScene,
  type Recorded,
  type RecordingScene,
  type Reply,
} from "../support/recording-scene.ts";

/*
 * Providers' published SDKs against the shipped ready-made entries: the same calls leave the same requests at the
 * upstream with and without Gate, but for the credential and what X-Gate-Dropped-Headers names.
 */

let scene: RecordingScene;
beforeAll(async () => {
  scene = await startRecordingScene(answer);
});
afterAll(() => scene[Symbol.asyncDispose]());

const ISSUES = "/github/repos/acme/app/issues";

/** Answers of the providers, as far as their SDKs look at them. */
function answer({ method, target, headers, body }: Recorded, origin: string): Reply {
  const [path = "", query = ""] = target.split("?");
  if (path === ISSUES && method === "GET") {
    const page = new URLSearchParams(query).get("page") ?? "1";
    if (headers["if-none-match"] === '"issues"') return { status: 304, body: "" };
    const link = `<${origin}/github/repositories/1/issues?page=2>; rel="next"`;
    return { headers: { etag: '"issues"', ...(page === "1" && { link }) }, body: [{ number: 1, page }] };
  }
  if (path === "/github/repositories/1/issues") return { body: [{ number: 2, page: "2" }] };
  if (path === ISSUES) {
    const location = `${origin}/github/repos/acme/app/issues/3`;
    return { status: 201, headers: { location }, body: { number: 3 } };
  }
  if (path.startsWith("/stripe/")) {
    return { headers: { "request-id": "req_1" }, body: { id: "x_1", object: "x" } };
  }
  if (path.startsWith("/slack/")) return { body: { ok: true, user: { id: "U1" } } };
  if (path.startsWith("/twilio/")) {
    return method === "GET"
      ? { body: { messages: [{ sid: "SM1" }], page: 0, page_size: 50, next_page_uri: null, uri: target } }
      : { status: 201, body: { sid: "SM1", to: new URLSearchParams(body).get("To") } };
  }
  if (path.startsWith("/hubspot/")) {
    return {
      status: method === "POST" && !path.endsWith("/search") ? 201 : 200,
      body: { id: "1", results: [], total: 0, properties: {}, archived: false },
    };
  }
  if (path.endsWith("/mail/send")) return { status: 202, headers: { "x-message-id": "m1" }, body: "" };
  return { body: { id: "1", success: true } };
}

/** Dropped of every request: the response has to be uncompressed to be masked. */
const CODING = ["accept-encoding"];
/** Of SDKs that send by Node's `fetch`, the header of a browser that it adds. */
const BY_FETCH = [...CODING, "sec-fetch-mode"];

/** A call of an SDK by the base of its API and the key it is given. */
type Call = (base: string, key: string) => Promise<unknown>;

/** Not compared: the connection's own, and the length, which follows from the body. */
const OF_THE_CONNECTION = ["host", "connection", "keep-alive", "content-length", "transfer-encoding"];

/** Set by the platform: it names the Worker that sends. */
const BY_PLATFORM = ["cf-worker"];

/** Cloudflare's cache is keyed by URL, so Gate asks it not to keep what one agent reads. */
const ADDED_TO_READS = ["cache-control", "pragma"];

function compared({ method, target, headers, body }: Recorded, ignored: ReadonlySet<string>): unknown {
  const isIgnored = (name: string) =>
    OF_THE_CONNECTION.includes(name) ||
    BY_PLATFORM.includes(name) ||
    ignored.has(name) ||
    (method === "GET" && ADDED_TO_READS.includes(name));
  const shown = Object.entries(headers).filter(([name]) => !isIgnored(name));
  return { method, target, headers: Object.fromEntries(shown.toSorted()), body };
}

/** Makes the call with and without Gate and compares what arrived. */
async function expectSame(
  {
    name,
    prefix,
    credential,
  }: { readonly name: string; readonly prefix: string; readonly credential: string },
  call: Call,
  dropped: readonly string[],
): Promise<void> {
  scene.taken();
  const direct = await call(scene.direct(name), "direct-key-0123456789");
  const without = scene.taken();
  const governed = await call(scene.throughGate(prefix), scene.agent.key);
  const withGate = scene.taken();
  expect([...withGate.dropped].toSorted()).toEqual(dropped.toSorted());
  const ignored = new Set(["authorization", ...withGate.dropped]);
  expect(without.requests.length).toBeGreaterThan(0);
  expect(withGate.requests.map((request) => compared(request, ignored))).toEqual(
    without.requests.map((request) => compared(request, ignored)),
  );
  expect(governed).toEqual(direct);
  for (const { headers } of withGate.requests) {
    expect(headers["authorization"]).toBe(credential);
    expect(JSON.stringify(headers)).not.toContain("gate_sk_");
  }
}

describe("the @octokit/rest library", () => {
  const GITHUB = { name: "github", prefix: "/github", credential: `Bearer ${SECRETS.GITHUB_TOKEN}` };
  const client = (base: string, key: string) => new Octokit({ auth: key, baseUrl: base });
  const repo = { owner: "acme", repo: "app" };

  test("reads all pages, each through Gate", async () => {
    await expectSame(
      GITHUB,
      (base, key) => client(base, key).paginate("GET /repos/{owner}/{repo}/issues", repo),
      BY_FETCH,
    );
  });

  test("opens an issue", async () => {
    const create: Call = async (base, key) => {
      const { data, headers } = await client(base, key).rest.issues.create({ ...repo, title: "It broke" });
      expect(new URL(String(headers.location), base).href).toBe(`${base}/repos/acme/app/issues/3`);
      return data;
    };
    await expectSame(GITHUB, create, BY_FETCH);
  });

  test("reads conditionally by the ETag that it was given", async () => {
    const call: Call = async (base, key) => {
      const { request } = client(base, key);
      const { headers } = await request("GET /repos/{owner}/{repo}/issues", repo);
      const again = request("GET /repos/{owner}/{repo}/issues", {
        ...repo,
        headers: { "if-none-match": headers.etag },
      });
      return (await again.catch((error: unknown) => error as { status: number })).status;
    };
    await expectSame(GITHUB, call, BY_FETCH);
  });

  test("prints a refusal's sentence", async () => {
    const refused = client(
      scene.throughGate("/github"),
      "gate_sk_unknown_unknown_unknown",
    ).rest.users.getAuthenticated();
    await expect(refused).rejects.toMatchObject({ status: 401, message: expect.stringContaining("key") });
    scene.taken();
  });
});

describe("the stripe library", () => {
  const STRIPE = { name: "stripe", prefix: "/stripe", credential: `Bearer ${SECRETS.STRIPE_API_KEY}` };
  const TELEMETRY = [...BY_FETCH, "x-stripe-client-user-agent"];
  const plain = (object: object): unknown => JSON.parse(JSON.stringify(object));

  /** The library knows no path before `/v1`, but takes a `fetch` of its own. */
  function client(base: string, key: string): Stripe {
    const elsewhere = (url: string | URL | Request, init?: RequestInit) => {
      const { pathname, search } = new URL(String(url));
      return fetch(`${base}${pathname}${search}`, init);
    };
    return new Stripe(key, {
      httpClient: Stripe.createFetchHttpClient(elsewhere as typeof fetch),
      maxNetworkRetries: 0,
      telemetry: false,
    });
  }

  test("reads of a connected account", async () => {
    await expectSame(
      STRIPE,
      async (base, key) =>
        plain(await client(base, key).charges.retrieve("ch_1", {}, { stripeAccount: "acct_1" })),
      TELEMETRY,
    );
  });

  test("refunds, with Gate's idempotency key in place of its own", async () => {
    const refund: Call = async (base, key) =>
      plain(
        await client(base, key).refunds.create(
          { charge: "ch_1", amount: 900 },
          { idempotencyKey: "refund-1" },
        ),
      );
    await expectSame(STRIPE, refund, [...TELEMETRY, "idempotency-key"]);
  });

  test("INV-09: a refund on a connected account is held, because the entry doesn't list its header", async () => {
    const by = client(scene.throughGate("/stripe"), scene.agent.key);
    const held = await by.refunds.create({ charge: "ch_2", amount: 900 }, { stripeAccount: "acct_1" });
    expect(held.lastResponse.statusCode).toBe(202);
    expect(scene.taken().requests).toEqual([]);
  });

  test("prints a refusal's sentence", async () => {
    const refused = client(scene.throughGate("/stripe"), "gate_sk_unknown_unknown_unknown").charges.retrieve(
      "ch_1",
    );
    await expect(refused).rejects.toMatchObject({ statusCode: 401, message: expect.stringContaining("key") });
  });
});

describe("the @slack/web-api library", () => {
  const SLACK = { name: "slack", prefix: "/slack-api", credential: `Bearer ${SECRETS.SLACK_BOT_TOKEN}` };
  const client = (base: string, key: string) =>
    new WebClient(key, { slackApiUrl: `${base}/`, retryConfig: { retries: 0 }, logLevel: LogLevel.ERROR });

  test("reads a user by a listed POST", async () => {
    const read: Call = async (base, key) => (await client(base, key).users.info({ user: "U1" })).user;
    await expectSame(SLACK, read, BY_FETCH);
  });

  test("posts a message", async () => {
    const post: Call = async (base, key) => {
      const { chat } = client(base, key);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Slack's, not a window's.
      return (await chat.postMessage({ channel: "C1", text: "hello" })).ok;
    };
    await expectSame(SLACK, post, BY_FETCH);
  });
});

describe("the @sendgrid/client library", () => {
  const SENDGRID = {
    name: "sendgrid",
    prefix: "/sendgrid",
    credential: `Bearer ${SECRETS.SENDGRID_API_KEY}`,
  };

  // Its types leave out the class.
  const { Client: SendGrid } = sendgrid as unknown as { readonly Client: new () => typeof sendgrid };

  function client(base: string, key: string, subuser?: string): typeof sendgrid {
    const made = new SendGrid();
    // `setApiKey` warns about every key that is none of SendGrid's.
    made.setDefaultHeader("Authorization", `Bearer ${key}`);
    if (subuser !== undefined) made.setDefaultHeader("On-Behalf-Of", subuser);
    made.setDefaultRequest("baseUrl", `${base}/`);
    return made;
  }

  const mail = {
    personalizations: [{ to: [{ email: "ana@example.com" }] }],
    from: { email: "gate@example.com" },
    subject: "Hello",
    content: [{ type: "text/plain", value: "Hello" }],
  };

  test("reads for a subuser", async () => {
    const read: Call = async (base, key) =>
      (await client(base, key, "sub-1").request({ method: "GET", url: "/v3/templates" }))[1];
    await expectSame(SENDGRID, read, CODING);
  });

  test("sends a mail", async () => {
    const send: Call = async (base, key) =>
      (await client(base, key).request({ method: "POST", url: "/v3/mail/send", body: mail }))[0].statusCode;
    await expectSame(SENDGRID, send, CODING);
  });

  test("INV-09: a mail for a subuser is held with On-Behalf-Of, and sent with it once approved", async () => {
    const by = client(scene.throughGate("/sendgrid"), scene.agent.key, "sub-1");
    const [held] = await by.request({ method: "POST", url: "/v3/mail/send", body: mail });
    expect([held.statusCode, scene.taken().requests]).toEqual([202, []]);
    const { intentId } = held.body as unknown as { readonly intentId: string };
    const reviewer = await scene.gate.register("reviewer");
    await scene.gate.call("POST", `/v1/intents/${intentId}/approve`, reviewer.key, {});
    const sent: Recorded[] = [];
    await expect.poll(() => sent.push(...scene.taken().requests)).toBe(1);
    expect(sent[0]?.headers["on-behalf-of"]).toBe("sub-1");
  });
});

describe("the @hubspot/api-client library", () => {
  const HUBSPOT = { name: "hubspot", prefix: "/hubspot", credential: `Bearer ${SECRETS.HUBSPOT_TOKEN}` };
  const contacts = (base: string, key: string) =>
    new HubSpot({ accessToken: key, basePath: base }).crm.contacts;

  test("reads a page, and searches by a listed POST", async () => {
    const read: Call = async (base, key) => [
      (await contacts(base, key).basicApi.getPage(5)).results.length,
      (
        await contacts(base, key).searchApi.doSearch({
          query: "ana",
          limit: 5,
          properties: ["email"],
        } as never)
      ).total,
    ];
    await expectSame(HUBSPOT, read, CODING);
  });

  test("creates a contact", async () => {
    const create: Call = async (base, key) =>
      (
        await contacts(base, key).basicApi.create({
          properties: { email: "ana@example.com" },
          associations: [],
        })
      ).id;
    await expectSame(HUBSPOT, create, CODING);
  });
});

describe("the twilio library", () => {
  const ACCOUNT = `AC${"0".repeat(32)}`;
  const pair = Buffer.from(`SK${"0".repeat(32)}:${SECRETS.TWILIO_API_SECRET}`).toString("base64");
  const TWILIO = { name: "twilio", prefix: "/twilio", credential: `Basic ${pair}` };

  /** The library knows its own hosts only, and takes a client of its own. */
  function client(base: string, key: string) {
    const http = new twilio.RequestClient();
    const elsewhere = {
      request: (options: { uri: string }) =>
        http.request({ ...options, uri: options.uri.replace("https://api.twilio.com", base) } as never),
    };
    return twilio(ACCOUNT, key, { httpClient: elsewhere as never });
  }

  test("lists messages", async () => {
    await expectSame(
      TWILIO,
      async (base, key) => (await client(base, key).messages.list({ limit: 5 })).map(({ sid }) => sid),
      CODING,
    );
  });

  test("sends a message", async () => {
    const message = { to: "+15005550006", from: "+15005550001", body: "hello" };
    await expectSame(
      TWILIO,
      async (base, key) => (await client(base, key).messages.create(message)).sid,
      CODING,
    );
  });
});

describe("Salesforce's REST API by fetch", () => {
  const SALESFORCE = {
    name: "salesforce",
    prefix: "/sfdc",
    credential: `Bearer ${SALESFORCE_TOKEN}`,
  };
  const headersOf = (key: string) => ({
    Authorization: `OAuth ${key}`,
    "Sforce-Call-Options": "client=agent",
  });

  test("queries and creates a lead with the headers that the entry lists", async () => {
    const call: Call = async (base, key) => {
      const data = `${base}/services/data/v66.0`;
      const queried = await fetch(`${data}/query?q=SELECT+Id+FROM+Lead`, { headers: headersOf(key) });
      const created = await fetch(`${data}/sobjects/Lead`, {
        method: "POST",
        headers: {
          ...headersOf(key),
          "Content-Type": "application/json",
          "Sforce-Duplicate-Rule-Header": "allowSave=true",
        },
        body: JSON.stringify({ LastName: "Diaz" }),
      });
      return [await queried.json(), await created.json()];
    };
    await expectSame(SALESFORCE, call, BY_FETCH);
  });
});

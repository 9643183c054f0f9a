import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * Slack's part, as its documentation describes it: the Web API with errors inside a 200, an incoming webhook that
 * answers in plain text, buttons and forms that are signed over raw bytes and sent again unless acknowledged in time.
 */

const TOKEN = "xoxb-conformance-token";
const SIGNING_SECRET = "conformance-signing-secret";
const HOOK_PATH = "/services/T0HOME/B0HOOK/secretOfTheHook";

/** Slack reports a failure to the user when no response came by then. */
const ACKNOWLEDGED_WITHIN_MS = 3_000;

/** Slack's limit of responses to one `response_url`. */
const MOST_ANSWERS = 5;

type Json = Readonly<Record<string, unknown>>;

/** A message as the channel shows it. */
export interface Post {
  readonly ts: string;
  readonly thread: string | null;
  /** Everything the message says, as JSON. */
  text: string;
  blocks: readonly Block[];
}

interface Block {
  readonly type: string;
  readonly text?: { readonly text: string };
  readonly fields?: readonly { readonly text: string }[];
  readonly elements?: readonly {
    readonly action_id?: string;
    readonly value?: string;
    readonly url?: string;
  }[];
}

export interface SlackUser {
  readonly team: string;
  readonly user: string;
}

/** How the next request to a path is answered; then as usual. */
export interface Mood {
  readonly path: string;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Waits this long first. */
  readonly delayMs?: number;
  /** Never answers. */
  readonly isSilent?: boolean;
  readonly times: number;
}

export interface Slack extends AsyncDisposable {
  readonly port: number;
  readonly env: Readonly<Record<string, string>>;
  /** The registry's lines for its app and its webhook. */
  readonly registry: string;
  readonly posts: Post[];
  /** Posts through the incoming webhook. */
  readonly hooked: Json[];
  /** Ephemeral messages. */
  readonly whispers: string[];
  /** Forms that were opened. */
  readonly views: Json[];
  /** Paths of all requests, whatever the answer. */
  readonly requests: string[];
  feel(mood: Mood): void;
  press(who: SlackUser, post: Post, action: string): Promise<Pressed>;
  submit(who: SlackUser, view: Json, reason: string): Promise<Pressed>;
  /** URL of the Gate that gets the interactions. */
  gate: string;
}

/** Gate's response to a button or form. */
export interface Pressed {
  readonly status: number;
  readonly text: string;
  /** False: Slack would have shown the user an error, and would try again. */
  readonly isInTime: boolean;
}

export async function startSlack(): Promise<Slack> {
  const posts: Post[] = [];
  const hooked: Json[] = [];
  const whispers: string[] = [];
  const views: Json[] = [];
  const requests: string[] = [];
  const moods: { mood: Mood; left: number }[] = [];
  const answers = new Map<string, { post: Post; left: number }>();
  let made = 0;

  const server = createServer((request, response) => {
    void handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "";
    const raw = await bodyOf(request);
    requests.push(path);
    const mood = moods.find((each) => each.left > 0 && path.startsWith(each.mood.path));
    if (mood !== undefined) {
      mood.left -= 1;
      const { status, headers, body = "", delayMs, isSilent } = mood.mood;
      if (isSilent === true) return;
      if (delayMs !== undefined) await new Promise((resolve) => setTimeout(resolve, delayMs));
      if (status !== undefined) {
        response.writeHead(status, headers).end(body);
        return;
      }
    }
    if (path === HOOK_PATH) return hook(raw, response);
    if (path.startsWith("/actions/")) return answered(path, raw, response);
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    if (!isAllowed) return reply(response, { ok: false, error: "invalid_auth" });
    const body = jsonOf(raw);
    if (body === null) return reply(response, { ok: false, error: "invalid_json" });
    if (path === "/api/chat.postMessage") return reply(response, post(body));
    if (path === "/api/chat.update") return reply(response, update(body));
    if (path === "/api/views.open") return reply(response, open(body));
    reply(response, { ok: false, error: "unknown_method" });
  }

  function hook(raw: string, response: ServerResponse): void {
    const body = jsonOf(raw);
    const problem = body === null ? "invalid_payload" : problemWith(body);
    if (body !== null && problem === null) hooked.push(body);
    response.writeHead(problem === null ? 200 : 400, { "Content-Type": "text/html" }).end(problem ?? "ok");
  }

  function post(body: Json): Json {
    if (body["channel"] !== "C0APPROVALS") return { ok: false, error: "channel_not_found" };
    const problem = problemWith(body);
    if (problem !== null) return { ok: false, error: problem };
    made += 1;
    const ts = `1712345678.${String(made).padStart(6, "0")}`;
    const thread = typeof body["thread_ts"] === "string" ? body["thread_ts"] : null;
    posts.push({ ts, thread, text: JSON.stringify(body), blocks: body["blocks"] as readonly Block[] });
    return { ok: true, channel: "C0APPROVALS", ts, message: { type: "message", ...body } };
  }

  function update(body: Json): Json {
    const found = posts.find(({ ts }) => ts === body["ts"]);
    if (found === undefined) return { ok: false, error: "message_not_found" };
    const problem = problemWith(body);
    if (problem !== null) return { ok: false, error: problem };
    replace(found, body);
    return { ok: true, channel: "C0APPROVALS", ts: found.ts };
  }

  function open(body: Json): Json {
    if (typeof body["trigger_id"] !== "string") return { ok: false, error: "invalid_arguments" };
    const view = body["view"] as Json;
    if (String(view["private_metadata"]).length > 3000) return { ok: false, error: "invalid_arguments" };
    views.push(view);
    return { ok: true, view: { id: "V1", ...view } };
  }

  function answered(path: string, raw: string, response: ServerResponse): void {
    const known = answers.get(path);
    const body = jsonOf(raw);
    if (known === undefined || known.left === 0 || body === null) {
      response.writeHead(404).end("used_url");
      return;
    }
    known.left -= 1;
    if (body["replace_original"] === true) replace(known.post, body);
    else whispers.push(String(body["text"]));
    response.writeHead(200).end("ok");
  }

  function replace(found: Post, body: Json): void {
    found.text = JSON.stringify(body);
    found.blocks = body["blocks"] as readonly Block[];
  }

  async function sendSigned(payload: Json): Promise<Pressed> {
    const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
    for (let attempt = 0; ; attempt += 1) {
      const timestamp = String(Math.floor(Date.now() / 1000));
      const signature = createHmac("sha256", SIGNING_SECRET).update(`v0:${timestamp}:${body}`).digest("hex");
      const begun = performance.now();
      const response = await fetch(`${slack.gate}/slack/interactions`, {
        method: "POST",
        headers: {
          "Content-Type": "application/x-www-form-urlencoded",
          "X-Slack-Request-Timestamp": timestamp,
          "X-Slack-Signature": `v0=${signature}`,
          ...(attempt > 0 && { "X-Slack-Retry-Num": String(attempt), "X-Slack-Retry-Reason": "http_error" }),
        },
        body,
      });
      const text = await response.text();
      const isInTime = performance.now() - begun < ACKNOWLEDGED_WITHIN_MS;
      if ((response.ok && isInTime) || attempt === 3) return { status: response.status, text, isInTime };
    }
  }

  const slack: Slack = {
    port,
    gate: "",
    env: {
      TEST_SLACK_TOKEN: TOKEN,
      TEST_SLACK_SIGNING: SIGNING_SECRET,
      TEST_SLACK_HOOK: `http://127.0.0.1:${port}${HOOK_PATH}`,
    },
    registry: `
credentials:
  slack-token: { ref: env://TEST_SLACK_TOKEN }
  slack-signing: { ref: env://TEST_SLACK_SIGNING }
  slack-hook: { ref: env://TEST_SLACK_HOOK }
channels:
  app:
    type: slack_app
    channel: C0APPROVALS
    token: slack-token
    signing_secret: slack-signing
    url: http://127.0.0.1:${port}/api
    allow_private: true
  hook: { type: slack_webhook, secret: slack-hook, allow_private: true }
`,
    posts,
    hooked,
    whispers,
    views,
    requests,
    feel: (mood) => moods.push({ mood, left: mood.times }),
    press({ team, user }, found, action) {
      const element = found.blocks
        .flatMap(({ elements = [] }) => elements)
        .find((each) => each.action_id === action);
      if (element === undefined) throw new Error(`no ${action} in ${found.text}`);
      made += 1;
      const path = `/actions/${team}/${made}`;
      answers.set(path, { post: found, left: MOST_ANSWERS });
      return sendSigned({
        type: "block_actions",
        user: { id: user, username: "somebody", name: "somebody", team_id: team },
        api_app_id: "A0APP",
        container: { type: "message", message_ts: found.ts, channel_id: "C0APPROVALS" },
        trigger_id: `${made}.trigger`,
        team: { id: team, domain: "home" },
        response_url: `http://127.0.0.1:${port}${path}`,
        actions: [{ type: "button", block_id: "b", action_ts: "1.1", ...element }],
      });
    },
    submit({ team, user }, view, reason) {
      return sendSigned({
        type: "view_submission",
        team: { id: team, domain: "home" },
        user: { id: user, username: "somebody", name: "somebody", team_id: team },
        view: {
          id: "V1",
          ...view,
          state: { values: { reason: { text: { type: "plain_text_input", value: reason } } } },
        },
        response_urls: [],
      });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return slack;
}

/** Slack's limits on what is posted; null: it fits. */
function problemWith(body: Json): string | null {
  const { text, blocks } = body;
  if (typeof text !== "string" || text === "") return "no_text";
  if (!Array.isArray(blocks) || blocks.length === 0 || blocks.length > 50) return "invalid_blocks";
  return (blocks as readonly Block[]).every(fits) ? null : "invalid_blocks";
}

function fits({ type, text, fields, elements }: Block): boolean {
  const isShort = (value: string | undefined, most: number) => (value ?? "x").length <= most && value !== "";
  switch (type) {
    case "header":
      return isShort(text?.text ?? "", 150);
    case "section":
      return (
        (text !== undefined || fields !== undefined) &&
        isShort(text?.text, 3000) &&
        (fields ?? []).length <= 10 &&
        (fields ?? []).every((field) => isShort(field.text, 2000))
      );
    case "actions":
      return (
        elements !== undefined &&
        elements.length > 0 &&
        elements.length <= 25 &&
        new Set(elements.map(({ action_id: id }) => id)).size === elements.length &&
        elements.every(
          ({ action_id: id, value, url }) => isShort(id, 255) && isShort(value, 2000) && isShort(url, 3000),
        )
      );
    case "context":
      return elements !== undefined && elements.length > 0 && elements.length <= 10;
    default:
      return false;
  }
}

function reply(response: ServerResponse, body: Json): void {
  response.writeHead(200, { "Content-Type": "application/json; charset=utf-8" }).end(JSON.stringify(body));
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

function jsonOf(raw: string): Json | null {
  try {
    return JSON.parse(raw) as Json;
  } catch {
    return null;
  }
}

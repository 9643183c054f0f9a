import { type Principal } from "./client.ts";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { ROOT, temporaryFolder } from "./command.ts";
import { type Gate, startGate } from "./gate.ts";
import { withBlocks } from "./shipped-registry.ts";

/** The ready-made entries with a published SDK, and the addresses that they lead to. */
const PROVIDERS: Readonly<Record<string, string>> = {
  GitHub: "https://api.github.com",
  HubSpot: "https://api.hubapi.com",
  Salesforce: "https://MyDomainName.my.salesforce.com",
  SendGrid: "https://api.sendgrid.com",
  Slack: "https://slack.com/api",
  Stripe: "https://api.stripe.com",
  Twilio: "https://api.twilio.com",
};

/** What `credentials` of the shipped file refer to. */
export const SECRETS = {
  GITHUB_TOKEN: "ghp_upstreamtoken0123456789",
  HUBSPOT_TOKEN: "pat-eu1-upstream-0123-4567",
  INTERCOM_TOKEN: "dG9rOnVwc3RyZWFtMDEyMzQ1",
  SALESFORCE_CLIENT_SECRET: "B7E1upstream5A0C9client4D2Fsecret",
  SENDGRID_API_KEY: "SG.upstream0123.456789abcdef",
  SLACK_BOT_TOKEN: "xoxb-upstream-token-1234567890",
  SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T0/B0/upstreamXYZ123",
  STRIPE_API_KEY: "rk_test_upstream_51Habc",
  TWILIO_API_SECRET: "upstreamtwilio0123456789",
  ZENDESK_API_TOKEN: "upstreamzendesk0123456789",
} as const;

/** What Salesforce gives for its client secret. */
export const SALESFORCE_TOKEN = "00Dxx0000001gPL!upstream.session";

export interface Recorded {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Everything that a policy could hold passes, so that what is held is held for its headers or its shape. */
const POLICIES = [
  "other-writes",
  "finance-high-risk",
  "crm-low-risk",
  "data-deletion",
  "outbound-email",
  "outbound-call",
  "support-reply",
  "social-post",
];
const PASSES = "auto_approve_under: 1000000\nallow_unmeasured: true\nrisk: { hold_at: never }";

export interface RecordingScene extends AsyncDisposable {
  readonly gate: Gate;
  readonly agent: Principal;
  /** Base of a provider's API at the upstream, `name` in lower case. */
  direct(name: string): string;
  /** The entry's prefix at Gate, through a server that notes what Gate's answers name as dropped. */
  throughGate(prefix: string): string;
  /** What arrived at the upstream, and what Gate named as dropped, since the last call. */
  taken(): { readonly requests: readonly Recorded[]; readonly dropped: ReadonlySet<string> };
}

/**
 * The shipped ready-made entries in front of an upstream that records.
 *
 * @param shipped policies that decide as they are shipped
 */
export async function startRecordingScene(
  answer: (request: Recorded, origin: string) => Reply,
  shipped: readonly string[] = [],
): Promise<RecordingScene> {
  await using undone = new AsyncDisposableStack();
  let requests: Recorded[] = [];
  let dropped = new Set<string>();
  const upstream = await listening(undone, async (message, response) => {
    const request = await readRequest(message);
    const isToken = request.target === "/salesforce/services/oauth2/token";
    if (!isToken) requests.push(request);
    const { status = 200, headers = {}, body = {} } = isToken ? TOKEN : answer(request, upstream);
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, {
      "content-type": "application/json",
      "content-length": Buffer.byteLength(text),
      ...headers,
    });
    response.end(text);
  });
  const folder = undone.use(temporaryFolder());
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  const systems =
    "[bluesky.*, github.*, gmail.*, hubspot.*, intercom.*, kaicalls.*, linkedin.*, loops.*, mailchimp.*, netsuite.*, postgres.*, quickbooks.*, salesforce.*, sendgrid.*, slack.*, stripe.*, twilio.*, x.*, zendesk.*]";
  for (const id of POLICIES) {
    const passing = `id: ${id}\ndestinations: ${systems}\n${PASSES}\n`;
    const text = shipped.includes(id) ? readFileSync(join(ROOT, "policies", `${id}.yaml`), "utf8") : passing;
    writeFileSync(join(policies, `${id}.yaml`), text);
  }
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(registry, registryFor(upstream));
  const args = ["--policy-dir", policies, "--registry", registry];
  const gate = undone.use(await startGate({ args, env: { ...SECRETS } }));
  const agent = await gate.register("agent");
  const front = await listening(undone, (message, response) =>
    relayed(message, response, gate.port, (names) => {
      for (const name of names) dropped.add(name);
    }),
  );
  const all = undone.move();
  return {
    gate,
    agent,
    direct: (name) => `${upstream}/${name}`,
    throughGate: (prefix) => `${front}${prefix}`,
    taken() {
      const taken = { requests, dropped };
      requests = [];
      dropped = new Set();
      return taken;
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** As Salesforce answers: without a lifetime. */
const TOKEN: Reply = { body: { access_token: SALESFORCE_TOKEN, token_type: "Bearer", scope: "api" } };

export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** The shipped file with its entries enabled, their addresses on this machine. */
function registryFor(upstream: string): string {
  let text = withBlocks([...Object.keys(PROVIDERS), "Credentials"]);
  for (const [name, address] of Object.entries(PROVIDERS)) {
    const pattern = new RegExp(`^( +upstream: )${address.replaceAll(".", "\\.")}(.*)$`, "gm");
    text = text.replaceAll(pattern, `$1${upstream}/${name.toLowerCase()}$2\n    allow_private: true`);
    const tokens = new RegExp(`^( +)(token_url: )${address.replaceAll(".", "\\.")}(.*)$`, "gm");
    text = text.replaceAll(tokens, `$1$2${upstream}/${name.toLowerCase()}$3\n$1allow_private: true`);
  }
  return text;
}

async function listening(
  stack: AsyncDisposableStack,
  handle: (message: IncomingMessage, response: ServerResponse) => Promise<void>,
): Promise<string> {
  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stack.defer(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function readRequest(message: IncomingMessage): Promise<Recorded> {
  const headers = Object.entries(message.headers).map(
    ([name, value]) => [name, [value].flat().join(", ")] as const,
  );
  return {
    method: message.method ?? "",
    target: message.url ?? "",
    headers: Object.fromEntries(headers),
    body: (await bodyOf(message)).toString("latin1"),
  };
}

/** Passes a request on to Gate as it came, `Host` included, and the answer back. */
async function relayed(
  message: IncomingMessage,
  response: ServerResponse,
  port: number,
  note: (names: readonly string[]) => void,
): Promise<void> {
  const body = await bodyOf(message);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const { method, url: path, rawHeaders: headers } = message;
    const sent = httpRequest({ host: "127.0.0.1", port, method, path, headers, setHost: false }, resolve);
    sent.once("error", reject);
    sent.end(body);
  });
  const named = answer.headers["x-gate-dropped-headers"];
  note(named === undefined ? [] : [named].flat().join(", ").split(", "));
  response.writeHead(answer.statusCode ?? 500, answer.rawHeaders);
  response.end(await bodyOf(answer));
}

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./command.ts";
import { type Body, type Gate, list, startGate, text } from "./gate.ts";
import { CREDENTIALS, PROVIDERS } from "./providers.ts";
import { startUpstream, type Upstream } from "./upstream.ts";
import type { Principal } from "./client.ts";

const POLICIES: Readonly<Record<string, string>> = {
  passes: "auto_approve_under: 1000000\nrisk: { hold_at: never }",
  held: "require_approval: always\nexpiry_minutes: 60\nexecution_window_minutes: 60",
  refused: "block_if_terms: [forbidden]\nauto_approve_under: 1000000\nrisk: { hold_at: never }",
  "once-an-hour": "require_approval: always\nblock_duplicates_within: 1h",
};

/** One destination for each way in which a write can go; `upstream` is where the counting server listens. */
function registryFor(upstream: string): string {
  const local = (provider: string) => `upstream: "${upstream}/${provider}", allow_private: true`;
  const plain = `${local("plain")}, credential: plain, records: single`;
  return `
unbound_destinations: block
credentials:
  stripe: { ref: env://STRIPE_SECRET }
  slack: { ref: env://SLACK_SECRET }
  sfdc: { ref: env://SFDC_SECRET }
  github: { ref: env://GITHUB_SECRET }
  plain: { ref: env://PLAIN_SECRET }
destinations:
  stripe.refund:
    policies: [held]
    amount: { path: amount, unit: minor, currency: USD }
    prefix: /stripe
    ${local("stripe").replace(", ", "\n    ")}
    credential: stripe
    idempotent: true
    idempotency_header: idempotency-key
    headers: [stripe-version]
    reads: [{ method: GET, path: /v1/* }]
  slack.message:
    policies: [held]
    prefix: /chat
    ${local("slack").replace(", ", "\n    ")}
    credential: slack
    reads: [{ method: POST, path: /api/users.info }]
  slack.once: { policies: [once-an-hour], prefix: /chat-once, ${local("slack")}, credential: slack }
  salesforce.lead:
    policies: [passes]
    prefix: /sfdc
    ${local("sfdc").replace(", ", "\n    ")}
    credential: sfdc
    reads: [{ method: GET, path: /services/data/* }]
  github.issue:
    policies: [refused]
    prefix: /github
    ${local("github").replace(", ", "\n    ")}
    credential: github
    reads: [{ method: GET, path: /repos/* }]
  plain.passes: { policies: [passes], prefix: /plain, ${plain}, reads: [{ method: GET, path: /read/* }, { method: OPTIONS, path: /read/* }] }
  plain.held: { policies: [held], prefix: /held, ${plain} }
  plain.repeatable: { policies: [passes], prefix: /repeatable, ${plain}, idempotent: true, idempotency_header: idempotency-key }
  plain.repeatable-held: { policies: [held], prefix: /repeatable-held, ${plain}, idempotent: true, idempotency_header: idempotency-key }
  plain.hurried: { policies: [passes], prefix: /hurried, ${plain}, timeout_seconds: 1 }
  plain.own: { policies: [held], prefix: /own, ${local("plain")}, records: single }
  nobody.there: { policies: [passes], prefix: /nobody, upstream: "http://127.0.0.1:9", allow_private: true, credential: plain, records: single }
`;
}

/** A Gate in front of a server that counts. */
export interface Scene extends AsyncDisposable {
  readonly gate: Gate;
  readonly upstream: Upstream;
  /** `http://127.0.0.1:…` of Gate. */
  readonly base: string;
  readonly agent: Principal;
  readonly reviewer: Principal;
  /** A request through the proxy, with the agent's key in the header that is Gate's own. */
  send(path: string, init?: RequestInit, key?: string): Promise<Response>;
  approve(intentId: string, key?: string): Promise<number>;
  /** The state as the agent sees it. */
  look(intentId: string, key?: string): Promise<Body>;
  /** All that wait, approved as a reviewer would who reads the queue; how many that were. */
  approveAll(key?: string): Promise<number>;
}

/** @param env settings beside the credentials */
export async function startScene(env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  await using undone = new AsyncDisposableStack();
  const upstream = undone.use(await startUpstream(PROVIDERS));
  const folder = undone.use(temporaryFolder());
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  for (const [id, rules] of Object.entries(POLICIES)) {
    const destinations = "destinations: [stripe.*, slack.*, salesforce.*, github.*, plain.*, nobody.*]";
    writeFileSync(join(policies, `${id}.yaml`), `id: ${id}\n${destinations}\n${rules}\n`);
  }
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(registry, registryFor(upstream.url));
  const args = ["--policy-dir", policies, "--registry", registry];
  const gate = undone.use(await startGate({ args, env: { ...CREDENTIALS, ...env } }));
  const [agent, reviewer] = await Promise.all([gate.register("agent"), gate.register("reviewer")]);
  const base = `http://127.0.0.1:${gate.port}`;
  const all = undone.move();

  async function approveAll(key = reviewer.key): Promise<number> {
    let approved = 0;
    for (;;) {
      const queue = await gate.call("GET", "/v1/approvals?limit=100", key);
      const waiting = list(queue.body, "approvals");
      if (waiting.length === 0) return approved;
      const decisions = await Promise.all(
        waiting.map(async (row) => {
          const intentId = text(row, "intentId");
          const { body } = await gate.call("GET", `/v1/intents/${intentId}`, key);
          return { intentId, decision: "approve", digest: text(body, "intent_digest") };
        }),
      );
      const { body } = await gate.call("POST", "/v1/approvals/batch", key, { decisions });
      const taken = list(body, "results").filter(({ ok }) => ok === true).length;
      if (taken === 0) throw new Error(`none of ${waiting.length} was approved: ${JSON.stringify(body)}`);
      approved += taken;
    }
  }

  return {
    gate,
    upstream,
    base,
    agent,
    reviewer,
    send: (path, init = {}, key = agent.key) =>
      fetch(`${base}${path}`, { ...init, headers: { "x-gate-key": key, ...headersOf(init) } }),
    approve: async (id, key = reviewer.key) =>
      (await gate.call("POST", `/v1/intents/${id}/approve`, key, {})).status,
    look: async (id, key = agent.key) => (await gate.call("GET", `/v1/intents/${id}`, key)).body,
    approveAll,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function headersOf({ headers }: RequestInit): Readonly<Record<string, string>> {
  return Object.fromEntries(new Headers(headers));
}

/** The intent that an answer is about. */
export function intentOf(response: { readonly headers: Headers }): string {
  const id = response.headers.get("x-gate-intent-id");
  if (id === null) throw new Error("an answer about no intent");
  return id;
}

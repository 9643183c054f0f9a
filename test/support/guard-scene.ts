import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Gate as Client, type GateOptions } from "../../sdk/typescript/gate.ts";
import type { Principal } from "./client.ts";
import { temporaryFolder } from "./command.ts";
import { type Body, type Gate, list, startGate, text } from "./gate.ts";

const POLICIES: Readonly<Record<string, string>> = {
  passes: "auto_approve_under: 1000000\nrisk: { hold_at: never }\nallow_unmeasured: true",
  held: "require_approval: always\nexpiry_minutes: 60\nexecution_window_minutes: 60\nedit: { allow: true }",
  refused: "block_if_terms: [forbidden]\nauto_approve_under: 1000000\nrisk: { hold_at: never }",
  once: "auto_approve_under: 1000000\nrisk: { hold_at: never }\nblock_duplicates_within: 1h",
};

/** A destination for each way in which a guarded call can go. */
const REGISTRY = `
unbound_destinations: block
people:
  ana: { name: Ana Diaz, email: ana@example.com }
runners:
  vpc-1: { description: In our own network }
credentials:
  plain: { ref: env://PLAIN_SECRET }
destinations:
  crm.write: { policies: [passes] }
  crm.claimed: { policies: [passes], claim: required }
  crm.repeatable: { policies: [passes], idempotent: true }
  crm.held: { policies: [held] }
  crm.refused: { policies: [refused] }
  crm.once: { policies: [once] }
  own.pulled: { policies: [passes], executor: external_pull }
  vpc.write: { policies: [passes], runners: [vpc-1] }
  api.forwarded: { policies: [passes], prefix: /crm-api, upstream: "http://127.0.0.1:9", allow_private: true, credential: plain, records: single }
`;

export interface GuardScene extends AsyncDisposable {
  readonly gate: Gate;
  readonly agent: Principal;
  readonly reviewer: Principal;
  readonly endpoint: string;
  /** A client with the agent's and the reviewer's key. */
  client(options?: GateOptions): Client;
  intent(id: string): Promise<Body>;
  /** The agent's intents. */
  count(): Promise<number>;
}

/** A Gate with rules of the tests' own, and an agent that guards its functions. */
export async function startGuardScene(env: Readonly<Record<string, string>> = {}): Promise<GuardScene> {
  await using undone = new AsyncDisposableStack();
  const folder = undone.use(temporaryFolder());
  const policies = join(folder.path, "policies");
  mkdirSync(policies);
  for (const [id, rules] of Object.entries(POLICIES)) {
    writeFileSync(
      join(policies, `${id}.yaml`),
      `id: ${id}\ndestinations: [crm.*, own.*, vpc.*, api.*]\n${rules}\n`,
    );
  }
  const registry = join(folder.path, "gate.yaml");
  writeFileSync(registry, REGISTRY);
  const args = ["--policy-dir", policies, "--registry", registry];
  const gate = undone.use(
    await startGate({ args, env: { PLAIN_SECRET: "plain-secret-0123456789", ...env } }),
  );
  const [agent, reviewer] = await Promise.all([
    gate.register("agent"),
    gate.register("reviewer", { person: "ana" }),
  ]);
  const endpoint = `http://127.0.0.1:${gate.port}`;
  const all = undone.move();
  return {
    gate,
    agent,
    reviewer,
    endpoint,
    client: (options = {}) =>
      new Client({ endpoint, apiKey: agent.key, reviewerKey: reviewer.key, ...options }),
    intent: async (id) => (await gate.call("GET", `/v1/intents/${id}`, gate.adminKey)).body as Body,
    count: async () =>
      list((await gate.call("GET", "/v1/intents?limit=200", agent.key)).body as Body, "intents").length,
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

/** The error that a promise rejects with. */
export async function thrown(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    (value) => {
      throw new Error(`resolved with ${JSON.stringify(value)}`);
    },
    (error: unknown) => error,
  );
}

export { text };

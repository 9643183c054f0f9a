import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer, type Server } from "../cli/serve/server.ts";
import { HELD_PROPOSAL, type Target } from "./attack-kinds.ts";
import { newestRuntime } from "./support/process.ts";

/** Enough that none of them exceeds 600 proposals a minute. */
const VICTIMS = 4;
const DESTINATIONS = 500;

const POLICIES: Readonly<Record<string, string>> = {
  checked: `destinations: [bench.table, bench.form]
block_if_terms: [refund guaranteed, legal action]
hold_if_pii: [card, ssn, iban]
auto_approve_under: 100
require_approval_over: 100
max_value_usd: 10000000
require_approval_over_value_usd: 100000
`,
  pass: "destinations: [bench.own]\nauto_approve_under: 100\nrequire_approval_over: 100\n",
};

const AMOUNT = "amount: { path: amount, unit: major, currency: USD }";

export interface Scene {
  readonly server: Server;
  /** The runtime's process. */
  readonly pid: number;
  readonly victims: readonly string[];
  readonly target: Target;
  stop(): Promise<void>;
}

/** A server whose policies look at everything, with an attacker's agent and runner, and agents that are victims. */
export async function startScene(): Promise<Scene> {
  const folder = mkdtempSync(join(tmpdir(), "gate-bench-"));
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir: join(folder, "gate"),
    ...writeRules(folder),
    environment: {},
    say: () => undefined,
  });
  const victims: string[] = [];
  for (let made = 0; made < VICTIMS; made += 1) {
    victims.push(await register(server, `victim-${made}`, "agent"));
  }
  const agent = await register(server, "attacker", "agent");
  const target: Target = {
    url: server.url.href,
    agent,
    runner: await register(server, "runner", "runner"),
    large: await idOf(server, agent, HELD_PROPOSAL),
    ...(await claimedOrder(server, agent)),
  };
  return {
    server,
    pid: newestRuntime(),
    victims,
    target,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function writeRules(folder: string) {
  const policyDir = join(folder, "policies");
  mkdirSync(policyDir);
  for (const [id, text] of Object.entries(POLICIES)) {
    writeFileSync(join(policyDir, `${id}.yaml`), `id: ${id}\n${text}`);
  }
  const served = Array.from(
    { length: DESTINATIONS },
    (_, index) => `  served.d${index}: { policies: [pass], runners: [runner] }\n`,
  );
  const registry = join(folder, "gate.yaml");
  writeFileSync(
    registry,
    `unbound_destinations: block
runners:
  runner: { description: serves many }
destinations:
  bench.table: { policies: [checked], ${AMOUNT}, recipients: email }
  bench.form: { policies: [checked], ${AMOUNT} }
  bench.own: { policies: [pass], records: single }
${served.join("")}`,
  );
  return { policyDir, registry };
}

async function claimedOrder(server: Server, agent: string) {
  const body = JSON.stringify({ destination: "bench.own", policy: "pass", payload: { id: 1 } });
  const intent = await idOf(server, agent, body);
  const order = await call(server, agent, `/v1/intents/${intent}/execute`, "{}");
  const { executionId, execution_token: token } = order as { executionId: string; execution_token: string };
  await call(server, token, `/v1/executions/${executionId}/claim`, "{}");
  return { order: executionId, token };
}

async function idOf(server: Server, key: string, body: string): Promise<string> {
  return ((await call(server, key, "/v1/intents", body)) as { intentId: string }).intentId;
}

async function register(server: Server, name: string, role: string): Promise<string> {
  const body = JSON.stringify({ name, role });
  return ((await call(server, server.adminKey, "/v1/agents/register", body)) as { apiKey: string }).apiKey;
}

async function call(server: Server, key: string, path: string, body: string): Promise<unknown> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const response = await fetch(new URL(path, server.url), { method: "POST", headers, body });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}

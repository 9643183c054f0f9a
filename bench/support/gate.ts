import { Agent, request } from "node:http";
import { join, resolve } from "node:path";
import { startServer } from "../../cli/serve/server.ts";
import type { Shot } from "../load.ts";
import type { Place } from "./place.ts";
import { newestRuntime } from "./process.ts";

/** Gate with the shipped policies, and a client of it. */
export interface Gate extends Place {
  readonly adminKey: string;
  register(role: string): Promise<string>;
  /** @throws {Error} for any status but 2xx: a bench of errors measures nothing */
  call(method: "GET" | "POST", path: string, key: string, body?: object): Promise<Record<string, unknown>>;
}

const ROOT = resolve(import.meta.dirname, "..", "..");

export async function startGate(
  dataDir: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Gate> {
  const server = await startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    policyDir: join(ROOT, "policies"),
    registry: join(ROOT, "gate.yaml"),
    // A person's own limit is no limit of what is measured.
    environment: { GATE_REQUESTS_PER_MINUTE: "1000000", ...environment },
    say: () => undefined,
  });
  const connections = new Agent({ keepAlive: true });
  const call: Gate["call"] = (method, path, key, body) =>
    send(new URL(path, server.url), connections, method, key, body);
  let registered = 0;
  return {
    url: server.url,
    pid: newestRuntime(),
    adminKey: server.adminKey,
    call,
    async register(role) {
      registered += 1;
      const name = `bench-${role}-${registered}`;
      return String((await call("POST", "/v1/agents/register", server.adminKey, { name, role }))["apiKey"]);
    },
    async stop() {
      connections.destroy();
      await server.stop();
    },
  };
}

function send(
  url: URL,
  agent: Agent,
  method: string,
  key: string,
  body: object | undefined,
): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  return new Promise((done, failed) => {
    const outgoing = request(url, { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => {
        const { statusCode = 0 } = response;
        if (statusCode >= 200 && statusCode < 300) done(JSON.parse(text) as Record<string, unknown>);
        else failed(new Error(`${method} ${url.pathname} answered ${statusCode}: ${text.slice(0, 300)}`));
      });
    });
    outgoing.on("error", failed);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** 20 rows inline, which a shipped policy approves at once. */
export const PROPOSAL = {
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload: `name,email\n${Array.from({ length: 20 }, (_, row) => `Lead ${row},lead${row}@example.com`).join("\n")}\n`,
  payload_name: "leads.csv",
  recordCount: 20,
} as const;

const PROPOSED = JSON.stringify(PROPOSAL);

/** None of so many agents reaches its 600 proposals a minute. */
const AGENTS = 30;

/** Agents that take turns. */
export async function agentsOf(gate: Gate): Promise<() => string> {
  const keys: string[] = [];
  for (let made = 0; made < AGENTS; made += 1) keys.push(await gate.register("agent"));
  let next = 0;
  return () => keys[(next += 1) % keys.length] ?? "";
}

export function proposing(agent: () => string): () => Shot {
  return () => ({
    method: "POST",
    path: "/v1/intents",
    headers: { Authorization: `Bearer ${agent()}`, "Content-Type": "application/json" },
    body: PROPOSED,
  });
}

export const FLOOR_SHOT: Shot = { method: "POST", path: "/", headers: {}, body: PROPOSED };

export interface HeldIntent {
  readonly path: string;
  readonly digest: string;
}

/** Proposes what a shipped policy holds. */
export async function hold(gate: Gate, agent: string, number: number): Promise<HeldIntent> {
  const proposed = await gate.call("POST", "/v1/intents", agent, {
    ...PROPOSAL,
    payload: `name,email\nLead ${number},lead${number}@example.com\n`,
    recordCount: 847,
  });
  const { intentId, status, intent_digest: digest } = proposed;
  if (status !== "pending_approval") throw new Error(`expected a held intent, got ${String(status)}`);
  return { path: `/v1/intents/${String(intentId)}`, digest: String(digest) };
}

/** A whole human flow: proposed and held, approved, ordered, reported. */
export async function flow(gate: Gate, agent: string, reviewer: string, number: number): Promise<void> {
  const { path, digest } = await hold(gate, agent, number);
  await gate.call("POST", `${path}/approve`, reviewer, { digest });
  const order = await gate.call("POST", `${path}/execute`, agent, {});
  const { executionId, execution_token: token } = order;
  await gate.call("POST", `/v1/executions/${String(executionId)}/report`, String(token), {
    status: "succeeded",
  });
}

import { join } from "node:path";
import { CommandFailure } from "../io.ts";
import { readJsonFile, writePrivateFile } from "./private-file.ts";

/** The first principals. The reviewer is not the agent's owner, who could not approve its intents. */
const PRINCIPALS = [
  { name: "local-admin", role: "admin" },
  { name: "local-agent", role: "agent" },
  { name: "local-reviewer", role: "reviewer" },
] as const;

export type LocalRole = (typeof PRINCIPALS)[number]["role"];

/** The stored agent's key; null: the first start has not ended. */
export function storedAgentKey(dataDir: string): string | null {
  const key = readJsonFile(agentKeyFile(dataDir))?.["apiKey"];
  return typeof key === "string" ? key : null;
}

/** Ends the first start; until then, a restart repeats it. */
export function storeAgentKey(dataDir: string, apiKey: string): void {
  writePrivateFile(agentKeyFile(dataDir), `${JSON.stringify({ apiKey }, null, 2)}\n`);
}

function agentKeyFile(dataDir: string): string {
  return join(dataDir, "local-agent.json");
}

/**
 * Registers the first principals through the public API. After an interrupted start some exist already, with keys that
 * were never shown: those get new keys.
 *
 * @throws {CommandFailure}
 */
export async function registerPrincipals(
  url: URL,
  adminKey: string,
): Promise<ReadonlyMap<LocalRole, string>> {
  const keys = new Map<LocalRole, string>();
  for (const principal of PRINCIPALS) {
    const registered = await post(new URL("/v1/agents/register", url), adminKey, principal);
    keys.set(
      principal.role,
      registered.status === 409
        ? await rotateKey(url, adminKey, principal.name)
        : keyOf(registered, `register ${principal.name}`),
    );
  }
  return keys;
}

async function rotateKey(url: URL, adminKey: string, name: string): Promise<string> {
  const id = await findByName(url, adminKey, name);
  const rotated = await post(new URL(`/v1/agents/${encodeURIComponent(id)}/rotate-key`, url), adminKey, {});
  return keyOf(rotated, `give ${name} a new key`);
}

/** An interrupted start leaves at most three principals; a folder with more history can need more pages. */
const MAX_PAGES = 100;

async function findByName(url: URL, adminKey: string, name: string): Promise<string> {
  const page = new URL("/v1/agents", url);
  for (let count = 0; count < MAX_PAGES; count += 1) {
    const listed = await request(page, adminKey, { method: "GET" });
    const agents = Array.isArray(listed.body["agents"])
      ? (listed.body["agents"] as readonly unknown[])
      : null;
    if (agents === null) throw refusal(`find ${name}`, listed);
    for (const agent of agents as readonly { readonly name?: unknown; readonly id?: unknown }[]) {
      if (agent.name === name && typeof agent.id === "string") return agent.id;
    }
    const next = listed.body["next"];
    if (typeof next !== "string") break;
    page.searchParams.set("after", next);
  }
  throw new CommandFailure(`${name} is registered but not listed`);
}

interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

function keyOf(answer: Answer, what: string): string {
  const key = answer.body["apiKey"];
  if (typeof key !== "string") throw refusal(what, answer);
  return key;
}

function refusal(what: string, answer: Answer): CommandFailure {
  const detail = answer.body["detail"] ?? answer.body["error"];
  return new CommandFailure(
    `could not ${what}: ${answer.status} ${typeof detail === "string" ? detail : ""}`.trim(),
  );
}

function post(url: URL, key: string, body: object): Promise<Answer> {
  return request(url, key, { method: "POST", body: JSON.stringify(body) });
}

const REQUEST_TIMEOUT_MS = 15_000;

async function request(url: URL, key: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, {
    ...init,
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
  });
  const body: unknown = await response.json().catch(() => ({}));
  return { status: response.status, body: (body ?? {}) as Readonly<Record<string, unknown>> };
}

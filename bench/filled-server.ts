import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { startServer, type Server } from "../cli/serve/server.ts";
import { load, median, type Load, type Shot } from "./load.ts";

/* Servers whose databases were filled while none ran, compared in turns, so that other load on the machine affects both. */

const ADMIN_KEY = "gate_ak_bench";

const ROUNDS = 7;
const REQUESTS = 60;

const root = resolve(import.meta.dirname, "..");

/** @param fill writes rows into D1's file */
export async function startFilled(dataDir: string, fill: (database: DatabaseSync) => void): Promise<Server> {
  // The first start creates the database.
  await (await start(dataDir)).stop();
  const database = openDatabase(dataDir);
  fill(database);
  database.close();
  return start(dataDir);
}

function start(dataDir: string): Promise<Server> {
  return startServer({
    host: "127.0.0.1",
    port: 0,
    dataDir,
    policyDir: join(root, "policies"),
    registry: join(root, "gate.yaml"),
    environment: {
      GATE_SECRET: Buffer.alloc(32, 7).toString("base64"),
      GATE_ADMIN_KEY: ADMIN_KEY,
      GATE_REQUESTS_PER_MINUTE: "1000000",
      GATE_EVIDENCE_PER_MINUTE: "1000000",
    },
    say: () => undefined,
  });
}

function openDatabase(dataDir: string): DatabaseSync {
  for (const path of readdirSync(join(dataDir, "state"), { recursive: true, encoding: "utf8" })) {
    if (!path.endsWith(".sqlite")) continue;
    const database = new DatabaseSync(join(dataDir, "state", path));
    const found = database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'ledger'").get();
    if (found !== undefined) return database;
    database.close();
  }
  throw new Error("no database in the data folder");
}

export async function registeredKey(server: Server, role: "agent" | "reviewer"): Promise<string> {
  const { apiKey } = await post<{ apiKey: string }>(server, "/v1/agents/register", ADMIN_KEY, {
    name: `bench ${role}`,
    role,
  });
  return apiKey;
}

export async function post<T>(server: Server, path: string, key: string, body: unknown): Promise<T> {
  const response = await fetch(new URL(path, server.url), {
    method: "POST",
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${await response.text()}`);
  return (await response.json()) as T;
}

export interface Side {
  readonly server: Server;
  readonly key: string;
  readonly path: string;
}

/** The p50 of a GET on the second over that on the first, as text; says so where it is above the goal. */
export async function ratioOf(few: Side, many: Side, goal: number | null): Promise<string> {
  const measure = ({ server, key, path }: Side): Promise<Load> => {
    const headers = { Authorization: `Bearer ${key}` };
    return load(server.url, 1, REQUESTS, (): Shot => ({ method: "GET", path, headers, body: "" }));
  };
  await measure(few);
  await measure(many);
  const ratios: number[] = [];
  const [fews, manys]: [number[], number[]] = [[], []];
  for (let round = 0; round < ROUNDS; round += 1) {
    const [one, other] = [await measure(few), await measure(many)];
    fews.push(one.p50);
    manys.push(other.p50);
    ratios.push(other.p50 / one.p50);
  }
  const ratio = median(ratios);
  const verdict = goal === null || ratio < goal ? "" : `  ABOVE THE GOAL OF ${goal}`;
  return `${ratio.toFixed(2)} (p50 ${median(manys).toFixed(1)} ms over ${median(fews).toFixed(1)} ms)${verdict}`;
}

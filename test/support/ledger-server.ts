import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as pause } from "node:timers/promises";
import { deserialize, serialize } from "node:v8";
import { expect } from "vitest";
import { LEDGER } from "../../cli/ledger/command.ts";
import { runSubcommand } from "../../cli/subcommands.ts";
import { freePort, lockOf, printedKey, type RunningCommand, serve } from "./command.ts";
import { clientAt } from "./client.ts";

/** A dozen intents, each left in another state. */
export const STORIES = [
  "succeeded",
  "failed",
  "ordered",
  "approved",
  "approved by a person",
  "pending",
  "rejected",
  "cancelled",
  "withdrawn",
  "revoked",
  "blocked",
  "erased",
] as const;
export type Story = (typeof STORIES)[number];

export interface Scene {
  /** A folder with everything below in it; `data` in it is the stopped server's. */
  readonly home: string;
  readonly adminKey: string;
  readonly agentKey: string;
  readonly keyFile: string;
  /** The log's public key, as an outsider noted it while nothing had happened yet. */
  readonly vkey: string;
  readonly ids: Readonly<Record<Story, string>>;
  /** Proposed after the last sealing: their rows are in D1, and not in the log. */
  readonly unsealed: readonly [string, string];
  /** Checkpoints that an outsider pinned: half-way, and over everything sealed. */
  readonly older: string;
  readonly later: string;
  readonly sealed: number;
  readonly exportFile: string;
}

const SMALL = {
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload_name: "leads.csv",
  recordCount: 1,
};
const LARGE = { ...SMALL, recordCount: 847 };
const NOT_ALLOWED = {
  destination: "zendesk.reply",
  policy: "support-reply",
  payload: "Dear Ada, refund guaranteed.",
};

interface Keys {
  readonly port: number;
  readonly admin: string;
  readonly agent: string;
  readonly reviewer: string;
}

let proposals = 0;

async function propose({ port, agent }: Keys, proposal: object): Promise<string> {
  proposals += 1;
  // Each its own: what was rejected once is blocked the next time.
  const own = "payload_name" in proposal ? { payload: `email\nada${proposals}@example.com\n` } : {};
  const { status, body } = await clientAt(port).call("POST", "/v1/intents", agent, { ...proposal, ...own });
  expect(status).toBe(200);
  return String(body["intentId"]);
}

async function act({ port }: Keys, key: string, id: string, verb: string, body: object = {}): Promise<void> {
  const answer = await clientAt(port).call("POST", `/v1/intents/${id}/${verb}`, key, body);
  expect(answer, verb).toMatchObject({ status: 200 });
}

async function order({ port, agent }: Keys, id: string) {
  const { status, body } = await clientAt(port).call("POST", `/v1/intents/${id}/execute`, agent);
  expect(status).toBe(201);
  return { execution: String(body["executionId"]), token: String(body["execution_token"]) };
}

async function report(keys: Keys, id: string, status: "succeeded" | "failed"): Promise<void> {
  const { execution, token } = await order(keys, id);
  const path = `/v1/executions/${execution}/report`;
  const outcome = { status, result: { rows: 1 } };
  expect(await clientAt(keys.port).call("POST", path, token, outcome)).toMatchObject({ status: 200 });
  // The same order once more: it was good for one report.
  expect(await clientAt(keys.port).call("POST", path, token, outcome)).toMatchObject({ status: 409 });
}

const MAKE: Readonly<Record<Story, (keys: Keys) => Promise<string>>> = {
  succeeded: async (keys) => {
    const id = await propose(keys, SMALL);
    await report(keys, id, "succeeded");
    return id;
  },
  failed: async (keys) => {
    const id = await propose(keys, SMALL);
    await report(keys, id, "failed");
    return id;
  },
  ordered: async (keys) => {
    const id = await propose(keys, SMALL);
    await order(keys, id);
    return id;
  },
  approved: (keys) => propose(keys, SMALL),
  "approved by a person": async (keys) => {
    const id = await propose(keys, LARGE);
    await act(keys, keys.reviewer, id, "approve", { comment: "Checked with sales." });
    await report(keys, id, "succeeded");
    return id;
  },
  pending: (keys) => propose(keys, LARGE),
  rejected: async (keys) => {
    const id = await propose(keys, LARGE);
    await act(keys, keys.reviewer, id, "reject", { reason: "Not these." });
    return id;
  },
  cancelled: async (keys) => {
    const id = await propose(keys, LARGE);
    await act(keys, keys.reviewer, id, "cancel-approval", { reason: "Asked twice." });
    return id;
  },
  withdrawn: async (keys) => {
    const id = await propose(keys, LARGE);
    await act(keys, keys.agent, id, "withdraw");
    return id;
  },
  revoked: async (keys) => {
    const id = await propose(keys, SMALL);
    await act(keys, keys.admin, id, "revoke", { reason: "Wrong list." });
    return id;
  },
  blocked: (keys) => propose(keys, NOT_ALLOWED),
  erased: async (keys) => {
    const id = await propose(keys, SMALL);
    await report(keys, id, "succeeded");
    await act(keys, keys.admin, id, "erase", { reason: "Asked for by the person." });
    return id;
  },
};

/** A server with a history, half of which was sealed before the other half; stopped at the end. */
export async function makeScene(home: string): Promise<Scene> {
  const port = await freePort();
  const ids: Partial<Record<Story, string>> = {};
  let keys: Keys;
  {
    await using server = await serve({ port, home });
    keys = {
      port,
      admin: printedKey(server.out(), "admin"),
      agent: printedKey(server.out(), "agent"),
      reviewer: printedKey(server.out(), "reviewer"),
    };
    const keyFile = join(home, "admin.key");
    writeFileSync(keyFile, keys.admin);
    for (const [at, story] of STORIES.entries()) {
      if (at === STORIES.length / 2) writeFileSync(join(home, "older.txt"), await seal(keys));
      ids[story] = await MAKE[story](keys);
    }
    writeFileSync(join(home, "later.txt"), await seal(keys));
    const out = join(home, "log.ndjson");
    const exported = await ledger([
      "export",
      "--server",
      origin(port),
      "--api-key-file",
      keyFile,
      "--out",
      out,
    ]);
    expect(exported, exported.err).toMatchObject({ code: 0 });
    for (const story of STORIES) {
      const id = ids[story] ?? "";
      const bundle = await clientAt(port).call("GET", `/v1/intents/${id}/evidence`, keys.admin);
      writeFileSync(join(home, `${story}.json`), JSON.stringify(bundle.body));
    }
    await server.end();
  }
  const { unsealed, vkey } = await addUnsealed(home, keys);
  noteFlushed(home);
  const sealed = Number(readCheckpointSize(home));
  return {
    home,
    adminKey: keys.admin,
    agentKey: keys.agent,
    keyFile: join(home, "admin.key"),
    vkey,
    ids: ids as Record<Story, string>,
    unsealed,
    older: join(home, "older.txt"),
    later: join(home, "later.txt"),
    sealed,
    exportFile: join(home, "log.ndjson"),
  };
}

/** Longer than entries take into D1, and shorter than the pause between two runs of the sealer. */
const FLUSHED_MS = 1_000;

/** The sealer runs every ten seconds; a copy taken between two runs has unsealed rows. */
async function addUnsealed(home: string, keys: Keys) {
  for (let tries = 1; ; tries += 1) {
    await using server = await serve({ port: keys.port, home });
    const found = await clientAt(keys.port).call("GET", "/.well-known/gate", keys.admin);
    const { vkey } = found.body["log"] as { readonly vkey: string };
    const unsealed = [await propose(keys, SMALL), await propose(keys, SMALL)] as const;
    // Killed once the rows are in D1: a server that stops by itself seals them.
    await pause(FLUSHED_MS);
    process.kill(lockOf(home).runtime.pid, "SIGKILL");
    await server.end("SIGKILL");
    using db = openLedger(join(home, "data"));
    const rows = db.prepare("SELECT id FROM ledger WHERE intent_id IN (?, ?)").all(...unsealed);
    const first = Math.min(...rows.map(({ id }) => Number(id)));
    if (rows.length === 6 && first > readCheckpointSize(home)) return { unsealed, vkey };
    if (tries === 3) throw new Error("everything was sealed each time");
  }
}

async function seal({ port, admin }: Keys): Promise<string> {
  const response = await fetch(`${origin(port)}/log/seal`, {
    method: "POST",
    headers: { authorization: `Bearer ${admin}` },
  });
  expect(response.status).toBe(200);
  return response.text();
}

function readCheckpointSize(home: string): number {
  using db = openLedger(join(home, "data"));
  return Number(db.prepare("SELECT size FROM checkpoints").get()?.["size"]);
}

export function origin(port: number): string {
  return `http://127.0.0.1:${port}`;
}

/** The ledger commands in this process. */
export async function ledger(args: readonly string[]) {
  let out = "";
  let err = "";
  const code = await runSubcommand(LEDGER, args, {
    out: (text) => void (out += text.endsWith("\n") ? text : `${text}\n`),
    err: (text) => void (err += text.endsWith("\n") ? text : `${text}\n`),
  });
  return { code, out, err };
}

/** The failed findings of a `--json` report: name → text. */
export function failing(out: string): Readonly<Record<string, string>> {
  const { findings } = JSON.parse(out) as {
    readonly findings: readonly { readonly name: string; readonly status: string; readonly words: string }[];
  };
  return Object.fromEntries(
    findings.filter(({ status }) => status === "fails").map(({ name, words }) => [name, words]),
  );
}

const OBJECTS = join("data", "state", "do");

/** D1's file, with its guard rails taken down as an attacker would. */
export function openLedger(dataDir: string): DatabaseSync {
  const folder = join(dataDir, "state", "d1", "miniflare-D1DatabaseObject");
  const [file] = readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  return new DatabaseSync(join(folder, file ?? ""));
}

export function dropTriggers(db: DatabaseSync): void {
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'trigger'").all()) {
    db.exec(`DROP TRIGGER "${String(name)}"`);
  }
}

interface StoredIntent {
  readonly state: object;
  readonly progress: { readonly seq: number };
}

/** Rewrites the stored state of an intent's object, as an attacker with access to its file could. */
export function rewriteState(home: string, intent: string, change: object): void {
  const file = `${Buffer.from(intent.slice("int_".length), "base64url").toString("hex")}.sqlite`;
  rewriteIntent(join(intentsOf(home), file), (stored) => ({
    ...stored,
    state: { ...stored.state, ...change },
  }));
}

/**
 * As if every intent had been written once more since D1 got its entries: an object that does not know that they are
 * there appends them again, also where an attacker deleted them.
 */
function noteFlushed(home: string): void {
  const folder = intentsOf(home);
  for (const file of readdirSync(folder).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))) {
    rewriteIntent(join(folder, file), ({ progress, ...stored }) => ({
      ...stored,
      progress: { ...progress, flushed: progress.seq },
    }));
  }
}

function intentsOf(home: string): string {
  const folder = readdirSync(join(home, OBJECTS)).find((name) => name.endsWith("-IntentObject"));
  return join(home, OBJECTS, folder ?? "");
}

function rewriteIntent(file: string, change: (stored: StoredIntent) => object): void {
  using db = new DatabaseSync(file);
  const { value } = db.prepare("SELECT value FROM _cf_KV WHERE key = 'intent'").get() ?? {};
  if (value === undefined) return;
  const changed = serialize(change(deserialize(value as Uint8Array) as StoredIntent));
  db.prepare("UPDATE _cf_KV SET value = ? WHERE key = 'intent'").run(changed);
}

/** Deletes the storage of the log's object, for an attacker who reaches that as well. */
export function forgetLog(home: string): void {
  for (const name of readdirSync(join(home, OBJECTS)).filter((folder) => folder.endsWith("-LogObject"))) {
    rmSync(join(home, OBJECTS, name), { recursive: true });
  }
}

/** A copy of the stopped server's folder, to be attacked. */
export function copyHome(scene: Scene, to: string): void {
  cpSync(join(scene.home, "data"), join(to, "data"), { recursive: true });
}

export async function restart(
  home: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly server: RunningCommand; readonly port: number }> {
  const port = await freePort();
  return { server: await serve({ port, home, env }), port };
}

/** The secret that a data folder was made with. */
export function secretOf(home: string): string {
  const { GATE_SECRET } = JSON.parse(readFileSync(join(home, "data", "secrets.json"), "utf8")) as {
    readonly GATE_SECRET: string;
  };
  return GATE_SECRET;
}

import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { freePort, run, type RunningCommand, serve, temporaryFolder } from "../support/command.ts";
import { clientAt } from "../support/client.ts";
import { ledger, origin } from "../support/ledger-server.ts";
import { startUpstream, type Upstream } from "../support/upstream.ts";

/*
 * A data folder is copied, fifty approved writes go out, and the copy is put back: it knows the fifty as approved and not
 * sent. The upstream is the witness of what is sent again.
 */

const WRITES = 50;
const ADMIN = "gate_ak_restored-0123456789abcdef";

/** Longer than Gate's first pause between two attempts to send. */
const QUIET_MS = 8_000;

const folder = temporaryFolder();
const home = folder.path;
const at = (name: string) => join(home, name);
const copyFile = at("data.checkpoint.json");

let upstream: Upstream;
let port: number;
let agent: string;
let reviewer: string;
let reviewerSession: string;
let token: string;
let execution: string;
let nonce: string;
let backup: string;
let newest: string;
let ids: string[] = [];
let pending: string;
let server: RunningCommand | null = null;

const call = (method: "GET" | "POST", path: string, key: string, body?: object) =>
  clientAt(port).call(method, path, key, body);
const stateOf = async (id: string) => (await call("GET", `/v1/intents/${id}`, ADMIN)).body["state"];

const args = () => ["--registry", at("gate.yaml"), "--policy-dir", at("policies")];
const env = (secret: string) => ({ GATE_ADMIN_KEY: ADMIN, UP_KEY: secret });

async function start(secret: string, ...more: readonly string[]): Promise<RunningCommand> {
  server = await serve({ port, home, args: [...args(), ...more], env: env(secret) });
  return server;
}

async function stop(): Promise<void> {
  await server?.end();
  server = null;
}

/** A start that must fail, to its end. */
const refused = (...more: readonly string[]) =>
  run(["--port", String(port), "--data-dir", at("data"), ...args(), ...more], {
    env: { ...env(SECRET), XDG_CONFIG_HOME: at("config") },
  });

function putBack(): void {
  rmSync(at("data"), { recursive: true });
  cpSync(backup, at("data"), { recursive: true });
}

const SECRET = "sk_live_of_the_restored_upstream";

beforeAll(async () => {
  upstream = await startUpstream({ crm: () => ({ status: 201, body: "{}" }) });
  port = await freePort();
  backup = at("backup");
  mkdirSync(at("policies"));
  writeFileSync(at("policies/held.yaml"), "id: held\ndestinations: [crm.held]\nrequire_approval: always\n");
  writeFileSync(at("policies/open.yaml"), "id: open\ndestinations: [crm.open]\nauto_approve_under: 100\n");
  writeFileSync(
    at("gate.yaml"),
    `destinations:
  crm.held: { policies: [held], upstream: "${upstream.url}/crm", prefix: /held, credential: up, allow_private: true }
  crm.open: { policies: [open] }
credentials: { up: { ref: env://UP_KEY } }
`,
  );
  // Without a usable credential an approved write stays approved.
  await start("short");
  const register = async (role: string) =>
    String((await call("POST", "/v1/agents/register", ADMIN, { name: `the-${role}`, role })).body["apiKey"]);
  [agent, reviewer] = [await register("agent"), await register("reviewer")];
  const held = async (number: number) => {
    const response = await fetch(`${origin(port)}/held/things`, {
      method: "POST",
      headers: { "X-Gate-Key": agent, "Content-Type": "application/json" },
      body: JSON.stringify({ number }),
    });
    return ((await response.json()) as { readonly intentId: string }).intentId;
  };
  ids = await Promise.all(Array.from({ length: WRITES }, (_, number) => held(number)));
  pending = await held(WRITES);
  for (const id of ids) await call("POST", `/v1/intents/${id}/approve`, reviewer, {});
  const open = {
    destination: "crm.open",
    policy: "open",
    payload: "a\n",
    payload_name: "a.csv",
    recordCount: 1,
  };
  const ordered = await call("POST", "/v1/intents", agent, open);
  const order = await call("POST", `/v1/intents/${String(ordered.body["intentId"])}/execute`, agent);
  [execution, token] = [String(order.body["executionId"]), String(order.body["execution_token"])];
  nonce = String((await call("GET", "/v1/nonce", reviewer)).body["nonce"]);
  const session = await fetch(`${origin(port)}/v1/session`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ key: reviewer }),
  });
  reviewerSession = session.headers.getSetCookie()[0]?.split(";")[0] ?? "";
  await stop();
  cpSync(at("data"), backup, { recursive: true });
  expect(upstream.received).toHaveLength(0);

  await start(SECRET);
  await vi.waitFor(() => expect(upstream.received).toHaveLength(WRITES), { timeout: 90_000, interval: 100 });
  newest = await (
    await fetch(`${origin(port)}/log/seal`, { method: "POST", headers: { authorization: `Bearer ${ADMIN}` } })
  ).text();
  writeFileSync(at("newest.txt"), newest);
  await stop();
  putBack();
}, 180_000);

afterAll(async () => {
  await stop();
  await upstream?.[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

describe("INV-11: a data folder that was copied, with fifty writes sent since", () => {
  test("is refused, with the command that says it was restored", async () => {
    const { code, err } = await refused();
    expect(code).toBe(1);
    expect(err).toMatch(/fewer entries than the \d+ that this server wrote/);
    expect(err).toContain("--restored");
    expect(upstream.received).toHaveLength(WRITES);
  });

  test("stays refused when a start was refused before, and --checkpoint alone is a usage error", async () => {
    expect((await refused()).code).toBe(1);
    expect((await refused("--checkpoint", at("newest.txt"))).code).toBe(2);
    expect((await refused("--restored", "--checkpoint", at("gate.yaml"))).code).toBe(1);
    expect(existsSync(at("data/restored.json"))).toBe(false);
  });

  test("a restoring start that is cut off sends nothing, and the next start finishes without the option", async () => {
    const before = readFileSync(copyFile, "utf8");
    const cut = await serve({ port, home, args: [...args(), "--restored"], env: env(SECRET) });
    await cut.end("SIGKILL");
    // As after a crash before the end: the folder says that the restore is not done, the copy that one began.
    const file = at("data/restored.json");
    const restore = JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
    writeFileSync(file, JSON.stringify({ ...restore, isDone: false }));
    writeFileSync(copyFile, JSON.stringify({ ...JSON.parse(before), restoring: restore["restoredAt"] }));
    const again = await start(SECRET);
    expect(again.err()).toContain("restored:");
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({ isDone: true });
  });

  test("sends none of the fifty again, and its cases say why", async () => {
    await pause(QUIET_MS);
    for (const id of ids) expect(await stateOf(id)).toBe("indeterminate");
    expect(upstream.received).toHaveLength(WRITES);
    const { body } = await call("GET", `/v1/intents/${ids[0]}/audit`, ADMIN);
    const events = (body["events"] as readonly { readonly event_type: string }[]).map(
      (each) => each.event_type,
    );
    expect(events.at(-1)).toBe("restored");
    const shown = await call("GET", `/v1/intents/${ids[0]}`, ADMIN);
    expect(shown.body["restored_at"]).toMatch(/^\d{4}-/);
  });

  test("has the restore and the kill switch on the ledger, once", async () => {
    const entries = await (
      await fetch(`${origin(port)}/log/entries`, { headers: { authorization: `Bearer ${ADMIN}` } })
    ).text();
    const { switches } = (await call("GET", "/v1/switches", ADMIN)).body as {
      readonly switches: readonly { readonly scope: string; readonly version: number }[];
    };
    expect(switches).toMatchObject([{ scope: "everything", version: 1 }]);
    expect(entries).not.toContain("switch_lifted");
    const refusedWrite = await call("POST", "/v1/intents", agent, {
      destination: "crm.open",
      policy: "open",
      payload: "b\n",
      payload_name: "b.csv",
      recordCount: 1,
    });
    expect(refusedWrite.body).toMatchObject({ status: "blocked", reason_code: "kill_switch" });
  });

  test("takes no order's token, session or nonce from before, once the switch is lifted", async () => {
    await call("POST", "/v1/switches/lift", ADMIN, { scope: "everything" });
    const claimed = await call("POST", `/v1/executions/${execution}/claim`, token);
    expect([claimed.status, claimed.body["code"]]).toEqual([401, "invalid_execution_token"]);
    const session = await fetch(`${origin(port)}/v1/session`, { headers: { cookie: reviewerSession } });
    expect(session.status).toBe(401);
    const voted = await call("POST", `/v1/intents/${pending}/approve`, reviewer, { nonce });
    expect([voted.status, voted.body["code"]]).toEqual([409, "replay_rejected"]);
    expect(await stateOf(pending)).toBe("pending_approval");
  });

  test("INV-18: its log stays stopped, because the newest checkpoint covers entries that it lacks", async () => {
    const { body } = await call("GET", "/log/health", ADMIN);
    expect(body).toMatchObject({ status: "stopped" });
    const fault = body["fault"] as { readonly reason: string };
    expect(["checkpoint_ahead", "checkpoint_conflict"]).toContain(fault.reason);
  });

  test("keeps the restore over restarts, engages the lifted switch no more, and sends nothing later", async () => {
    await stop();
    await start(SECRET);
    expect((await call("GET", "/v1/switches", ADMIN)).body["count"]).toBe(0);
    const resolved = await call("POST", `/v1/intents/${ids[0]}/resolve`, ADMIN, {
      outcome: "executed",
      note: "the upstream has it",
    });
    expect(resolved.body).toMatchObject({ status: "succeeded" });
    expect(upstream.received).toHaveLength(WRITES);
  });

  test("is recognised when the same backup is put back once more", async () => {
    await stop();
    putBack();
    expect((await refused()).code).toBe(1);
    await start(SECRET, "--restored", "--checkpoint", at("newest.txt"));
    await pause(QUIET_MS);
    expect(upstream.received).toHaveLength(WRITES);
    for (const id of ids) expect(await stateOf(id)).toBe("indeterminate");
    await stop();
  });
});

describe("a folder that was not restored", () => {
  test("starts at the same place when it is new, and has a log of its own", async () => {
    rmSync(at("data"), { recursive: true });
    const fresh = await start(SECRET);
    expect(fresh.err()).toContain("is of an earlier data folder");
    await stop();
    await start(SECRET);
    await stop();
  });

  test("starts at another place, and --restored needs data", async () => {
    cpSync(at("data"), at("moved"), { recursive: true });
    const moved = await serve({ port, home, args: args(), env: env(SECRET) });
    await moved.end();
    const empty = await run(["--port", String(port), "--data-dir", at("empty"), ...args(), "--restored"], {
      env: { ...env(SECRET), XDG_CONFIG_HOME: at("config") },
    });
    expect(empty).toMatchObject({ code: 1, err: expect.stringContaining("has no data") });
  });

  test("INV-18: restored with a checkpoint that it extends, its log goes on", async () => {
    await start(SECRET);
    const note = await (
      await fetch(`${origin(port)}/log/seal`, {
        method: "POST",
        headers: { authorization: `Bearer ${ADMIN}` },
      })
    ).text();
    writeFileSync(at("mine.txt"), note);
    await stop();
    const early = await refused("--restored", "--checkpoint", at("mine.txt"));
    expect([early.code, early.err]).toEqual([1, expect.stringContaining("--restored --force")]);
    await start(SECRET, "--restored", "--force", "--checkpoint", at("mine.txt"));
    const { body } = await call("GET", "/log/health", ADMIN);
    expect(body).toMatchObject({ status: "sealed", fault: null });
    const published = (await call("GET", "/.well-known/gate", ADMIN)).body["log"] as {
      readonly vkey: string;
    };
    writeFileSync(at("key"), ADMIN);
    const connection = ["--server", origin(port), "--api-key-file", at("key")];
    const verified = await ledger([
      "verify",
      ...connection,
      "--key",
      published.vkey,
      "--checkpoint",
      at("mine.txt"),
    ]);
    expect(verified.code, verified.out).toBe(0);
    await stop();
  });

  test("whose copy of the checkpoint is damaged is refused, not taken for unknown", async () => {
    writeFileSync(copyFile, "{");
    const { code, err } = await refused();
    expect([code, err]).toEqual([1, expect.stringContaining("is damaged")]);
  });
});

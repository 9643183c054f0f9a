import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  freePort,
  isAlive,
  lockOf,
  printedKey,
  ROOT,
  run,
  serve,
  temporaryFolder,
} from "../support/command.ts";
import { clientAt } from "../support/client.ts";
const IMPORT = {
  destination: "salesforce.import",
  policy: "crm-low-risk",
  payload: "email\nada@example.com\n",
  payload_name: "leads.csv",
};

function modeOf(path: string): number {
  return statSync(path).mode & 0o777;
}

test("the first start shows three keys once, and stores only the agent's", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  const keys: string[] = [];
  {
    await using server = await serve({ port, home: home.path });
    for (const role of ["admin", "agent", "reviewer"] as const) keys.push(printedKey(server.out(), role));
    expect(server.out()).toContain("curl -s http://127.0.0.1:");
    expect(server.out()).toContain(`http://127.0.0.1:${port} in a browser`);
    // The printed lines run as they are, pasted into a shell in this folder.
    const line = /^ {2}(GATE_ENDPOINT=\S+ GATE_API_KEY=\S+ npx zehrava-gate approvals list)$/m.exec(
      server.out(),
    )?.[1];
    const pasted = (text = "") => execFileSync("sh", ["-c", text], { cwd: ROOT, encoding: "utf8" });
    expect(pasted(line)).toBe("Nothing waits for a decision.\n");
    expect(JSON.parse(pasted(/^ {2}(curl -s .+)$/m.exec(server.out())?.[1]))).toMatchObject({
      status: "pending_approval",
    });
    expect(pasted(line)).toContain("salesforce.import");
    const left = join(home.path, "config", "zehrava-gate", "local-agents.json");
    expect(JSON.parse(readFileSync(left, "utf8"))).toEqual({ [port]: keys[1] });
    expect(modeOf(left)).toBe(0o600);
    expect(modeOf(join(left, ".."))).toBe(0o700);
    expect(modeOf(join(home.path, "data"))).toBe(0o700);
    expect(modeOf(join(home.path, "data", "secrets.json"))).toBe(0o600);
    const { code } = await server.end("SIGINT");
    expect(code).toBe(0);
    // The SDK must not send the key to another program that listens on this port next.
    expect(readFileSync(left, "utf8")).not.toContain(keys[1]);
  }
  const stored = ["secrets.json", "local-agent.json"].map((name) =>
    readFileSync(join(home.path, "data", name), "utf8"),
  );
  expect(stored.join()).not.toContain(keys[0]);
  expect(stored.join()).not.toContain(keys[2]);
  await using again = await serve({ port, home: home.path });
  expect(again.out()).not.toMatch(/gate_(ak|sk|rk)_/);
  const listed = await clientAt(port).call("GET", "/v1/agents", keys[0] ?? "");
  expect(listed.body["count"]).toBe(3);
});

test("an interrupted first start is followed by new keys", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  let first: string;
  {
    await using server = await serve({ port, home: home.path });
    first = printedKey(server.out(), "agent");
  }
  // As if the power went out after the registration.
  writeFileSync(join(home.path, "data", "local-agent.json"), "{}");
  await using server = await serve({ port, home: home.path });
  const second = printedKey(server.out(), "agent");
  expect(second).not.toBe(first);
  expect((await clientAt(port).call("POST", "/v1/intents", first, IMPORT)).status).toBe(401);
  expect((await clientAt(port).call("POST", "/v1/intents", second, IMPORT)).body["status"]).toBe("approved");
});

test("the admin key of the environment registers principals", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using _server = await serve({
    port,
    home: home.path,
    env: { GATE_ADMIN_KEY: "gate_ak_from-outside-0123456789" },
  });
  const body = { name: "another", role: "reviewer" };
  const registered = await clientAt(port).call(
    "POST",
    "/v1/agents/register",
    "gate_ak_from-outside-0123456789",
    body,
  );
  expect(registered.status).toBe(201);
  expect(
    (await clientAt(port).call("POST", "/v1/agents/register", "gate_ak_guess", { name: "x" })).status,
  ).toBe(401);
});

describe("a server that can't start says why in one line and exits", () => {
  test("for a port in use", async () => {
    using home = temporaryFolder();
    const port = await freePort();
    const squatter = createServer().listen(port, "127.0.0.1");
    try {
      const { code, err } = await run(["--port", String(port), "--data-dir", home.path]);
      expect(code).toBe(1);
      expect(err.trim()).toBe(
        `zehrava-gate: port ${port} on 127.0.0.1 is in use; stop the process that listens there, or choose another --port`,
      );
    } finally {
      squatter.close();
    }
  });

  test("for a data folder that is a file", async () => {
    using home = temporaryFolder();
    const file = join(home.path, "data");
    writeFileSync(file, "mine");
    const { code, err } = await run(["--port", String(await freePort()), "--data-dir", file]);
    expect(code).toBe(1);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(err).toContain("can't write to the data folder");
    expect(readFileSync(file, "utf8")).toBe("mine");
  });

  test("for a data folder in use by another server", async () => {
    using home = temporaryFolder();
    const port = await freePort();
    await using server = await serve({ port, home: home.path });
    const second = await run(["--port", String(await freePort()), "--data-dir", join(home.path, "data")]);
    expect(second.code).toBe(1);
    expect(second.err.trim()).toBe(
      `zehrava-gate: ${join(home.path, "data")} is in use by another server (pid ${server.process.pid}); stop it or give --data-dir`,
    );
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
  });

  test("for a damaged secrets file, which it does not replace", async () => {
    using home = temporaryFolder();
    mkdirSync(join(home.path, "data"));
    writeFileSync(join(home.path, "data", "secrets.json"), '{"GATE_SECRET": "short"}');
    const { code, err } = await run([
      "--port",
      String(await freePort()),
      "--data-dir",
      join(home.path, "data"),
    ]);
    expect(code).toBe(1);
    expect(err).toContain("must be 32 bytes in base64");
    expect(readFileSync(join(home.path, "data", "secrets.json"), "utf8")).toBe('{"GATE_SECRET": "short"}');
  });

  test("for a broken registry", async () => {
    using home = temporaryFolder();
    const registry = join(home.path, "gate.yaml");
    writeFileSync(registry, "destinations:\n  crm.import: { polices: [x] }\n");
    const { code, err } = await run([
      "--port",
      String(await freePort()),
      "--data-dir",
      join(home.path, "data"),
      "--registry",
      registry,
    ]);
    expect(code).toBe(1);
    expect(err).toMatch(/^gate\.yaml:2:\d+: /m);
  });

  test.each([
    ["an unknown flag", ["--prot", "4000"], "--prot"],
    ["an unknown command", ["serv"], "unknown command: serv"],
    ["a port that is none", ["--port", "0x50"], "--port takes a number"],
    ["an empty folder name", ["--data-dir", ""], "--data-dir is empty"],
    ["a word too many", ["init", "a", "b"], "unexpected argument: b"],
  ])("for %s", async (_, args, message) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toContain(message);
    expect(err).toContain("Usage: zehrava-gate");
    expect(err).not.toMatch(/^\s+at /m);
  });
});

test("INV-20: kill -9 and a restart lose nothing, and the orphaned runtime is ended", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  let key: string;
  let intentId: string;
  let orphan: number;
  {
    await using server = await serve({ port, home: home.path });
    key = printedKey(server.out(), "agent");
    const proposed = await clientAt(port).call("POST", "/v1/intents", key, { ...IMPORT, recordCount: 847 });
    expect(proposed.body["status"]).toBe("pending_approval");
    intentId = String(proposed.body["intentId"]);
    orphan = lockOf(home.path).runtime.pid;
    server.process.kill("SIGKILL");
    await server.finished;
    expect(isAlive(orphan)).toBe(true);
  }
  await using server = await serve({ port, home: home.path });
  expect(isAlive(orphan)).toBe(false);
  const stored = await clientAt(port).call("GET", `/v1/intents/${intentId}`, key);
  expect(stored.body["status"]).toBe("pending_approval");
  const { runtime } = lockOf(home.path);
  expect((await server.end("SIGTERM")).code).toBe(0);
  expect(isAlive(runtime.pid)).toBe(false);
  expect(existsSync(join(home.path, "data", "server.lock"))).toBe(false);
});

test("a stale lock never ends an unrelated process with its pid", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  mkdirSync(join(home.path, "data"));
  const stranger = { pid: process.pid, startedAt: "another life" };
  writeFileSync(
    join(home.path, "data", "server.lock"),
    JSON.stringify({ server: { ...stranger, pid: 2 ** 22 + 1 }, runtime: stranger }),
  );
  // This very process would be gone.
  await using _server = await serve({ port, home: home.path });
  expect(lockOf(home.path).runtime.pid).not.toBe(process.pid);
});

test("a runtime that ends by itself ends the server", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  process.kill(lockOf(home.path).runtime.pid, "SIGKILL");
  const { code, err } = await server.finished;
  expect(code).toBe(1);
  expect(err).toContain("the runtime ended by itself");
});

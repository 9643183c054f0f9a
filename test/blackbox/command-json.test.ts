import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { freePort, run, startCommand, temporaryFolder } from "../support/command.ts";
import { type Body, crmImport, list, startGate, text } from "../support/gate.ts";

/* Output for programs of the commands that print for people first. */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();

const asPerson = (key: string, ...args: readonly string[]) =>
  run(args, { env: { GATE_ENDPOINT: `http://127.0.0.1:${gate.port}`, GATE_API_KEY: key } });

const asReviewer = (...args: readonly string[]) => asPerson(reviewer.key, ...args);

async function held(): Promise<string> {
  const { body } = await gate.call("POST", "/v1/intents", agent.key, crmImport(847));
  return text(body, "intentId");
}

const parsed = (out: string): Body => JSON.parse(out) as Body;

describe("approvals", () => {
  test("approve: each result, and the cases that can't be decided with the reason", async () => {
    const id = await held();
    const { code, out } = await asReviewer("approvals", "approve", id, "--yes", "--json");
    expect([code, list(parsed(out), "results")]).toMatchObject([
      0,
      [{ accepted: true, intentId: id, state: "approved" }],
    ]);

    const again = await asReviewer("approvals", "approve", id, "--yes", "--json");
    expect(again.code).toBe(1);
    expect(parsed(again.out)).toMatchObject({ results: [], skipped: [{ id }] });
  });

  test("approve without --yes is wrong usage: no case is shown that could be confirmed", async () => {
    const id = await held();
    const { code, err } = await asReviewer("approvals", "approve", id, "--json");
    expect([code, err]).toEqual([2, expect.stringContaining("--yes")]);
    const { body } = await gate.call("GET", `/v1/intents/${id}`, agent.key);
    expect(body).toMatchObject({ state: "pending_approval" });
  });

  test("reject takes its reason from the option, and does not prompt", async () => {
    const id = await held();
    expect((await asReviewer("approvals", "reject", id, "--json")).code).toBe(2);
    const { code, out } = await asReviewer("approvals", "reject", id, "--reason", "wrong list", "--json");
    expect([code, list(parsed(out), "results")]).toMatchObject([0, [{ accepted: true, intentId: id }]]);
  });

  test("watch prints a line for each case and each outcome", async () => {
    const id = await held();
    const watching = startCommand(["approvals", "watch", "--interval", "1", "--json"], {
      env: { GATE_ENDPOINT: `http://127.0.0.1:${gate.port}`, GATE_API_KEY: reviewer.key },
    });
    const events = () =>
      watching
        .out()
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => parsed(line));
    const of = (event: string) =>
      events()
        .filter((line) => line["event"] === event)
        .map(({ intent }) => (intent as Body)["id"]);
    await expect.poll(() => of("waiting"), { timeout: 10_000 }).toContain(id);
    await gate.call("POST", `/v1/intents/${id}/approve`, reviewer.key, {});
    await expect.poll(() => of("approved"), { timeout: 10_000 }).toContain(id);
    watching.process.kill("SIGINT");
    expect((await watching.finished).code).toBe(0);
  });
});

test("ledger export tells what it wrote into the file", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "log.ndjson");
  await held();
  const { code, out } = await asPerson(gate.adminKey, "ledger", "export", "--out", file, "--json");
  expect(code).toBe(0);
  const { entries, size } = parsed(out);
  expect(parsed(out)).toMatchObject({ file, from: 0, root: "same", checkpoint: expect.any(String) });
  expect([entries, readFileSync(file, "utf8").trim().split("\n").length]).toEqual([size, Number(size) + 1]);
  expect((await asPerson(gate.adminKey, "ledger", "export", "--json")).code).toBe(2);
});

test("init tells what it wrote and what it kept", async () => {
  using folder = temporaryFolder();
  const first = parsed((await run(["init", "--json"], { cwd: folder.path })).out);
  expect(list(first, "files").every(({ written }) => written === true)).toBe(true);
  const second = parsed((await run(["init", "--json"], { cwd: folder.path })).out);
  expect(list(second, "files").some(({ written }) => written === true)).toBe(false);
});

test("demo tells each scene, and what was not as expected", async () => {
  const { code, out } = await run(["demo", "--json"]);
  expect(code).toBe(0);
  expect(list(parsed(out), "scenes").map(({ unexpected }) => unexpected)).toEqual(
    Array.from({ length: 7 }, () => []),
  );
});

test("the server tells in one line where it listens, and the keys of a first start", async () => {
  using folder = temporaryFolder();
  const port = await freePort();
  for (const isFirst of [true, false]) {
    const server = startCommand(["--port", String(port), "--json"], { cwd: folder.path });
    await expect.poll(() => server.out(), { timeout: 30_000 }).toContain("\n");
    const line = parsed(server.out());
    expect(line).toMatchObject({ url: `http://127.0.0.1:${port}`, local_sign_in: false });
    expect(line["keys"] !== null).toBe(isFirst);
    server.process.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
    expect(server.out().trim().split("\n")).toHaveLength(1);
  }
});

import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { Gate } from "../../sdk/typescript/gate.ts";
import {
  buildIfStale,
  freePort,
  printedKey,
  request,
  ROOT,
  run,
  runScript,
  serve,
  temporaryFolder,
} from "./command.ts";

beforeAll(buildIfStale);

/** The intent that waits, once there is one. */
async function pendingId(port: number, key: string): Promise<string> {
  for (let looked = 0; looked < 400; looked += 1) {
    const { body } = await request(port, "GET", "/v1/intents?status=pending_approval", key);
    const [first] = body["intents"] as readonly { readonly id: string }[];
    if (first !== undefined) return first.id;
    await pause(50);
  }
  throw new Error("nothing was proposed");
}

test("an agent that waits is told of an approval in a terminal, and carries the write out once", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const reviewer = printedKey(server.out(), "reviewer");
  const environment = {
    XDG_CONFIG_HOME: join(home.path, "config"),
    GATE_ENDPOINT: `http://localhost:${port}`,
    GATE_REVIEWER_KEY: reviewer,
  };
  const script = join(ROOT, "examples", "wait.mjs");
  const waiting = runScript(script, environment);
  const id = await pendingId(port, reviewer);
  const decided = await run(["approvals", "approve", id, "--yes"], { env: environment });
  expect([decided.code, decided.err]).toEqual([0, ""]);
  const { code, out, err } = await waiting;
  expect([code, err]).toEqual([0, ""]);
  expect(out.trim().split("\n")).toEqual([
    `${id}: waiting for a person`,
    `${id}: approved`,
    `${id}: carried out`,
  ]);
});

test("a wait goes on through a restart of the server", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  let keys: { readonly agent: string; readonly reviewer: string };
  let id: string;
  let waiting: ReturnType<Gate["wait"]>;
  {
    await using server = await serve({ port, home: home.path });
    keys = { agent: printedKey(server.out(), "agent"), reviewer: printedKey(server.out(), "reviewer") };
    const gate = new Gate({ endpoint: `http://127.0.0.1:${port}`, apiKey: keys.agent });
    const body = { destination: "salesforce.import", policy: "crm-low-risk", recordCount: 847 };
    ({ intentId: id } = await gate.propose({ ...body, payload: "a\n1\n", payloadName: "a.csv" }));
    waiting = gate.wait(id);
    // Long enough for the call to be on its way; nothing depends on where it is when the server dies.
    await pause(300);
    await server.end("SIGKILL");
  }
  await using _again = await serve({ port, home: home.path });
  await request(port, "POST", `/v1/intents/${id}/approve`, keys.reviewer, {});
  expect(await waiting).toMatchObject({ intentId: id, status: "approved", decided: true });
});

test("more agents than the server holds calls for are all told", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const reviewer = printedKey(server.out(), "reviewer");
  let calls = 0;
  const gate = new Gate({
    endpoint: `http://127.0.0.1:${port}`,
    apiKey: printedKey(server.out(), "agent"),
    reviewerKey: reviewer,
    fetch: (input, init) => {
      calls += 1;
      return fetch(input, init);
    },
  });
  const held = await gate.propose({
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: "a\n1\n",
    payloadName: "a.csv",
    recordCount: 847,
  });
  const stop = new AbortController();
  const leaving = gate.wait(held.intentId, { signal: stop.signal }).catch((error: unknown) => error);
  const waits = Array.from({ length: 80 }, () => gate.wait(held.intentId));
  await pause(1_000);
  stop.abort("gone");
  expect(await leaving).toBe("gone");
  await gate.approve({ intentId: held.intentId, digest: String(held["intent_digest"]) });
  const states = (await Promise.all(waits)).map(({ status }) => status);
  expect(new Set(states)).toEqual(new Set(["approved"]));
  // One call each, and for the 17 that the object does not hold a few more, seconds apart.
  expect(calls).toBeLessThan(80 + 17 * 8);
});

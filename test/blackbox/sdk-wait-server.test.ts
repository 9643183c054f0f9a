import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { Gate } from "../../sdk/typescript/gate.ts";
import { freePort, printedKey, ROOT, run, runScript, serve, temporaryFolder } from "../support/command.ts";
import { clientAt } from "../support/client.ts";
/** The intent that waits, once there is one. */
async function pendingId(port: number, key: string): Promise<string> {
  for (let looked = 0; looked < 400; looked += 1) {
    const { body } = await clientAt(port).call("GET", "/v1/intents?status=pending_approval", key);
    const [first] = body["intents"] as readonly { readonly id: string }[];
    if (first !== undefined) return first.id;
    await pause(50);
  }
  throw new Error("nothing was proposed");
}

test("an agent that waits learns of an approval in a terminal and executes the write once", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const reviewer = printedKey(server.out(), "reviewer");
  const environment = {
    XDG_CONFIG_HOME: join(home.path, "config"),
    GATE_ENDPOINT: `http://localhost:${port}`,
  };
  const script = join(ROOT, "examples", "wait.mjs");
  const waiting = runScript(script, environment);
  const id = await pendingId(port, reviewer);
  const decided = await run(["approvals", "approve", id, "--yes"], {
    env: { ...environment, GATE_API_KEY: reviewer },
  });
  expect([decided.code, decided.err]).toEqual([0, ""]);
  const { code, out, err } = await waiting;
  expect([code, err]).toEqual([0, ""]);
  expect(out.trim().split("\n")).toEqual([
    `${id}: waiting for a person`,
    `${id}: approved`,
    `${id}: carried out`,
  ]);
});

test("a wait continues through a restart of the server", async () => {
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
  await clientAt(port).call("POST", `/v1/intents/${id}/approve`, keys.reviewer, {});
  expect(await waiting).toMatchObject({ intentId: id, status: "approved", decided: true });
});

test("more agents than the server holds calls for all learn of the decision", async () => {
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

test("a client of the queue lists, groups, edits and decides in batches, and the agent's wait follows the edit", async () => {
  using home = temporaryFolder();
  mkdirSync(join(home.path, "policies"));
  const policy = "id: held\ndestinations: [crm.*]\nrequire_approval: always\nedit: { allow: true }\n";
  writeFileSync(join(home.path, "policies", "held.yaml"), policy);
  const registry = join(home.path, "gate.yaml");
  writeFileSync(registry, "people: {}\ndestinations: {}\n");
  const port = await freePort();
  const args = ["--policy-dir", join(home.path, "policies"), "--registry", registry];
  await using server = await serve({ port, home: home.path, args });
  const registered = await clientAt(port).call(
    "POST",
    "/v1/agents/register",
    printedKey(server.out(), "admin"),
    {
      name: "second",
      role: "reviewer",
    },
  );
  const options = { endpoint: `http://127.0.0.1:${port}`, apiKey: printedKey(server.out(), "agent") };
  const gate = new Gate({ ...options, reviewerKey: printedKey(server.out(), "reviewer") });
  const second = new Gate({ ...options, reviewerKey: String(registered.body["apiKey"]) });
  const propose = (payload: string) => gate.propose({ destination: "crm.import", policy: "held", payload });

  const [one, two, three] = [await propose("a\n1\n"), await propose("a\n2\n"), await propose("a\n3\n")];
  const { approvals } = (await gate.approvals({ destination: "crm.import", limit: 2 })) as unknown as {
    approvals: readonly { readonly id: string; readonly group: string }[];
  };
  expect(approvals.map(({ id }) => id)).toEqual([three.intentId, two.intentId]);
  const { groups } = await gate.approvalGroups();
  expect(groups).toMatchObject([{ count: 3, group: approvals[0]?.group }]);

  const waiting = gate.wait(one.intentId);
  const reason = "wrong row";
  const digest = String(one["intent_digest"]);
  const stale = gate.edit({ intentId: one.intentId, payload: "a\n9\n", reason, digest: "0".repeat(64) });
  await expect(stale).rejects.toMatchObject({ status: 409, code: "digest_mismatch" });
  const edited = await gate.edit({ intentId: one.intentId, payload: "a\n9\n", reason, digest });
  const successor = edited["successor"] as { readonly intentId: string; readonly intent_digest: string };

  const decided = await second.batch([
    { intentId: successor.intentId, decision: "approve", digest: successor.intent_digest },
    { intentId: two.intentId, decision: "reject", digest: String(two["intent_digest"]), reason },
    { intentId: three.intentId, decision: "approve", digest: "0".repeat(64) },
  ]);
  expect(decided["results"]).toMatchObject([
    { intentId: successor.intentId, ok: true, status: "approved" },
    { intentId: two.intentId, ok: true, status: "blocked" },
    { intentId: three.intentId, ok: false, problem: { code: "digest_mismatch" } },
  ]);
  expect(await waiting).toMatchObject({ intentId: successor.intentId, status: "approved" });
  expect(await gate.wait(one.intentId, { followEdits: false })).toMatchObject({
    intentId: one.intentId,
    status: "blocked",
    successorId: successor.intentId,
    blockReason: reason,
  });

  const hook = {
    intentId: three.intentId,
    url: "https://hooks.example.com/gate",
    secret: "a-secret-of-16-or-more",
  };
  expect(await gate.registerWebhook(hook)).toMatchObject({ registered: true, intentId: three.intentId });
});

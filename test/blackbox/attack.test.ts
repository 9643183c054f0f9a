import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ATTACKS, exportOf } from "../support/attacks.ts";
import { BUNDLE_ATTACKS, EXPORT_ATTACKS } from "../support/evidence-attacks.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";
import {
  copyHome,
  dropTriggers,
  failing,
  ledger,
  makeScene,
  openLedger,
  origin,
  restart,
  rewriteState,
  secretOf,
  STORIES,
  type Scene,
} from "../support/ledger-server.ts";
import { clientAt } from "../support/client.ts";

const folder = temporaryFolder();
let scene: Scene;

beforeAll(async () => {
  scene = await makeScene(folder.path);
});
afterAll(() => folder[Symbol.dispose]());

/** Servers that are being restarted at once: more only wait for each other. */
const AT_ONCE = 3;
const waiting: (() => void)[] = [];
let running = 0;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) await new Promise<void>((resolve) => waiting.push(resolve));
  else running += 1;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }
}

/** Attacks a copy of the stopped server, starts it, and verifies it with a pinned key and checkpoint. */
async function verifyAfter(
  attack: (home: string) => void,
  pinned: "older" | "later",
  onServer: (port: number) => Promise<void> = async () => undefined,
  env: Readonly<Record<string, string>> = {},
) {
  using home = temporaryFolder();
  copyHome(scene, home.path);
  attack(home.path);
  const { server, port } = await restart(home.path, env);
  try {
    await onServer(port);
    const connection = ["--server", origin(port), "--api-key-file", scene.keyFile, "--json"];
    return await ledger(["verify", ...connection, "--key", scene.vkey, "--checkpoint", scene[pinned]]);
  } finally {
    await server.end();
  }
}

/** The same without a server: the rows themselves, verified from a copy of the database. */
async function verifyRows(attack: (home: string) => void) {
  using home = temporaryFolder();
  copyHome(scene, home.path);
  attack(home.path);
  using db = openLedger(join(home.path, "data"));
  const file = join(home.path, "rows.ndjson");
  writeFileSync(file, exportOf(db));
  return await ledger(["verify", file, "--json", "--key", scene.vkey, "--checkpoint", scene.older]);
}

function inDatabase(home: string, attack: (db: ReturnType<typeof openLedger>) => void): void {
  using db = openLedger(join(home, "data"));
  dropTriggers(db);
  attack(db);
}

/** Verifiers that detected it on their own, not from an earlier finding. */
function noticersOf(findings: Readonly<Record<string, unknown>>): readonly string[] {
  return Object.keys(findings)
    .filter((name) => name !== "checkpoint" && name !== "held")
    .toSorted();
}

describe.concurrent("INV-18: an attacker who writes into D1 is detected", () => {
  test("nothing is reported where nothing was changed", async () => {
    const { code, out } = await inTurn(() => verifyAfter(() => undefined, "older"));
    expect(failing(out)).toEqual({});
    expect(code).toBe(0);
  });

  for (const { name, go, noticed, pinned = "older", asExport } of ATTACKS) {
    test(name, async () => {
      const attack = (home: string) => inDatabase(home, (db) => go({ scene, db, home }));
      const { code, out } = await (asExport ? verifyRows(attack) : inTurn(() => verifyAfter(attack, pinned)));
      const failed = failing(out);
      expect(noticersOf(failed), out).toEqual(noticersOf(noticed));
      for (const [finding, words] of Object.entries(noticed)) expect(failed[finding]).toMatch(words);
      expect(code).toBe(1);
    });
  }

  test("deleting the newest rows before sealing is detected at the chain's next entry", async () => {
    const [, chain] = scene.unsealed;
    const attack = (home: string) =>
      inDatabase(home, (db) => void db.prepare("DELETE FROM ledger WHERE intent_id = ?").run(chain));
    const { out } = await inTurn(() =>
      verifyAfter(attack, "older", async (port) => {
        // The intent's object is not the database: its evidence still has what is missing there.
        const { body } = await clientAt(port).call("GET", `/v1/intents/${chain}/evidence`, scene.agentKey);
        expect(body["entries"]).toHaveLength(3);
        await clientAt(port).call("POST", `/v1/intents/${chain}/execute`, scene.agentKey);
      }),
    );
    expect(failing(out)["sealer"]).toMatch(/"entry_missing"/);
  });
});

test("INV-18: an order forged in an intent's object without an approval fails verification", async () => {
  const { pending } = scene.ids;
  const attack = (home: string) =>
    rewriteState(home, pending, { phase: "approved", executeBy: Date.now() + 600_000 });
  const { code, out } = await inTurn(() =>
    verifyAfter(attack, "later", async (port) => {
      const ordered = await clientAt(port).call("POST", `/v1/intents/${pending}/execute`, scene.agentKey);
      expect(ordered.status).toBe(201);
    }),
  );
  expect(failing(out)).toEqual({
    entries: expect.stringMatching(
      /^impossible: .*"execution_requested"\) is not allowed after the entries before it/,
    ),
  });
  expect(code).toBe(1);
});

describe.concurrent("INV-18: a change of the deployment's secret", () => {
  const fresh = Buffer.alloc(32, 9).toString("base64");
  const nothing = async () => undefined;

  test("is followed from the pinned key to its successor", async () => {
    const env = { GATE_SECRET: fresh, GATE_SECRET_PREVIOUS: secretOf(scene.home) };
    const { code, out } = await inTurn(() => verifyAfter(() => undefined, "later", nothing, env));
    expect(failing(out)).toEqual({});
    expect(out).toContain("A pinned key signed the rotation to another key");
    expect(code).toBe(0);
  });

  test("is refused where the old key did not sign it, and rows under a lost secret are not sealed", async () => {
    const env = { GATE_SECRET: fresh };
    const { out } = await inTurn(() => verifyAfter(() => undefined, "later", nothing, env));
    const failed = failing(out);
    expect(failed["sealer"]).toMatch(/"mac_wrong"/);
    expect(out).not.toContain("signed the rotation");
  });
});

const verifyFile = (file: string, ...more: readonly string[]) =>
  ledger(["verify", file, "--key", scene.vkey, "--json", ...more]);

describe("INV-18: evidence downloaded earlier", () => {
  test.each(STORIES)("proves what happened: %s", async (story) => {
    const { code, out } = await verifyFile(join(scene.home, `${story}.json`), "--checkpoint", scene.later);
    expect(failing(out)).toEqual({});
    expect(code, out).toBe(0);
  });

  test("verifies with the independent Python verifier", ({ skip }) => {
    skip(spawnSync("python3", ["--version"]).status !== 0, "there is no python3 here");
    for (const story of ["succeeded", "approved by a person", "erased"] as const) {
      const args = [join(ROOT, "test", "verify_bundle.py"), join(scene.home, `${story}.json`), scene.vkey];
      const { status, stdout } = spawnSync("python3", args, { encoding: "utf8" });
      expect(status, stdout).toBe(0);
    }
  });

  test.each(BUNDLE_ATTACKS)("fails as a tampered bundle: $name", async ({ story, go, noticed }) => {
    const read = (of: string) => JSON.parse(readFileSync(join(scene.home, `${of}.json`), "utf8"));
    const file = join(scene.home, "attacked.json");
    writeFileSync(file, JSON.stringify(go(read(story), read("approved by a person"), scene)));
    const { code, out } = await verifyFile(file);
    const failed = failing(out);
    for (const [finding, words] of Object.entries(noticed)) expect(failed[finding], out).toMatch(words);
    expect(code).toBe(1);
  });

  test.each(EXPORT_ATTACKS)("fails as a tampered export: $name", async ({ go, noticed, pinned }) => {
    const lines = readFileSync(scene.exportFile, "utf8").trimEnd().split("\n");
    const file = join(scene.home, "attacked.ndjson");
    writeFileSync(file, `${go(lines, scene).join("\n")}\n`);
    const { code, out } = await verifyFile(
      file,
      ...(pinned === undefined ? [] : ["--checkpoint", scene[pinned]]),
    );
    expect(failing(out)["entries"], out).toMatch(noticed);
    expect(code).toBe(1);
  });

  test("holds as an untouched export, and a cut one fails only with a later checkpoint", async () => {
    const whole = await verifyFile(
      scene.exportFile,
      "--checkpoint",
      scene.older,
      "--checkpoint",
      scene.later,
    );
    expect(whole.code, whole.out).toBe(0);
    const lines = readFileSync(scene.exportFile, "utf8").split("\n");
    const older = readFileSync(scene.older, "utf8");
    const cut = [...lines.slice(0, Number(older.split("\n")[1])), JSON.stringify({ checkpoint: older })];
    const file = join(scene.home, "cut.ndjson");
    writeFileSync(file, cut.join("\n"));
    expect(await verifyFile(file)).toMatchObject({ code: 0 });
    expect(failing((await verifyFile(file, "--checkpoint", scene.later)).out)["held"]).toMatch(/ends before/);
  });
});

import { generateKeyPairSync, sign as signBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { secretIdOf } from "../../../cli/serve/log-copy.ts";
import { type RestoreOptions, restoreOfFolder } from "../../../cli/serve/restore.ts";
import { finishRestore } from "../../../cli/serve/restore-file.ts";
import { formatCheckpoint } from "../../../src/core/tlog/checkpoint.ts";
import { noteKey, signNote } from "../../../src/core/tlog/signed-note.ts";
import { fromBase64Url } from "../../../src/core/base/base64url.ts";
import { temporaryFolder } from "../../support/command.ts";

/*
 * What a start does with a data folder before the runtime exists. Each test is one folder with a ledger of five entries,
 * and a copy beside it that knows ten.
 */

const SECRET = Buffer.alloc(32, 7).toString("base64");
const ORIGIN = "gate.example";
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const x = String(publicKey.export({ format: "jwk" }).x);
const ENTRY_AT = Date.UTC(2026, 0, 1);

async function note(size: number, origin = ORIGIN, key = privateKey): Promise<string> {
  const text = formatCheckpoint({ origin, size, root: new Uint8Array(32) });
  const named = noteKey(origin, fromBase64Url(x) ?? new Uint8Array());
  return signNote(text, named, async (message) => new Uint8Array(signBytes(null, message, key)));
}

let folder: ReturnType<typeof temporaryFolder>;
let dataDir: string;
let lines: string[];
const copyFile = () => `${dataDir}.checkpoint.json`;
const restoreFile = () => join(dataDir, "restored.json");

/** A data folder with this many entries of Gate's ledger. */
function makeFolder(path: string, rows: number, at = ENTRY_AT): void {
  const d1 = join(path, "state", "d1", "miniflare-D1DatabaseObject");
  mkdirSync(d1, { recursive: true });
  const db = new DatabaseSync(join(d1, "gate.sqlite"));
  db.exec(`CREATE TABLE ledger (id INTEGER PRIMARY KEY, at INTEGER, entry_hash TEXT);
    CREATE TABLE intents (phase TEXT); CREATE TABLE signing_keys (jwk TEXT);
    INSERT INTO intents VALUES ('approved'), ('claimed'), ('pending_approval'), ('succeeded')`);
  db.prepare("INSERT INTO signing_keys VALUES (?)").run(JSON.stringify({ x }));
  for (let id = 1; id <= rows; id += 1) {
    db.prepare("INSERT INTO ledger VALUES (?, ?, ?)").run(id, at, `hash ${id}`);
  }
  db.close();
}

async function writeCopy(rows: number, more: object = {}): Promise<void> {
  const copy = {
    rows,
    size: rows,
    lastHash: `hash ${rows}`,
    note: await note(rows),
    secretId: secretIdOf(SECRET),
  };
  writeFileSync(copyFile(), JSON.stringify({ ...copy, ...more }));
}

const start = (more: Partial<RestoreOptions> = {}) =>
  restoreOfFolder({
    dataDir,
    stateDir: join(dataDir, "state"),
    isNew: false,
    secrets: { gateSecret: SECRET, previousSecrets: null },
    origin: ORIGIN,
    restored: false,
    force: false,
    checkpointFile: null,
    say: (line) => void lines.push(line),
    ...more,
  });
const restored = (more: Partial<RestoreOptions> = {}) => start({ restored: true, ...more });

function fileOf(text: string): string {
  const path = join(folder.path, "brought.txt");
  writeFileSync(path, text);
  return path;
}

beforeEach(async () => {
  folder = temporaryFolder();
  dataDir = join(folder.path, "data");
  lines = [];
  makeFolder(dataDir, 5);
  await writeCopy(10);
});
afterEach(() => folder[Symbol.dispose]());

describe("INV-11: a data folder that is behind the copy beside it", () => {
  test("is refused without --restored, and begins a restore with it, after one line of what that does", async () => {
    await expect(start()).rejects.toThrow(/fewer entries than the 10/);
    expect(existsSync(restoreFile())).toBe(false);
    const begun = await restored();
    expect(begun).toMatchObject({ isDone: false, checkpoint: await note(10) });
    expect(lines).toEqual([
      expect.stringMatching(/2 approved writes become indeterminate, 1 pending cases wait on/),
    ]);
  });

  test.each([
    ["without the option", {}],
    ["with --restored", { restored: true }],
    ["with --restored --force", { restored: true, force: true }],
  ])("goes on with the same restore %s when the start was cut off", async (_, more) => {
    const begun = await restored();
    expect(await start(more)).toEqual(begun);
    expect(await start(more)).toEqual(begun);
  });

  test("is refused as before when the start was cut off before the folder had its record", async () => {
    await restored();
    rmSync(restoreFile());
    await expect(start()).rejects.toThrow(/fewer entries/);
    expect((await restored())?.isDone).toBe(false);
  });

  test("starts again when the restore was finished and the copy not written any more", async () => {
    const begun = await restored();
    if (begun !== null) finishRestore(dataDir, begun);
    expect(await start()).toEqual({ ...begun, isDone: true });
    await expect(restored()).rejects.toThrow(/its restore of .* is done[^]*Nothing was started/);
  });

  test("is refused when it is a backup from the middle of an earlier restore, which was finished since", async () => {
    await restored();
    const backup = readFileSync(restoreFile(), "utf8");
    // The restore was finished, the server ran on, and its copy followed.
    await writeCopy(20);
    writeFileSync(restoreFile(), backup);
    await expect(start()).rejects.toThrow(/fewer entries than the 20/);
    await writeCopy(5);
    await expect(start()).rejects.toThrow(/a restore that this server does not know/);
    await new Promise((resolve) => setTimeout(resolve, 2));
    const again = await restored();
    expect(again?.restoredAt).not.toBe((JSON.parse(backup) as { restoredAt: string }).restoredAt);
  });
});

describe("--restored on a folder that has every entry", () => {
  test("is refused with what it would do, changes nothing, and is carried out with --force", async () => {
    await writeCopy(5);
    await expect(restored()).rejects.toThrow(
      /has every entry[^]*start without --restored[^]*--restored --force: 2 approved writes become/,
    );
    expect(existsSync(restoreFile())).toBe(false);
    expect(await start()).toBeNull();
    expect((await restored({ force: true }))?.isDone).toBe(false);
  });

  test("takes a checkpoint without --force where the log waits for one", async () => {
    rmSync(copyFile());
    const first = await restored();
    if (first !== null) finishRestore(dataDir, first);
    await writeCopy(5);
    const second = await restored({ checkpointFile: fileOf(await note(5)) });
    expect([first?.checkpoint, second?.checkpoint]).toEqual([null, await note(5)]);
  });
});

describe("a checkpoint that the operator brings", () => {
  test.each([
    ["newer than the copy", 12, 12],
    ["as old as the copy", 10, 10],
    ["older than the copy", 3, 10],
  ])("%s: the one over more entries counts", async (_, size, counts) => {
    const begun = await restored({ checkpointFile: fileOf(await note(size)) });
    expect(begun?.checkpoint).toBe(await note(counts));
  });

  test.each([
    ["unsigned", async () => (await note(9_999)).split("\n\n")[0] + "\n"],
    ["signed by another key", () => note(9_999, ORIGIN, generateKeyPairSync("ed25519").privateKey)],
    ["of another log", () => note(9_999, "gate.other.example")],
    ["changed after it was signed", async () => (await note(12)).replace("\n12\n", "\n9999\n")],
    ["no checkpoint", async () => "destinations: {}\n"],
    ["empty", async () => ""],
  ])("%s is refused before anything is written, so that the next start has a choice", async (_, make) => {
    const before = readFileSync(copyFile(), "utf8");
    await expect(restored({ checkpointFile: fileOf(await make()) })).rejects.toThrow(/^--checkpoint: /);
    expect(existsSync(restoreFile())).toBe(false);
    expect(readFileSync(copyFile(), "utf8")).toBe(before);
    expect((await restored())?.checkpoint).toBe(await note(10));
  });

  test("that is newer than the one of a restore that was cut off makes a restore of its own", async () => {
    const first = await restored({ checkpointFile: fileOf(await note(3)) });
    await new Promise((resolve) => setTimeout(resolve, 2));
    const second = await restored({ checkpointFile: fileOf(await note(12)) });
    expect(second?.checkpoint).toBe(await note(12));
    expect(second?.restoredAt).not.toBe(first?.restoredAt);
  });
});

describe("the copy beside the folder", () => {
  test("moved with the folder, under its name, recognises the backup at the new place", async () => {
    const moved = join(folder.path, "elsewhere");
    renameSync(dataDir, moved);
    renameSync(copyFile(), `${moved}.checkpoint.json`);
    dataDir = moved;
    await expect(start()).rejects.toThrow(/fewer entries/);
    expect((await restored())?.checkpoint).toBe(await note(10));
  });

  test("left behind recognises nothing: the start says so, and --restored works without a checkpoint", async () => {
    const moved = join(folder.path, "elsewhere");
    renameSync(dataDir, moved);
    dataDir = moved;
    expect(await start()).toBeNull();
    expect(lines).toEqual([expect.stringMatching(/elsewhere.checkpoint.json is missing[^]*--restored/)]);
    expect((await restored())?.checkpoint).toBeNull();
  });

  test("of another deployment is refused with a choice, not taken for the newest checkpoint", async () => {
    await writeCopy(10, { note: await note(10, ORIGIN, generateKeyPairSync("ed25519").privateKey) });
    await expect(restored()).rejects.toThrow(/is not signed under GATE_SECRET[^]*move .* away/);
    expect(existsSync(restoreFile())).toBe(false);
  });
});

test("INV-11: a clock behind the backup's newest entry is refused: later approvals would count as new", async () => {
  rmSync(dataDir, { recursive: true });
  makeFolder(dataDir, 5, Date.now() + 3_600_000);
  await expect(restored()).rejects.toThrow(/clock .* is behind the backup's newest entry/);
  expect(existsSync(restoreFile())).toBe(false);
});

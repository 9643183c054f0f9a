import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSameProcess, type ProcessIdentity } from "../../cli/serve/process-table.ts";
import { startRuntime } from "../../cli/serve/runtime.ts";
import { readWranglerConfig } from "../../cli/serve/wrangler-config.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";
import { openLedger } from "../support/ledger-server.ts";

const NO_OP = "0012_no_op.sql";

const names = () => readdirSync(join(ROOT, "migrations")).filter((name) => name.endsWith(".sql"));

/** A package root with some of the migrations, and a data folder, both gone after `using`. */
function scene(lacking: readonly string[]) {
  const folder = temporaryFolder();
  const root = join(folder.path, "root");
  const dataDir = join(folder.path, "data");
  const migrations = join(root, "migrations");
  cpSync(join(ROOT, "migrations"), migrations, { recursive: true });
  cpSync(join(ROOT, "dist", "worker"), join(root, "dist", "worker"), { recursive: true });
  for (const name of lacking) rmSync(join(migrations, name));
  mkdirSync(join(dataDir, "state"), { recursive: true });
  let process: ProcessIdentity | null = null;
  return {
    dataDir,
    add: (name: string) => cpSync(join(ROOT, "migrations", name), join(migrations, name)),
    write: (name: string, sql: string) => writeFileSync(join(migrations, name), sql),
    isRunning: () => process !== null && isSameProcess(process),
    /** Starts Gate on the folder, and stops it. */
    async start() {
      const runtime = await startRuntime({
        root,
        config: readWranglerConfig(ROOT),
        host: "127.0.0.1",
        port: 0,
        stateDir: join(dataDir, "state"),
        temporaryDir: join(dataDir, "tmp"),
        secrets: { gateSecret: "", adminKey: "", previousSecrets: null },
        vars: {},
        credentials: {},
        rules: { current: () => ({ version: "", policies: [], broken: [], registry: null }) },
        log: () => undefined,
        onProcess: (identity) => (process = identity),
      });
      await runtime.stop();
    },
    [Symbol.dispose]: () => folder[Symbol.dispose](),
  };
}

/** Names in the order they were applied in. */
function applied(dataDir: string): readonly string[] {
  using db = openLedger(dataDir);
  return db
    .prepare("SELECT name FROM d1_migrations ORDER BY id")
    .all()
    .map(({ name }) => String(name));
}

function countOf(dataDir: string, table: string): number {
  using db = openLedger(dataDir);
  return Number(db.prepare(`SELECT COUNT(*) AS count FROM ${table}`).get()?.["count"]);
}

test("a data folder that has later migrations takes an earlier number that it lacks, and keeps its rows", async () => {
  using folder = scene([NO_OP]);
  await folder.start();
  const before = names().filter((name) => name !== NO_OP);
  expect(applied(folder.dataDir)).toEqual(before);
  {
    using db = openLedger(folder.dataDir);
    db.exec("INSERT INTO proxy_reads VALUES ('2026-11-22', 'agt_1', 'stripe.refund', 3)");
  }

  folder.add(NO_OP);
  await folder.start();
  expect(applied(folder.dataDir)).toEqual([...before, NO_OP]);
  expect(countOf(folder.dataDir, "proxy_reads")).toBe(1);

  await folder.start();
  expect(applied(folder.dataDir), "an up-to-date folder is left as it is").toEqual([...before, NO_OP]);
});

test("a new data folder takes all migrations in the order of their names", async () => {
  using folder = scene([]);
  await folder.start();
  expect(applied(folder.dataDir)).toEqual(names().toSorted());
});

test("a migration that fails stops the start by name, takes no effect, and is applied once it is mended", async () => {
  using folder = scene([]);
  folder.write("9001_half.sql", "CREATE TABLE half (id); INSERT INTO nowhere VALUES (1);");
  folder.write("9002_next.sql", "CREATE TABLE next (id);");

  await expect(folder.start()).rejects.toThrow(
    "the migration 9001_half.sql failed: no such table: nowhere: SQLITE_ERROR",
  );
  expect(folder.isRunning()).toBe(false);
  expect(applied(folder.dataDir)).toEqual(names().toSorted());

  folder.write("9001_half.sql", "CREATE TABLE half (id);");
  await folder.start();
  expect(applied(folder.dataDir)).toEqual([...names().toSorted(), "9001_half.sql", "9002_next.sql"]);
});

test("migration numbers have no gap and no number twice", () => {
  const numbers = names().map((name) => Number(name.slice(0, 4)));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, at) => at + 1));
});

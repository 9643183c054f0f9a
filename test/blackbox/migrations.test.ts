import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { loadMiniflare } from "../../cli/serve/miniflare.ts";
import { migrate } from "../../cli/serve/runtime.ts";
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
  cpSync(join(ROOT, "migrations"), join(root, "migrations"), { recursive: true });
  for (const name of lacking) rmSync(join(root, "migrations", name));
  mkdirSync(join(dataDir, "state"), { recursive: true });
  let starts = 0;
  return {
    dataDir,
    starts: () => starts,
    add: (name: string) => cpSync(join(ROOT, "migrations", name), join(root, "migrations", name)),
    async migrate() {
      const config = readWranglerConfig(ROOT);
      const options = { root, config, stateDir: join(dataDir, "state"), log: () => undefined };
      const temporaryDir = join(dataDir, "tmp");
      const module = await loadMiniflare();
      await migrate(options, { module, temporaryDir, onProcess: () => (starts += 1) });
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
  await folder.migrate();
  const before = names().filter((name) => name !== NO_OP);
  expect(applied(folder.dataDir)).toEqual(before);
  {
    using db = openLedger(folder.dataDir);
    db.exec("INSERT INTO proxy_reads VALUES ('2026-11-22', 'agt_1', 'stripe.refund', 3)");
  }

  folder.add(NO_OP);
  await folder.migrate();
  expect(applied(folder.dataDir)).toEqual([...before, NO_OP]);
  expect(countOf(folder.dataDir, "proxy_reads")).toBe(1);

  const starts = folder.starts();
  await folder.migrate();
  expect(folder.starts(), "an up-to-date folder starts no runtime").toBe(starts);
});

test("a new data folder takes all migrations in the order of their names", async () => {
  using folder = scene([]);
  await folder.migrate();
  expect(applied(folder.dataDir)).toEqual(names().toSorted());
});

test("migration numbers have no gap and no number twice", () => {
  const numbers = names().map((name) => Number(name.slice(0, 4)));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(numbers.map((_, at) => at + 1));
});

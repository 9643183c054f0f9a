import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { beforeAll, expect, test } from "vitest";
import { DATABASE_FLAG, databaseBinding } from "../../cli/serve/database.ts";
import { ROOT, temporaryFolder } from "../support/command.ts";
import { CORPUS } from "../support/database/corpus.ts";

/*
 * What runs on one machine must run on Cloudflare: the object that stands in for D1 answers as the simulator of D1 does,
 * which the Worker's own tests run on, error texts included.
 */

type Binding = "object" | "simulator";

type Outcomes = Readonly<Record<string, string>>;

const NAME = "gate";
const OBJECT = {
  compatibilityFlags: [DATABASE_FLAG],
  unsafeBindings: [databaseBinding("DB", { name: NAME, migrations: [] })],
};
const SIMULATOR = { d1Databases: { DB: NAME } };

/** A runtime with one database, on a data folder. */
async function start(folder: string, binding: Binding, script: string): Promise<Miniflare> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: folder,
      workers: [
        {
          name: binding,
          modules: true,
          script,
          compatibilityDate: "2026-10-23",
          ...(binding === "object" ? OBJECT : SIMULATOR),
        },
      ],
    }),
  );
  await miniflare.ready;
  return miniflare;
}

async function outcomesOf(binding: Binding): Promise<Outcomes> {
  const { outputFiles } = await build({
    stdin: {
      contents: 'export { corpusWorker as default } from "./corpus-worker.ts";',
      resolveDir: join(ROOT, "test", "support", "database"),
    },
    bundle: true,
    format: "esm",
    write: false,
  });
  using folder = temporaryFolder();
  const miniflare = await start(folder.path, binding, outputFiles[0]?.text ?? "");
  try {
    const response = await miniflare.dispatchFetch("http://corpus/");
    return (await response.json()) as Outcomes;
  } finally {
    await miniflare.dispose();
  }
}

let object: Outcomes;
let simulator: Outcomes;

beforeAll(async () => {
  object = await outcomesOf("object");
  simulator = await outcomesOf("simulator");
});

test.each(CORPUS.map(([title]) => title))("the object answers as D1 does: %s", (title) => {
  expect(object[title]).toBe(simulator[title]);
});

test("the corpus has each title once", () => {
  expect(new Set(CORPUS.map(([title]) => title)).size).toBe(CORPUS.length);
});

/** Adds a row with what the database is opened by, and answers with all of them. */
const VISITOR = `
export default {
  async fetch(request, { DB }) {
    await DB.prepare("CREATE TABLE IF NOT EXISTS visits (by TEXT)").run();
    await DB.prepare("INSERT INTO visits VALUES (?1)").bind(await request.text()).run();
    return Response.json((await DB.prepare("SELECT by FROM visits").all()).results.map(({ by }) => by));
  },
};
`;

async function visit(folder: string, binding: Binding, by: string): Promise<unknown> {
  const miniflare = await start(folder, binding, VISITOR);
  try {
    const response = await miniflare.dispatchFetch("http://visitor/", { method: "POST", body: by });
    return await response.json();
  } finally {
    await miniflare.dispose();
  }
}

test("a folder of an older Gate is gone on with in its own file, and that Gate can open it again", async () => {
  using folder = temporaryFolder();
  await visit(folder.path, "simulator", "older");
  await visit(folder.path, "object", "newer");
  await visit(folder.path, "simulator", "older again");
  const visits = await visit(folder.path, "object", "newer again");
  expect(visits).toEqual(["older", "newer", "older again", "newer again"]);
});

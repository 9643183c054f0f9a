import { readdirSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";

const ROOT = new URL("../../../", import.meta.url);

const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");

/** One store in docs/storage-schema.md: its tables with their columns, and its records. */
interface Store {
  readonly tables: ReadonlyMap<string, readonly string[]>;
  readonly records: readonly string[];
}

const LISTED_COLUMNS = /^\| (`[^|]+`) \|/gm;

/** By the name of its section: a class of objects, or `D1`. */
function documented(): ReadonlyMap<string, Store> {
  const stores = read("docs/storage-schema.md").split(/^## /m).slice(1);
  return new Map(
    stores.map((section) => {
      const [heading = "", ...parts] = section.split(/^### /m);
      const tables = parts.flatMap((part) => {
        const table = /^Table `(\w+)`\n/.exec(part)?.[1];
        const columns = [...part.matchAll(LISTED_COLUMNS)].flatMap(
          ([, cell = ""]) => cell.match(/\w+/g) ?? [],
        );
        return table === undefined ? [] : [[table, columns.toSorted()] as const];
      });
      const records = parts.flatMap((part) => /^Record `(\w+)`\n/.exec(part)?.[1] ?? []);
      return [heading.split("\n")[0]?.replaceAll("`", "") ?? "", { tables: new Map(tables), records }];
    }),
  );
}

const STORES = documented();

/** Tables with their columns, as SQLite has them after these statements. */
function tablesAfter(sql: readonly string[]): ReadonlyMap<string, readonly string[]> {
  using db = new DatabaseSync(":memory:");
  for (const statement of sql) db.exec(statement);
  const names = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    .all()
    .map(({ name }) => String(name));
  return new Map(
    names.map((table) => {
      const columns = db.prepare("SELECT name FROM pragma_table_info(?)").all(table);
      return [table, columns.map(({ name }) => String(name)).toSorted()];
    }),
  );
}

const byName = (tables: ReadonlyMap<string, readonly string[]>) => Object.fromEntries([...tables].toSorted());

test("docs/storage-schema.md lists the tables and columns of D1 that the migrations create", () => {
  const files = readdirSync(new URL("migrations", ROOT)).filter((name) => name.endsWith(".sql"));
  const made = tablesAfter(files.toSorted().map((name) => read(`migrations/${name}`)));
  expect(made.size).toBeGreaterThan(0);
  expect(byName(STORES.get("D1")?.tables ?? new Map())).toEqual(byName(made));
});

/** Folders of `durable-objects/`, one for each class of objects. */
const OBJECTS = readdirSync(new URL("durable-objects", ROOT), { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

const className = (folder: string) => `${folder.charAt(0).toUpperCase()}${folder.slice(1)}Object`;

function sourcesOf(folder: string): string {
  const files = readdirSync(new URL(`durable-objects/${folder}`, ROOT));
  return files.map((file) => read(`durable-objects/${folder}/${file}`)).join("\n");
}

/** How the stores write a record's name: to the storage, as a prefix of a listing, or through a function that numbers. */
const RECORD_NAMES = [
  /\bkv\.(?:get|put|delete)(?:<[^(]*>)?\(\s*["`]([a-z]+)/g,
  /\bprefix: ["`]([a-z]+):/g,
  /\bkey\("([a-z]+)"/g,
  /["`]([a-z]+):(?:\$\{|")/g,
] as const;

function recordsIn(source: string): readonly string[] {
  const found = RECORD_NAMES.flatMap((pattern) => [...source.matchAll(pattern)].map(([, name = ""]) => name));
  return [...new Set(found)].toSorted();
}

describe.each(OBJECTS)("docs/storage-schema.md on durable-objects/%s", (folder) => {
  const source = sourcesOf(folder);
  const store = STORES.get(className(folder));

  test("lists the tables and columns that the object creates", () => {
    const made = tablesAfter(source.match(/CREATE TABLE IF NOT EXISTS [^`;]+/g) ?? []);
    expect(byName(store?.tables ?? new Map())).toEqual(byName(made));
  });

  test("lists the records that the object names", () => {
    expect(store?.records.toSorted()).toEqual(recordsIn(source));
  });
});

test("docs/storage-schema.md has no section about a class that does not exist", () => {
  const sections = [...STORES.keys()].filter((name) => name.endsWith("Object"));
  expect(sections.toSorted()).toEqual(OBJECTS.map(className).toSorted());
});

test("every example in docs/storage-schema.md is JSON with its table's columns", () => {
  const sections = read("docs/storage-schema.md").split(/^## /m).slice(1);
  const examples = sections.flatMap((section) =>
    [...section.matchAll(/^### Table `(\w+)`\n[\s\S]*?\n```json\n(.*)\n```/gm)].map(
      ([, table = "", json = ""]) => {
        const store = STORES.get(section.split("\n")[0]?.replaceAll("`", "") ?? "");
        return { table, columns: store?.tables.get(table), example: Object.keys(JSON.parse(json) as object) };
      },
    ),
  );
  const tables = [...STORES.values()].reduce((count, store) => count + store.tables.size, 0);
  expect(examples.length).toBe(tables);
  for (const { table, columns, example } of examples) {
    expect(example.toSorted(), table).toEqual(columns);
  }
});

test("docs/storage-schema.md states a lifetime for every table and record", () => {
  const page = read("docs/storage-schema.md");
  const section = page.slice(page.indexOf("## Lifetimes"), page.indexOf("## Encryption and keys"));
  const listed = [...section.matchAll(/^\| `?(\w+)`? \| ([^|]+) \| ([^|]+) \|/gm)].flatMap(
    ([, store = "", names = "", lifetime = ""]) =>
      [...names.matchAll(/`(\w+)`/g)].map(([, name = ""]) => ({ place: `${store} ${name}`, lifetime })),
  );
  const stored = [...STORES].flatMap(([store, { tables, records }]) =>
    [...tables.keys(), ...records].map((name) => `${store} ${name}`),
  );
  expect(stored.length).toBeGreaterThan(30);
  const places = new Set(
    listed.map(({ place }) => place).filter((place) => !/ (?:standard|contract)$/.test(place)),
  );
  expect([...places].toSorted()).toEqual([...new Set(stored)].toSorted());
  for (const { place, lifetime } of listed) expect(lifetime.trim(), place).not.toBe("");
});

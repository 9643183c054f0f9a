import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/*
 * A statement with a placeholder for each name of a list fails once an operator has configured a hundred: D1 and an
 * object's SQLite bind no more. A list is one parameter, read by `json_each`.
 */

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const GROWING = [
  // `IN (${places})`
  /\bIN \(\$\{/i,
  // `.map(() => "?")`, `.map((each) => `?${…}`)`
  /\.map\(\s*\([^()]*\)\s*=>\s*["'`]\?/,
  // `"?,".repeat(n)`
  /["'`]\(?\?,?\s?\)?["'`]\s*\.repeat\(/,
  // `.bind(...names)`, `.exec(sql, ...names)`
  /\.(?:bind|exec(?:<[^>]*>)?)\([^()]*\.\.\./,
];

/** Lists whose length the code fixes. */
const FIXED: Readonly<Record<string, string>> = {
  "src/adapters/d1/intent-conditions.ts": "phases of the closed list",
  "src/adapters/d1/intent-groups.ts": "one value for each field of a filter",
  "src/adapters/d1/intent-index.ts": "one value for each field of a filter",
  "src/adapters/d1/intent-search.ts": "the columns of one row",
  "src/adapters/d1/mandates.ts": "the columns of one row",
  "src/adapters/d1/seen-before.ts": "one value for each condition",
  "durable-objects/agent/store.ts": "one query's parameters",
  "durable-objects/database/run-queries.ts": "one query's parameters",
  "durable-objects/dispatch/store.ts": "one query's parameters",
};

function sources(folder: string): readonly string[] {
  return readdirSync(`${ROOT}${folder}`, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`);
}

const grows = (text: string) => GROWING.some((pattern) => pattern.test(text));

test.each([
  ["`SELECT * FROM intents WHERE destination IN (${places})`", true],
  ['const places = names.map(() => "?").join(", ");', true],
  ["bound.map((value) => `?${values.push(value)}`)", true],
  ['"?, ".repeat(names.length)', true],
  ["db.prepare(sql).bind(...names)", true],
  ["this.#sql.exec<Row>(sql, ...names)", true],
  ["`… destination IN (SELECT value FROM json_each(${listed}))`", false],
  ["db.prepare(sql).bind(id, JSON.stringify(names))", false],
])("the search for statements that grow with a list judges %s: %s", (line, isFound) => {
  expect(grows(line)).toBe(isFound);
});

test("INV-25: no statement has a placeholder for each element of a list", () => {
  const files = ["src", "durable-objects"].flatMap(sources);
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((file) => grows(readFileSync(`${ROOT}${file}`, "utf8")));
  expect(found.toSorted()).toEqual(Object.keys(FIXED).toSorted());
});

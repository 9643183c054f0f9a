import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { NO_READERS } from "../../support/linear/no-readers.ts";
import { ROWS } from "../../support/linear/table.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** Where a reader of hostile bytes may be. */
const ROOMS = [
  "src/core/proposal",
  "src/core/detection",
  "src/core/masking",
  "src/core/outbound",
  "src/core/policy/content-views.ts",
  "src/core/policy/request-content.ts",
  "src/core/policy/rules/field-checks.ts",
  "src/core/base/base64.ts",
  "src/core/base/base64url.ts",
  "src/core/base/json.ts",
  "src/core/base/public-address.ts",
  "src/core/base/strict-json.ts",
  "src/config/yaml/source.ts",
  "src/config/policy/parse.ts",
  "src/config/registry/parse.ts",
];

describe("the table of readers", () => {
  const named = new Set([
    ...ROWS.flatMap(({ subject, inside }) => [subject, ...inside]),
    ...NO_READERS.keys(),
  ]);
  const exported = ROOMS.flatMap(filesIn).flatMap(exportsOf);

  test("has a row for every exported function that may read hostile bytes", () => {
    const missing = exported.filter((each) => !named.has(each));
    expect(missing, "add a row in test/support/linear/rows with its worst shapes").toEqual([]);
  });

  test("names only functions that exist", () => {
    const known = new Set(exported);
    expect([...named].filter((each) => !known.has(each))).toEqual([]);
  });
});

function filesIn(path: string): readonly string[] {
  if (statSync(ROOT + path).isFile()) return [path];
  return readdirSync(ROOT + path).flatMap((name) => filesIn(`${path}/${name}`));
}

function exportsOf(file: string): readonly string[] {
  const text = readFileSync(ROOT + file, "utf8");
  return [...text.matchAll(/^export (?:async )?(?:function\*?|class) (\w+)|^export const (\w+) = \(/gm)].map(
    ([, name, arrow]) => `${file}#${name ?? arrow}`,
  );
}

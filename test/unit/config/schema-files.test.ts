import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { shippedSchemas } from "../../../scripts/schemas/shipped.ts";
import { editorWith } from "../../support/editor.ts";
import type { SchemaName } from "../../support/editor.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string) => readFileSync(new URL(path, ROOT), "utf8");
const yamlIn = (folder: string) =>
  readdirSync(new URL(folder, ROOT))
    .filter((file) => file.endsWith(".yaml"))
    .map((file) => `${folder}${file}`);

test.each([...shippedSchemas()])(
  "schemas/%s is what the loader's schema and the docs make (npm run schemas)",
  (file, text) => {
    expect(read(`schemas/${file}`)).toBe(text);
  },
);

test("schemas/ holds nothing else but the document of the API, and the package ships it", () => {
  const files = [...shippedSchemas().keys(), "openapi.json"];
  expect(readdirSync(new URL("schemas/", ROOT)).toSorted()).toEqual(files.toSorted());
  expect((JSON.parse(read("package.json")) as { files: string[] }).files).toContain("schemas");
});

const EDITORS = {
  gate: editorWith("gate"),
  policy: editorWith("policy"),
  "policy-cases": editorWith("policy-cases"),
};

const SHIPPED: readonly { readonly path: string; readonly schema: SchemaName }[] = [
  { path: "gate.yaml", schema: "gate" },
  ...yamlIn("policies/").map((path) => ({ path, schema: "policy" as const })),
  ...yamlIn("policies/tests/").map((path) => ({ path, schema: "policy-cases" as const })),
];

test("there are shipped files of each kind", () => {
  expect(SHIPPED.length).toBeGreaterThan(15);
});

test.each(SHIPPED)("$path names the schema $schema for editors, and is right by it", ({ path, schema }) => {
  const text = read(path);
  const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? "";
  const target = new URL(named, new URL(path, ROOT));
  expect(target.href).toBe(new URL(`schemas/${schema}.schema.json`, ROOT).href);
  expect(existsSync(target)).toBe(true);
  expect(EDITORS[schema].accepts(text)).toBe(true);
});

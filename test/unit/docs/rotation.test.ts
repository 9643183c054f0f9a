import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { KEY_LABELS } from "../../../src/core/base/key-derivation.ts";

const ROOT = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, ROOT), "utf8");

test("docs/rotation.md has a row for every label from which a key derives, in the code's order", () => {
  const section = read("docs/rotation.md")
    .split(/^## /m)
    .find((part) => part.startsWith("Values that derive"));
  const rows = [...(section ?? "").matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, label]) => label);
  expect(rows).toEqual(KEY_LABELS);
});

test("test/blackbox/rotation.test.ts tries every label under a rotated secret", () => {
  const titles = [...read("test/blackbox/rotation.test.ts").matchAll(/^ {2}test\("([a-z-]+): /gm)];
  expect(new Set(titles.map(([, label]) => label))).toEqual(new Set(KEY_LABELS));
});

/** Files that make keys, digests and signatures: the Worker's. */
const SOURCES = ["src", "durable-objects"].flatMap((folder) =>
  readdirSync(new URL(folder, ROOT), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => `${folder}/${name}`),
);

test("no file but key-derivation derives a key or names an HKDF label of its own", () => {
  const deriving = SOURCES.filter((path) => /\bhkdf\b|\bgate\/v1\//i.test(read(path)));
  expect(deriving).toEqual(["src/core/base/key-derivation.ts"]);
});

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { PROBLEM_CODES } from "../../../src/http/problem/codes.ts";

test("docs/errors.md lists every error code, and no other", () => {
  const table = readFileSync(new URL("../../../docs/errors.md", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => /^\| \d{3} \|/.test(line))
    .flatMap((line) => [...(line.split("|")[2] ?? "").matchAll(/`([a-z_]+)`/g)].map(([, code]) => code));
  expect([...new Set(table)].toSorted()).toEqual([...PROBLEM_CODES].toSorted());
  expect(new Set(PROBLEM_CODES).size).toBe(PROBLEM_CODES.length);
});

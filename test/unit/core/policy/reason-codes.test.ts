import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { REASON_CODES } from "../../../../src/core/policy/reason-codes.ts";
import { POLICY_FIELDS } from "../../../../src/core/policy/policy.ts";

const doc = (name: string) => readFileSync(new URL(`../../../../docs/${name}`, import.meta.url), "utf8");

test("docs/reason-codes.md lists every code under its outcomes, and no other code", () => {
  const documented: Record<string, string[]> = {};
  let outcome = "";
  for (const line of doc("reason-codes.md").split("\n")) {
    if (line.startsWith("## ")) outcome = { A: "approve", B: "block", H: "hold" }[line.charAt(3)] ?? "";
    const code = /^\| `([a-z_]+)` \|/.exec(line)?.[1];
    if (code !== undefined) (documented[code] ??= []).push(outcome);
  }
  const sorted = (codes: Record<string, readonly string[]>) =>
    Object.entries(codes)
      .map(([code, outcomes]) => `${code}: ${outcomes.toSorted().join(", ")}`)
      .toSorted();
  expect(sorted(documented)).toEqual(sorted(REASON_CODES));
});

test("docs/policies.md has a row for every field of a policy", () => {
  const rows = doc("policies.md")
    .split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.split(" | ")[0] ?? "")
    .join(" ");
  for (const field of POLICY_FIELDS) expect(rows).toContain(`\`${field}`);
});

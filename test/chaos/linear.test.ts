import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import type { RowResult } from "../support/linear/count-rows.ts";
import { ROWS } from "../support/linear/table.ts";

/** A whole process for the counting: it changes the engine's own functions, and needs a deep stack. */
function countRows(): readonly RowResult[] {
  const counter = fileURLToPath(new URL("../support/linear/count-rows.ts", import.meta.url));
  const run = spawnSync(process.execPath, ["--stack-size=30000", counter, "--json"], {
    encoding: "utf8",
    maxBuffer: 1 << 26,
  });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout) as readonly RowResult[];
}

describe("INV-16: steps for twice the input", () => {
  let results: ReadonlyMap<string, RowResult>;
  beforeAll(() => {
    results = new Map(countRows().map((result) => [result.subject, result]));
  }, 300_000);

  test.for(ROWS.map(({ subject }) => subject))("are at most 2.2 times as many in %s", (subject) => {
    const result = results.get(subject);
    expect(result?.steep).toEqual([]);
    expect(result?.unreached).toEqual([]);
    expect(result?.shapes).toBeGreaterThan(0);
  });
});

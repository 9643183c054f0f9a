/**
 * The long rest of the tests, by hand before an issue is resolved: `npm run test:chaos`. Every test with a variable size
 * runs at its large size (test/support/volume.ts), from a seed that is drawn and printed; `GATE_TEST_SEED` repeats a run.
 * Arguments are file filters, such as `npm run test:chaos -- proxy-once`.
 */
import { spawnSync } from "node:child_process";
import { randomInt } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const MAX_SEED = 1_000_000_000;

const filters = process.argv.slice(2);
const seed = process.env["GATE_TEST_SEED"] || String(randomInt(1, MAX_SEED));
const files = testsOfVariableSize().filter((file) => {
  return filters.length === 0 || filters.some((filter) => file.includes(filter));
});
if (files.length === 0) {
  console.error(`chaos: no test of variable size matches ${filters.join(", ")}`);
  process.exit(2);
}

console.log(`chaos: ${files.length} files, seed ${seed} (repeat with GATE_TEST_SEED=${seed})`);
const startedAt = Date.now();
const { status } = spawnSync(
  process.execPath,
  [join(ROOT, "node_modules", "vitest", "vitest.mjs"), "run", ...files],
  {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, GATE_TEST_VOLUME: "chaos", GATE_TEST_SEED: seed },
  },
);
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(`chaos: ${status === 0 ? "passed" : "failed"}, seed ${seed}, ${minutes} minutes`);
process.exit(status ?? 1);

/** The files below test/ that size themselves; a new one joins by importing `volume`. */
function testsOfVariableSize(): readonly string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join("test", name))
    .filter((file) => readFileSync(join(ROOT, file), "utf8").includes("support/volume.ts"))
    .toSorted();
}

/**
 * The long rest of the tests, by hand before an issue is resolved: `npm run test:chaos`. Every test with a variable size
 * runs at its large size (test/support/volume.ts), from a seed that is drawn and printed; `GATE_TEST_SEED` repeats a run.
 * Then the Worker's tests run once more, with every statement on both databases (docs/tests.md), and the Python SDK's
 * guarded functions at their large size. Arguments are file
 * filters, such as `npm run test:chaos -- proxy-once`; with them only the sized tests run.
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
const isSized = passes(files, { GATE_TEST_VOLUME: "chaos", GATE_TEST_SEED: seed });
const isSame = filters.length > 0 || passes(["--project", "worker"], { GATE_TEST_DATABASE: "mirror" });
// Guarded functions of the Python SDK, through a proxy that fails.
const isPython = filters.length > 0 || passesPython({ GATE_TEST_VOLUME: "chaos", GATE_TEST_SEED: seed });
const isPassed = isSized && isSame && isPython;
const minutes = ((Date.now() - startedAt) / 60_000).toFixed(1);
console.log(`chaos: ${isPassed ? "passed" : "failed"}, seed ${seed}, ${minutes} minutes`);
process.exit(isPassed ? 0 : 1);

function passes(selected: readonly string[], variables: Readonly<Record<string, string>>): boolean {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const { status } = spawnSync(process.execPath, [vitest, "run", ...selected], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...variables },
  });
  return status === 0;
}

function passesPython(variables: Readonly<Record<string, string>>): boolean {
  const script = join(ROOT, "scripts", "test-python.ts");
  const { status } = spawnSync(process.execPath, [script, "tests/test_chaos_guard.py"], {
    cwd: ROOT,
    stdio: "inherit",
    env: { ...process.env, ...variables },
  });
  return status === 0;
}

/** The files below test/ that size themselves; a new one joins by importing `volume`. */
function testsOfVariableSize(): readonly string[] {
  return readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join("test", name))
    .filter((file) => readFileSync(join(ROOT, file), "utf8").includes("support/volume.ts"))
    .toSorted();
}

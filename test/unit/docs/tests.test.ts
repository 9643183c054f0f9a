import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const TESTS = fileURLToPath(new URL("../../", import.meta.url));

const VOLUME = /volume\("(\w+)", \{ quick: ([\d_]+), chaos: ([\d_]+) \}\)/g;

/** The rows of the table that the sizes in the test files make. */
function rowsOfTests(): readonly string[] {
  return readdirSync(TESTS, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .flatMap((file) =>
      [...readFileSync(join(TESTS, file), "utf8").matchAll(VOLUME)].map(
        ([, name = "", quick = "", chaos = ""]) =>
          `| \`GATE_TEST_${name}\` | ${shown(quick)} | ${shown(chaos)} | \`${file.replace(/(?:\.test)?\.ts$/, "")}\` |`,
      ),
    )
    .toSorted();
}

const shown = (size: string) => Number(size.replaceAll("_", "")).toLocaleString("en-US");

test("docs/tests.md lists every size that a test takes from a variable, with its defaults", () => {
  const page = readFileSync(join(TESTS, "../docs/tests.md"), "utf8");
  const rows = page.split("\n").filter((line) => line.startsWith("| `GATE_TEST_"));
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.toSorted()).toEqual(rowsOfTests());
});

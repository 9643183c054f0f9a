import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ROOT, temporaryFolder } from "../../support/command.ts";

function check(...args: readonly string[]) {
  const script = join(ROOT, "scripts", "check-deploy.ts");
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { status, stderr };
}

const SHIPPED = readFileSync(join(ROOT, "wrangler.toml"), "utf8");

test("a deploy with the shipped GATE_ORIGIN is refused with one line that says what to set", () => {
  const { status, stderr } = check();
  expect(status).toBe(1);
  expect(stderr.trim().split("\n")).toHaveLength(1);
  expect(stderr).toContain('GATE_ORIGIN is "gate.example" in wrangler.toml');
});

test.each([
  ['GATE_ORIGIN = "gate.acme.test"', 0],
  ['GATE_ORIGIN = "acme"', 0],
  ['GATE_ORIGIN = "examples.acme.com"', 0],
  ['GATE_ORIGIN = "gate.example.com"', 1],
  ['GATE_ORIGIN = ""', 1],
  ["# GATE_ORIGIN", 1],
])("a deploy with %s exits with %i", (line, expected) => {
  using folder = temporaryFolder();
  const file = join(folder.path, "wrangler.toml");
  writeFileSync(file, SHIPPED.replace(/^GATE_ORIGIN = .*$/m, line));
  expect(check(file).status).toBe(expected);
});

test("npm run deploy checks the name before wrangler runs, and deploy:dry does not", () => {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  expect(scripts["deploy"]).toMatch(/^node scripts\/check-deploy\.ts && wrangler /);
  expect(scripts["deploy:dry"]).not.toContain("check-deploy");
});

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const LINKED = [
  "cli",
  "durable-objects",
  "node_modules",
  "package.json",
  "policies",
  "sdk",
  "src",
  "tsconfig.base.json",
  "verifier",
];

let folder = "";

/** The repository with a mistake in its `gate.yaml`. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-build-"));
  for (const name of LINKED) symlinkSync(join(ROOT, name), join(folder, name));
  cpSync(join(ROOT, "scripts"), join(folder, "scripts"), { recursive: true });
  writeFileSync(join(folder, "gate.yaml"), "destinations:\n  crm.other: { policy: [other] }\n");
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function build(...options: readonly string[]) {
  const { status, stderr } = spawnSync(process.execPath, ["scripts/build.ts", ...options], {
    cwd: folder,
    encoding: "utf8",
  });
  return { status, output: stderr };
}

test("INV-14: a mistake in gate.yaml stops the build, with line and column", () => {
  const { status, output } = build();
  expect(status).toBe(1);
  expect(output).toContain("gate.yaml:2:");
});

test("INV-14: with a mistake in gate.yaml the command that shows it still runs", () => {
  rmSync(join(folder, "dist"), { recursive: true, force: true });
  const { status, output } = build("--prepare");
  expect(status).toBe(0);
  expect(output).toContain("gate.yaml:2:");
  expect(existsSync(join(folder, "dist", "worker"))).toBe(false);
  // As good as none: the next start builds again, and stops.
  expect(existsSync(join(folder, "dist", ".built"))).toBe(false);
  const usage = execFileSync(process.execPath, [join(folder, "dist", "cli.js"), "--help"], {
    encoding: "utf8",
  });
  expect(usage).toContain("zehrava-gate policy <command>");
});

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { oldestOf } from "../../../cli/node-version.ts";
import { ROOT } from "../../support/command.ts";

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private: boolean;
  readonly engines: { readonly node: string };
  readonly dependencies?: unknown;
  readonly files: readonly string[];
}

const read = (...path: readonly string[]) => readFileSync(join(ROOT, ...path), "utf8");
const manifest = (...folder: readonly string[]) => JSON.parse(read(...folder, "package.json")) as Manifest;

test("the client is a package of its own, with the server's version and no dependencies", () => {
  const server = manifest();
  const client = manifest("sdk", "typescript");
  expect(client).toMatchObject({ name: "zehrava-gate-client", version: server.version, private: true });
  expect(client.dependencies).toBeUndefined();
  expect(read("sdk", "typescript", "LICENSE")).toBe(read("LICENSE"));
});

test("README and docs name the Node that engines require, and no other", () => {
  const oldest = oldestOf(manifest().engines.node).join(".");
  expect(read("README.md")).toContain(`Node ${oldest} or later`);
  expect(read("docs", "local.md")).toContain(`Needs Node ${oldest} or later`);
});

test("the server's package has the documents that its messages point to", () => {
  expect(manifest().files).toContain("docs");
  expect(existsSync(join(ROOT, "test", "verify_bundle.py"))).toBe(true);
});

test("npx zehrava-gate in a clone rebuilds nothing that is not stale", () => {
  const builtAt = () =>
    ["cli.js", "command.js", "worker/index.js"].map((name) => statSync(join(ROOT, "dist", name)).ino);
  const build = (flag: string) =>
    execFileSync(process.execPath, [join(ROOT, "scripts", "build.ts"), flag], { cwd: ROOT });
  build("--if-stale");
  const before = builtAt();
  build("--prepare");
  expect(builtAt()).toEqual(before);
});

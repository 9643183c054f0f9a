import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isSupported, oldestOf } from "../../../cli/node-version.ts";
import { starterRegistry } from "../../../cli/init/starter-registry.ts";
import { lockDataFolder } from "../../../cli/serve/lock.ts";
import { splitStatements } from "../../../cli/serve/migrations.ts";
import { parseServeOptions } from "../../../cli/serve/options.ts";
import { endProcess, identify, isSameProcess } from "../../../cli/serve/process-table.ts";
import { type Check, rulesSource } from "../../../cli/serve/rules.ts";
import { readWranglerConfig } from "../../../cli/serve/wrangler-config.ts";
import { ROOT, temporaryFolder } from "../../support/command.ts";

test.each([
  ["v20.19.0", false],
  ["v22.11.0", false],
  ["v22.12.0", true],
  ["v24.0.0", true],
  ["nonsense", false],
])("under engines >=22.12, Node %s is supported: %s", (version, supported) => {
  expect(isSupported(version, oldestOf(">=22.12"))).toBe(supported);
});

describe("splitting a migration into statements", () => {
  test.each<[string, string, readonly string[]]>([
    ["two", "CREATE TABLE a(x); CREATE TABLE b(y);", ["CREATE TABLE a(x)", "CREATE TABLE b(y)"]],
    ["none", " ; -- nothing\n", []],
    ["one without its semicolon", "SELECT 1", ["SELECT 1"]],
    [
      "a semicolon in a string",
      "INSERT INTO a VALUES ('it''s; here');",
      ["INSERT INTO a VALUES ('it''s; here')"],
    ],
    ["a semicolon in comments", "SELECT 1 /* ; */; -- ; '\nSELECT 2;", ["SELECT 1", "SELECT 2"]],
    [
      "a trigger with CASE",
      "CREATE TRIGGER t BEFORE UPDATE ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT RAISE(ABORT,'no; end'); END; SELECT 1;",
      [
        "CREATE TRIGGER t BEFORE UPDATE ON a BEGIN SELECT CASE WHEN 1 THEN 2 END; SELECT RAISE(ABORT,'no; end'); END",
        "SELECT 1",
      ],
    ],
  ])("splits %s", (_, sql, statements) => {
    expect(splitStatements(sql)).toEqual(statements);
  });
});

test("every binding of wrangler.toml is known to the local server", () => {
  const config = readWranglerConfig(ROOT);
  expect(config.d1_databases.map(({ binding }) => binding)).toEqual(["DB"]);
  for (const { class_name } of config.durable_objects.bindings) {
    expect(config.exports[class_name]?.storage).toBe("sqlite");
  }
});

test("a binding that the local server does not know is an error", () => {
  using folder = temporaryFolder();
  writeFileSync(
    join(folder.path, "wrangler.toml"),
    'name = "x"\ncompatibility_date = "2026-10-23"\n[[r2_buckets]]\nbinding = "B"\n',
  );
  expect(() => readWranglerConfig(folder.path)).toThrow(/r2_buckets/);
});

describe("the rules folder", () => {
  test("is the working directory's, when it has policies", () => {
    using folder = temporaryFolder();
    mkdirSync(join(folder.path, "policies"));
    expect(parseServeOptions([], folder.path)).toMatchObject({
      policyDir: join(folder.path, "policies"),
      registry: null,
      port: 4000,
      host: "127.0.0.1",
    });
    writeFileSync(join(folder.path, "gate.yaml"), "");
    expect(parseServeOptions([], folder.path).registry).toBe(join(folder.path, "gate.yaml"));
  });

  test("is the one shipped with Gate when the working directory has none, and the server says so", () => {
    using folder = temporaryFolder();
    const { policyDir, registry, notes } = parseServeOptions([], folder.path);
    expect([policyDir, registry]).toEqual([join(ROOT, "policies"), join(ROOT, "gate.yaml")]);
    expect(notes).toHaveLength(1);
  });

  test("is the named one, and a missing one is an error instead of a fallback", () => {
    using folder = temporaryFolder();
    const named = ["--policy-dir", "mine", "--registry", "mine.yaml"];
    expect(parseServeOptions(named, folder.path)).toMatchObject({
      policyDir: join(folder.path, "mine"),
      registry: join(folder.path, "mine.yaml"),
    });
  });
});

test.each([
  ["the shipped comment", "# x\n# unbound_destinations: block\npeople: {}\n"],
  ["a line", "unbound_destinations: allow\npeople: {}\n"],
  ["nothing", "people: {}\n"],
])("the registry that init writes is strict where the shipped one has %s", (_, shipped) => {
  expect(starterRegistry(shipped, []).text.match(/^unbound_destinations:.*$/gm)).toEqual([
    "unbound_destinations: block",
  ]);
});

describe("watched rules", () => {
  const check: Check = (file, text) =>
    text.includes("BAD")
      ? { ok: false, error: [{ file, line: 2, column: 3, message: "bad" }] }
      : { ok: true, value: text };

  function watched(files: Readonly<Record<string, string | Uint8Array>>) {
    const folder = temporaryFolder();
    const policyDir = join(folder.path, "policies");
    mkdirSync(policyDir);
    for (const [name, content] of Object.entries(files)) writeFileSync(join(policyDir, name), content);
    const registry = join(folder.path, "gate.yaml");
    writeFileSync(registry, "registry 1");
    const lines: string[] = [];
    const source = rulesSource({
      policyDir,
      registry,
      checkPolicy: check,
      checkRegistry: check,
      say: (line) => lines.push(line),
    });
    return { ...folder, policyDir, registry, source, lines };
  }

  test("have the same version for the same content only", () => {
    using w = watched({ "a.yaml": "one" });
    const { version } = w.source.current();
    expect(w.source.current().version).toBe(version);
    writeFileSync(join(w.policyDir, "a.yaml"), "two");
    const changed = w.source.current();
    expect(changed.version).not.toBe(version);
    expect(changed.policies).toEqual([{ id: "a", text: "two" }]);
    writeFileSync(join(w.policyDir, "a.yaml"), "one");
    expect(w.source.current().version).toBe(version);
  });

  test("notice an edit of the same length and a replaced file", () => {
    using w = watched({ "a.yaml": "one" });
    w.source.current();
    writeFileSync(join(w.policyDir, "next"), "two");
    renameSync(join(w.policyDir, "next"), join(w.policyDir, "a.yaml"));
    expect(w.source.current().policies).toEqual([{ id: "a", text: "two" }]);
  });

  test.each<[string, string | Uint8Array, RegExp]>([
    ["invalid", "BAD", /^policies\/a\.yaml:2:3: bad$/],
    ["not UTF-8", new Uint8Array([0xff, 0xfe]), /^policies\/a\.yaml:1:1: can't be read/],
    ["too long", "x".repeat(1024 * 1024 + 1), /^policies\/a\.yaml:1:1: longer than/],
  ])("INV-14: keep the last valid text when an edit is %s, and log it once", (_, content, message) => {
    using w = watched({ "a.yaml": "one" });
    const { version } = w.source.current();
    writeFileSync(join(w.policyDir, "a.yaml"), content);
    expect(w.source.current()).toMatchObject({ version, policies: [{ id: "a", text: "one" }], broken: [] });
    w.source.current();
    expect(w.lines).toHaveLength(2);
    expect(w.lines[0]).toMatch(message);
    expect(w.lines[1]).toBe("policies/a.yaml: the last valid version stays active");
  });

  test("INV-13 INV-14: report a file that was never valid", () => {
    using w = watched({ "a.yaml": "BAD", "b.yaml": "good", "c.yml": "good", "notes.txt": "BAD" });
    expect(w.source.current()).toMatchObject({
      policies: [{ id: "b", text: "good" }],
      broken: [{ id: "a", problems: ["policies/a.yaml:2:3: bad"] }],
    });
    expect(w.lines.join("\n")).toContain("policies/c.yml is not read");
  });

  test("drop a deleted policy, but keep a registry or folder that disappears", () => {
    using w = watched({ "a.yaml": "one", "b.yaml": "two" });
    w.source.current();
    rmSync(join(w.policyDir, "a.yaml"));
    rmSync(w.registry);
    expect(w.source.current()).toMatchObject({ policies: [{ id: "b" }], registry: "registry 1" });
    rmSync(w.policyDir, { recursive: true });
    expect(w.source.current().policies).toEqual([{ id: "b", text: "two" }]);
    w.source.current();
    expect(w.lines.filter((line) => line.includes("can't be read"))).toHaveLength(1);
  });

  test("INV-14: keep the last valid registry when an edit breaks it", () => {
    using w = watched({});
    w.source.current();
    writeFileSync(w.registry, "BAD");
    expect(w.source.current().registry).toBe("registry 1");
    writeFileSync(w.registry, "registry 2");
    expect(w.source.current().registry).toBe("registry 2");
  });
});

describe("the lock of a data folder", () => {
  test("is held once, and free again after its release", async () => {
    using folder = temporaryFolder();
    const lock = await lockDataFolder(folder.path);
    expect(lock.isHeld()).toBe(true);
    await expect(lockDataFolder(folder.path)).rejects.toThrow(/in use by another server/);
    lock.release();
    expect(lock.isHeld()).toBe(false);
    (await lockDataFolder(folder.path)).release();
  });

  test.each([
    [
      "of a process that is gone",
      JSON.stringify({ server: { pid: 2 ** 22 + 1, startedAt: "x" }, runtime: null }),
    ],
    [
      "of a pid that another process has now",
      JSON.stringify({ server: { pid: 1, startedAt: "x" }, runtime: null }),
    ],
    ["half written", '{"server": {"pi'],
    ["of another shape", '{"server": [1], "runtime": "1"}'],
    ["empty", ""],
  ])("is taken over when it is %s", async (_, text) => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "server.lock"), text);
    const lock = await lockDataFolder(folder.path);
    expect(lock.isHeld()).toBe(true);
    lock.release();
  });

  test("goes to one of several starters when it is stale", async () => {
    using folder = temporaryFolder();
    writeFileSync(join(folder.path, "server.lock"), "stale");
    const starts = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataFolder(folder.path)));
    expect(starts.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  });

  test("is not taken over from a process with another start time", async () => {
    const own = identify(process.pid);
    expect(own === null ? false : isSameProcess(own)).toBe(true);
    expect(await endProcess({ pid: process.pid, startedAt: "another life" })).toBe(true);
  });
});

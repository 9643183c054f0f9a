import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { parseRegistry } from "../../src/config/registry/parse.ts";
import { freePort, run, serve, temporaryFolder } from "../support/command.ts";
test("init writes policies, a strict registry and private secrets with which a server starts", async () => {
  using home = temporaryFolder();
  const folder = join(home.path, "gate");
  const { code, out } = await run(["init", folder]);
  expect(code).toBe(0);
  expect(out).toContain("wrote");
  expect(readdirSync(join(folder, "policies"))).toContain("crm-low-risk.yaml");
  const registry = readFileSync(join(folder, "gate.yaml"), "utf8");
  const parsed = parseRegistry("gate.yaml", registry, "allow");
  expect(parsed.ok && parsed.value.unboundDestinations).toBe("block");
  const secrets = readFileSync(join(folder, ".dev.vars"), "utf8");
  const secret = /^GATE_SECRET=(.+)$/m.exec(secrets)?.[1] ?? "";
  expect(Buffer.from(secret, "base64")).toHaveLength(32);
  expect(secrets).toMatch(/^GATE_ADMIN_KEY=\S{40,}$/m);
  expect(statSync(join(folder, ".dev.vars")).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, ".gitignore"), "utf8")).toContain(".dev.vars");
  await using server = await serve({ port: await freePort(), home: home.path, cwd: folder });
  expect(server.err()).toBe("");
});

test("init writes the schemas that its files name for editors, and replaces only older ones of Gate's", async () => {
  using home = temporaryFolder();
  const { out } = await run(["init"], { cwd: home.path });
  expect(out).toMatch(/^wrote +schemas\/policy\.schema\.json$/m);
  const files = readdirSync(home.path, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".yaml"),
  );
  expect(files.length).toBeGreaterThan(15);
  for (const file of files) {
    const text = readFileSync(join(home.path, file), "utf8");
    const named = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text)?.[1] ?? "";
    expect(existsSync(join(home.path, dirname(file), named)), file).toBe(true);
  }
  const schema = (name: string) => join(home.path, "schemas", name);
  const current = readFileSync(schema("gate.schema.json"), "utf8");
  writeFileSync(schema("gate.schema.json"), current.replace("Gate registry", "Older"));
  writeFileSync(schema("policy.schema.json"), '{ "$id": "urn:example:mine" }');
  const again = await run(["init"], { cwd: home.path });
  expect(again.out).toMatch(/^wrote +schemas\/gate\.schema\.json$/m);
  expect(again.out).toMatch(/^kept +schemas\/policy\.schema\.json$/m);
  expect(again.out).toMatch(/^kept +schemas\/policy-cases\.schema\.json$/m);
  expect(readFileSync(schema("gate.schema.json"), "utf8")).toBe(current);
  expect(readFileSync(schema("policy.schema.json"), "utf8")).toBe('{ "$id": "urn:example:mine" }');
});

test("init keeps existing files and says so", async () => {
  using home = temporaryFolder();
  mkdirSync(join(home.path, "policies"));
  const mine = { "policies/crm-low-risk.yaml": "mine", "gate.yaml": "mine too", ".dev.vars": "SECRET=mine" };
  for (const [name, text] of Object.entries(mine)) writeFileSync(join(home.path, name), text);
  const { code, out } = await run(["init"], { cwd: home.path });
  expect(code).toBe(0);
  for (const [name, text] of Object.entries(mine)) {
    expect(readFileSync(join(home.path, name), "utf8")).toBe(text);
    expect(out).toMatch(new RegExp(`^kept +${name.replace(/[.]/g, "[.]")}$`, "m"));
  }
  expect(out).toMatch(/^wrote +policies\/support-reply.yaml$/m);
});

test("init into a folder that can't be created fails with one line", async () => {
  using home = temporaryFolder();
  writeFileSync(join(home.path, "file"), "");
  const { code, err } = await run(["init", join(home.path, "file", "gate")]);
  expect(code).toBe(1);
  expect(err.trim().split("\n")).toHaveLength(1);
});

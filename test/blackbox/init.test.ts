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

test("init says of unbound destinations what its gate.yaml does, and its policy tests pass under it", async () => {
  using home = temporaryFolder();
  const { out } = await run(["init"], { cwd: home.path });
  const registry = readFileSync(join(home.path, "gate.yaml"), "utf8");
  expect(registry).not.toContain("the default is `allow`");
  expect(registry).toMatch(
    /# Destinations without bound policies below are refused\.[^\n]*\n#[^\n]*\nunbound_destinations: block\n/,
  );
  expect(out).toMatch(/^Next: node \S+dist\/cli\.js --port 4000$/m);
  const tested = await run(["policy", "test"], { cwd: home.path });
  expect([tested.code, tested.err]).toEqual([0, ""]);
  const linted = await run(["policy", "lint"], { cwd: home.path });
  expect(linted.code).toBe(0);
});

test("init --with takes up ready-made destinations, and names what is still to be filled in", async () => {
  using home = temporaryFolder();
  const { code, out } = await run(["init", "--with", "stripe,Zendesk"], { cwd: home.path });
  expect(code).toBe(0);
  const parsed = parseRegistry("gate.yaml", readFileSync(join(home.path, "gate.yaml"), "utf8"), "allow");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const { destinations, credentials } = parsed.value;
  expect([...credentials.keys()].toSorted()).toEqual(["stripe", "zendesk"]);
  expect(destinations.get("stripe.refund")?.upstream).not.toBeNull();
  expect(destinations.get("zendesk.reply")?.upstream).not.toBeNull();
  expect(destinations.get("hubspot.contacts")?.upstream ?? null).toBeNull();
  expect(out).toContain("set STRIPE_API_KEY, ZENDESK_API_TOKEN before the start");
  expect(out).toMatch(/^ {2}line \d+: your-subdomain$/m);
  expect((await run(["policy", "lint"], { cwd: home.path })).code).toBe(0);
});

test("init --with refuses a provider that it has no entries for, and a gate.yaml that exists", async () => {
  using home = temporaryFolder();
  const unknown = await run(["init", "--with", "strpe"], { cwd: home.path });
  expect([unknown.code, unknown.err]).toEqual([
    2,
    expect.stringContaining("for strpe: choose from salesforce,"),
  ]);
  expect(readdirSync(home.path)).toEqual([]);
  writeFileSync(join(home.path, "gate.yaml"), "mine");
  const existing = await run(["init", "--with", "stripe"], { cwd: home.path });
  expect([existing.code, existing.err]).toEqual([1, expect.stringContaining("gate.yaml exists")]);
  expect(readdirSync(home.path)).toEqual(["gate.yaml"]);
});

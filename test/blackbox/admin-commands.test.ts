import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../support/command.ts";
import { startGate } from "../support/gate.ts";

/* Principals, people and webhooks by command, without curl, against the real server with the shipped rules. */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const endpoint = `http://127.0.0.1:${gate.port}`;

const admin = (...args: readonly string[]) =>
  run(args, { env: { GATE_ENDPOINT: endpoint, GATE_API_KEY: gate.adminKey } });

function keyIn(out: string): string {
  const key = /^ {2}(gate_\S+|whsec_\S+)$/m.exec(out)?.[1];
  if (key === undefined) throw new Error(`no key in:\n${out}`);
  return key;
}

const whoAmI = async (key: string) => (await gate.call("GET", "/v1/session", key)).status;

describe("agents", () => {
  test("add, list, show, suspend, reactivate, rotate and revoke an agent by its name", async () => {
    const added = await admin(
      "agents",
      "add",
      "crm-sync",
      "--owner",
      "ana",
      "--destinations",
      "salesforce.*,hubspot.contacts",
    );
    expect([added.code, added.err]).toEqual([0, ""]);
    expect(added.out).toMatch(/^Registered the agent crm-sync, agt_\S+\.$/m);
    const key = keyIn(added.out);
    expect(key).toMatch(/^gate_sk_/);
    expect((await admin("agents", "list", "--role", "agent")).out).toMatch(
      /^crm-sync +agent +active +ana +agt_/m,
    );
    const shown = await admin("agents", "show", "crm-sync");
    expect(shown.out).toMatch(/^destinations +salesforce\.\*, hubspot\.contacts$/m);
    expect(shown.out).toMatch(/^owner +ana$/m);
    expect(shown.out).not.toContain("gate_sk_");

    const suspended = await admin("agents", "suspend", "crm-sync");
    expect(suspended.out).toContain("The agent crm-sync is suspended");
    expect(await whoAmI(key)).toBe(403);
    await admin("agents", "reactivate", "crm-sync");
    expect(await whoAmI(key)).toBe(200);

    const unconfirmed = await admin("agents", "rotate", "crm-sync");
    expect([unconfirmed.code, unconfirmed.out]).toEqual([1, ""]);
    expect(unconfirmed.err).toContain("Nothing was changed.");
    expect(await whoAmI(key)).toBe(200);
    const next = keyIn((await admin("agents", "rotate", "crm-sync", "--yes")).out);
    expect([await whoAmI(key), await whoAmI(next)]).toEqual([401, 200]);

    expect((await admin("agents", "revoke", "crm-sync")).code).toBe(1);
    expect(await whoAmI(next)).toBe(200);
    expect((await admin("agents", "revoke", "crm-sync", "--yes")).out).toBe(
      "The agent crm-sync is revoked.\n",
    );
    expect(await whoAmI(next)).not.toBe(200);
    const again = await admin("agents", "reactivate", "crm-sync");
    expect([again.code, again.err]).toEqual([1, expect.stringContaining("can't be reactivated")]);
  });

  test("print JSON for programs", async () => {
    const { code, out } = await admin("agents", "list", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toContainEqual(expect.objectContaining({ name: "local-agent", role: "agent" }));
  });

  test.each([
    ["an unknown name", ["agents", "show", "local-agnt"], 2, "no principal is called local-agnt"],
    ["a part of a name", ["agents", "show", "agent"], 2, "did you mean local-agent?"],
    ["an unknown id", ["agents", "show", "agt_nobody"], 1, "There is no such principal."],
    ["an unknown role in a list", ["agents", "list", "--role", "boss"], 2, "--role takes agent, reviewer"],
    ["an unknown role", ["agents", "add", "x", "--role", "boss"], 1, "role"],
    [
      "a name that is taken",
      ["agents", "add", "local-agent"],
      1,
      "Another principal has this name; choose another.",
    ],
    ["no name", ["agents", "add"], 2, "name the new principal"],
    ["an empty list", ["agents", "add", "x", "--destinations", ""], 2, "--destinations takes names"],
    ["no role to change to", ["agents", "role", "local-agent", "--yes"], 2, "name the role"],
    ["a misspelled flag", ["agents", "list", "--rolle", "agent"], 2, "Unknown option '--rolle'"],
  ])("say what to do about %s", async (_, args, code, message) => {
    const refused = await admin(...args);
    expect([refused.code, refused.out]).toEqual([code, ""]);
    expect(refused.err).toContain(message);
  });
});

describe("people", () => {
  test("stand together with all their keys, and an account that is not linked can't be unlinked", async () => {
    await admin("agents", "add", "ana-laptop", "--role", "reviewer", "--person", "ana");
    await admin("agents", "add", "ana-phone", "--role", "reviewer", "--person", "ana");
    const { out } = await admin("people", "list");
    expect(out).toMatch(/^ana +ana-laptop +reviewer +active +rev_\S+\nana +ana-phone +reviewer/m);
    expect(out).toMatch(/^\(of its own\) +local-admin +admin/m);
    expect(out).not.toContain("local-agent");
    expect((await admin("people", "unlink", "ana-phone")).code).toBe(1);
    expect((await admin("people", "unlink", "ana-phone", "--yes")).out).toBe(
      "ana-phone has no linked account.\n",
    );
  });
});

describe("webhooks", () => {
  test("add, list, test, rotate and remove", async () => {
    expect((await admin("webhooks", "list")).out).toContain("No webhook is registered");
    const added = await admin(
      "webhooks",
      "add",
      "https://hooks.example.com/gate",
      "--events",
      "intent.approved,intent.blocked",
    );
    expect([added.code, added.err]).toEqual([0, ""]);
    const secret = keyIn(added.out);
    const id = /whk_\S+(?=\.)/.exec(added.out)?.[0] ?? "";
    expect((await admin("webhooks", "list")).out).toMatch(
      new RegExp(
        `^${id} +active +intent\\.approved,intent\\.blocked +https://hooks\\.example\\.com/gate`,
        "m",
      ),
    );
    expect((await admin("webhooks", "deliveries", id)).out).toBe("Nothing was sent to it yet.\n");

    expect((await admin("webhooks", "rotate", id)).code).toBe(1);
    const other = keyIn((await admin("webhooks", "rotate", id, "--yes")).out);
    expect(other).not.toBe(secret);

    const unconfirmed = await admin("webhooks", "remove", id);
    expect([unconfirmed.code, unconfirmed.err]).toEqual([1, expect.stringContaining("Nothing was changed.")]);
    expect((await admin("webhooks", "remove", id, "--yes")).out).toBe(
      "Removed the webhook to https://hooks.example.com/gate.\n",
    );
    expect((await admin("webhooks", "list")).out).toContain("No webhook is registered");
  });

  test.each([
    ["an address on this machine", ["webhooks", "add", "https://127.0.0.1/x"], 1, "a public address"],
    ["an unknown event", ["webhooks", "add", "https://a.example.com", "--events", "approved"], 1, "events"],
    ["an unknown webhook", ["webhooks", "remove", "whk_x", "--yes"], 1, "There is no such webhook."],
    ["no webhook", ["webhooks", "test"], 2, "name the webhook by its id"],
  ])("say what to do about %s", async (_, args, code, message) => {
    const refused = await admin(...args);
    expect([refused.code, refused.out]).toEqual([code, ""]);
    expect(refused.err).toContain(message);
  });
});

describe("one table of variables: GATE_ENDPOINT and GATE_API_KEY", () => {
  const COMMANDS = [
    ["agents", "list"],
    ["people", "list"],
    ["webhooks", "list"],
    ["switches", "list"],
    ["vault", "check"],
    ["ledger", "verify"],
    ["approvals", "list"],
    ["policy", "replay"],
  ] as const;

  test.each(COMMANDS)(
    "%s %s reads the key from GATE_API_KEY, and names it when another one is set",
    async (...args) => {
      const env = { GATE_ENDPOINT: endpoint, GATE_REVIEWER_KEY: gate.adminKey };
      const { code, err, out } = await run(args, { env });
      expect([code, out]).toEqual([2, ""]);
      expect(err).toMatch(/put (an?|the) .*key into GATE_API_KEY, or name --api-key-file/);
      expect(err).toContain("(GATE_REVIEWER_KEY is set, but commands read GATE_API_KEY alone)");
      expect(err).not.toContain(gate.adminKey);
    },
  );

  /** One of each client. */
  const CLIENTS = COMMANDS.filter(([name]) => ["agents", "ledger", "policy"].includes(name));

  test.each(CLIENTS)("%s %s takes --server and --api-key-file before the variables", async (...args) => {
    const file = join(gate.home, "key");
    writeFileSync(file, `${gate.adminKey}\n`);
    const flags = ["--server", endpoint, "--api-key-file", file];
    const env = { GATE_ENDPOINT: "http://127.0.0.1:9", GATE_API_KEY: "gate_ak_wrong" };
    const { code, err } = await run([...args, ...flags], { env });
    expect(err).not.toMatch(/can't be reached|does not know this key/);
    expect(code).not.toBe(2);
  });

  test.each(CLIENTS)("%s %s says which server can't be reached", async (...args) => {
    const env = { GATE_ENDPOINT: "http://127.0.0.1:9", GATE_API_KEY: gate.adminKey };
    const { code, err } = await run(args, { env });
    expect([code, err]).toEqual([2, expect.stringContaining("http://127.0.0.1:9 can't be reached")]);
  });
});

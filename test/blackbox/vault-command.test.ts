import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  freePort,
  printedKey,
  run,
  serve,
  temporaryFolder,
  type RunningCommand,
} from "../support/command.ts";

/* `vault check` against the real server, which asks a stand-in for OpenBao on this machine. */

const TOKEN = "hvs.token-of-the-vault";
const SECRET = "sk_live_from-the-vault";

const home = temporaryFolder();
let vault: Server;
let server: RunningCommand;
let endpoint = "";
let adminKey = "";
const requests: string[] = [];

beforeAll(async () => {
  vault = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    const isKnown = request.headers["x-vault-token"] === TOKEN;
    const isThere = request.url === "/v1/kv/data/gate/stripe";
    response.writeHead(isKnown ? (isThere ? 200 : 404) : 403, { "Content-Type": "application/json" });
    response.end(
      JSON.stringify(
        isKnown && isThere
          ? { data: { data: { key: SECRET, other: "x" }, metadata: { version: 1 } } }
          : { errors: [`${TOKEN}\u001b[2J may not read ${SECRET}`] },
      ),
    );
  });
  await new Promise<void>((resolve) => vault.listen(0, "127.0.0.1", resolve));
  const { port: vaultPort } = vault.address() as AddressInfo;
  const registry = join(home.path, "gate.yaml");
  writeFileSync(
    registry,
    `credentials:
  stripe: { ref: vault://kv/gate/stripe#key }
  short: { ref: vault://kv/gate/stripe#other }
  gone: { ref: vault://kv/gate/nothing#key }
  hook: { ref: env://HOOK_SECRET }
  unset: { ref: env://NEVER_SET }
vaults:
  bao: { type: hashicorp, url: "http://127.0.0.1:${vaultPort}", allow_private: true, auth: { method: token, token: env://BAO_TOKEN } }
`,
  );
  const port = await freePort();
  server = await serve({
    port,
    home: home.path,
    args: ["--registry", registry],
    env: { BAO_TOKEN: TOKEN, HOOK_SECRET: "whsec_do-not-print" },
  });
  endpoint = `http://127.0.0.1:${port}`;
  adminKey = printedKey(server.out(), "admin");
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  vault.closeAllConnections();
  vault.close();
  home[Symbol.dispose]();
});

const SECRETS = new RegExp(`${SECRET}|${TOKEN}|whsec_do-not-print`);

test("vault check prints each credential's result, and exits with 1 where one can't be fetched", async () => {
  const { code, out, err } = await run(["vault", "check"], {
    env: { GATE_ENDPOINT: endpoint, GATE_API_KEY: adminKey },
  });
  expect(err).toBe("");
  expect(out.trimEnd().split("\n")).toEqual([
    "ok    stripe (vault://kv/gate/stripe#key)",
    expect.stringMatching(/^FAIL {2}short \(vault:\/\/kv\/gate\/stripe#other\): too_short: /),
    expect.stringMatching(/^FAIL {2}gone \(vault:\/\/kv\/gate\/nothing#key\): not_found: /),
    "ok    hook (env://HOOK_SECRET)",
    expect.stringMatching(/^FAIL {2}unset \(env:\/\/NEVER_SET\): not_found: /),
  ]);
  expect(code).toBe(1);
  expect(requests).toContain("GET /v1/kv/data/gate/stripe");
  expect(out).not.toMatch(SECRETS);
  expect(server.out() + server.err()).not.toMatch(SECRETS);
});

test("vault check reads the key from a file and prints JSON for programs", async () => {
  const file = join(home.path, "admin-key");
  writeFileSync(file, `${adminKey}\n`);
  const { code, out } = await run(["vault", "check", "--server", endpoint, "--api-key-file", file, "--json"]);
  expect(code).toBe(1);
  const found = JSON.parse(out) as { name: string; ok: boolean }[];
  expect(found.map(({ name, ok }) => `${name} ${ok}`)).toEqual([
    "stripe true",
    "short false",
    "gone false",
    "hook true",
    "unset false",
  ]);
  expect(out).not.toMatch(SECRETS);
});

test("INV-21: the server names variables it could not pass on, and prints no value", () => {
  expect(server.out() + server.err()).toContain(
    "NEVER_SET (the credential unset) is not set in the environment",
  );
  expect(server.out() + server.err()).not.toContain("BAO_TOKEN");
});

test.each([
  ["a reviewer's key", () => printedKey(server.out(), "reviewer"), 1, /vault check: /],
  ["an unknown key", () => "gate_ak_nobody", 2, /does not know this key/],
  ["no key", () => "", 2, /put an admin's key into GATE_API_KEY/],
  ["a key that no header holds", () => "a b", 2, /characters that a key never has/],
])("vault check gets nothing with %s", async (_name, key, expected, message) => {
  const { code, out, err } = await run(["vault", "check"], {
    env: { GATE_ENDPOINT: endpoint, GATE_API_KEY: key() },
  });
  expect(code).toBe(expected);
  expect(out).toBe("");
  expect(err).toMatch(message);
});

test.each([
  ["an unknown command", ["vault", "list"]],
  ["an unknown flag", ["vault", "check", "--print"]],
  ["a word too many", ["vault", "check", "stripe"]],
  ["a server that is no URL", ["vault", "check", "--server", "gate"]],
  ["a key in a URL", ["vault", "check", "--server", "http://key@127.0.0.1:1"]],
  ["a server that is not there", ["vault", "check", "--server", "http://127.0.0.1:1"]],
])("vault check exits with 2 for %s", async (_name, args) => {
  const { code, out } = await run(args, { env: { GATE_API_KEY: "gate_ak_x" } });
  expect(code).toBe(2);
  expect(out).toBe("");
});

const STRANGERS: readonly (readonly [string, string, number])[] = [
  ["a page", "<html>", 2],
  ["another program's JSON", '{"ok":true}', 2],
  ["a list of texts", '{"credentials":["ok"]}', 2],
  ["credentials that don't say", '{"credentials":[{"name":"x"}]}', 1],
  ["a word for yes", '{"credentials":[{"name":"x","ok":"true"}]}', 1],
  ["text that controls a terminal", '{"credentials":[{"name":"\\u001b[2J\\nok    y","ok":true}]}', 0],
];

test.each(STRANGERS)(
  "vault check does not take a foreign response for success: %s",
  async (_name, text, expected) => {
    const stranger = createServer((_request, response) => response.end(text));
    await new Promise<void>((resolve) => stranger.listen(0, "127.0.0.1", resolve));
    const { port } = stranger.address() as AddressInfo;
    const { code, out } = await run(["vault", "check", "--server", `http://127.0.0.1:${port}`], {
      env: { GATE_API_KEY: "gate_ak_x" },
    });
    stranger.close();
    expect(code).toBe(expected);
    expect(out).not.toContain("\u001b");
    expect(out.trimEnd().split("\n")).toHaveLength(1);
  },
);

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, printedKey, run, serve, temporaryFolder } from "../support/command.ts";
import { clientAt } from "../support/client.ts";
const CREDENTIALS = "unbound_destinations: allow\ncredentials:\n  hook: { ref: env://HOOK_SECRET }\n";

test("the server prints its public URL and the credentials that need a restart", async () => {
  using home = temporaryFolder();
  const registry = join(home.path, "gate.yaml");
  writeFileSync(registry, CREDENTIALS);
  await using server = await serve({
    port: await freePort(),
    home: home.path,
    args: ["--registry", registry, "--public-url", "https://gate.example.com"],
    env: { HOOK_SECRET: "whsec_do-not-print" },
  });
  expect(server.out()).toContain("links     lead to https://gate.example.com");
  expect(server.out()).not.toContain("can sign in as anybody");
  writeFileSync(registry, `${CREDENTIALS}  late: { ref: env://LATE_SECRET }\n`);
  await server.printed("LATE_SECRET (the credential late) is read at the next start");
  expect(server.out() + server.err()).not.toContain("whsec_do-not-print");
});

test("the server signs people in without a key on a loopback host, and says so", async () => {
  using home = temporaryFolder();
  await using server = await serve({
    port: await freePort(),
    home: home.path,
    args: ["--local-sign-in"],
  });
  expect(server.out()).toContain("every user of this machine can sign in as every person (--local-sign-in)");
  expect(server.out()).not.toContain("links     lead to");
});

test("the server prints no runtime output when a channel's host does not resolve", async () => {
  using home = temporaryFolder();
  const registry = join(home.path, "gate.yaml");
  const channel = "{ type: webhook, url: http://gate.invalid/, secret: hook, allow_private: true }";
  writeFileSync(registry, `${CREDENTIALS}channels:\n  away: ${channel}\n`);
  const port = await freePort();
  await using server = await serve({
    port,
    home: home.path,
    args: ["--registry", registry],
    env: { HOOK_SECRET: `whsec_${Buffer.alloc(32).toString("base64")}` },
  });
  const held = { destination: "salesforce.import", policy: "crm-low-risk", payload: "./leads.csv" };
  await clientAt(port).call("POST", "/v1/intents", printedKey(server.out(), "agent"), held);
  await expect
    .poll(
      async () => {
        const { body } = await clientAt(port).call(
          "GET",
          "/v1/approvals",
          printedKey(server.out(), "reviewer"),
        );
        return JSON.stringify(body);
      },
      { timeout: 20_000 },
    )
    .toContain("it could not be reached");
  await server.end("SIGINT");
  expect(server.out() + server.err()).not.toMatch(/workerd|sentry/i);
});

test.each([
  ["GATE_ORDER_TTL_SECONDS", "901"],
  ["GATE_CLAIM_TTL_SECONDS", "4"],
  ["GATE_DELIVERY_LEASE_SECONDS", "a minute"],
])("the server does not start with %s=%s, and names the variable", async (name, value) => {
  using home = temporaryFolder();
  const options = ["--port", String(await freePort()), "--data-dir", home.path];
  const { code, err } = await run(options, { env: { [name]: value } });
  expect(code).toBe(1);
  expect(err).toContain(`${name} must be a whole number of seconds from `);
});

test.each([
  ["a flag", ["--public-url", "https://gate.example.com"], {}],
  ["the environment", [], { GATE_PUBLIC_URL: "https://gate.example.com" }],
])("the server signs no one in without a key on a reachable host, as %s says", async (_name, args, env) => {
  using home = temporaryFolder();
  const options = ["--port", String(await freePort()), "--data-dir", home.path, "--local-sign-in"];
  const { code, err } = await run([...options, ...args], { env });
  expect(code).toBe(1);
  expect(err).toContain("--local-sign-in is for this machine alone");
});

test("the server refuses a malformed URL in the environment", async () => {
  using home = temporaryFolder();
  const options = ["--port", String(await freePort()), "--data-dir", home.path];
  const { code, err } = await run(options, { env: { GATE_PUBLIC_URL: "gate.example.com" } });
  expect(code).toBe(2);
  expect(err).toContain("GATE_PUBLIC_URL takes an address");
});

import { generateKeyPairSync } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { freePort, printedKey, ROOT, runScript, serve, temporaryFolder } from "../support/command.ts";
import { clientAt } from "../support/client.ts";
test("the example worker verifies an order, claims it, executes once and signs its report", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const [adminKey, agentKey] = [printedKey(server.out(), "admin"), printedKey(server.out(), "agent")];
  const call = async (method: "GET" | "POST", path: string, key: string, body?: object) =>
    (await clientAt(port).call(method, path, key, body)).body;

  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const jwkFile = join(home.path, "report-key.json");
  writeFileSync(jwkFile, JSON.stringify(privateKey.export({ format: "jwk" })), { mode: 0o600 });
  const { kty, crv, x } = publicKey.export({ format: "jwk" });
  const { agents } = (await call("GET", "/v1/agents", adminKey)) as {
    agents: { id: string; role: string }[];
  };
  const agent = agents.find(({ role }) => role === "agent");
  await call("POST", `/v1/agents/${agent?.id}/report-key`, adminKey, { jwk: { kty, crv, x } });

  const payload = "name,email\nAda,ada@example.com\nBob,bob@example.com\n";
  const { intentId } = await call("POST", "/v1/intents", agentKey, {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload,
    payload_name: "leads.csv",
  });
  await call("POST", `/v1/intents/${intentId}/execute`, agentKey, {});

  const crmFile = join(home.path, "crm.ndjson");
  const environment = {
    GATE_ENDPOINT: `http://127.0.0.1:${port}`,
    GATE_API_KEY: agentKey,
    GATE_REPORT_JWK: jwkFile,
    CRM_FILE: crmFile,
  };
  const worker = () => runScript(join(ROOT, "examples", "worker.mjs"), environment);
  const first = await worker();
  expect(first.err).toBe("");
  expect(first.out).toContain(`${intentId}: succeeded`);
  expect(JSON.parse(readFileSync(crmFile, "utf8"))).toMatchObject({ rows: 2 });
  const intent = await call("GET", `/v1/intents/${intentId}`, agentKey);
  expect(intent["execution"]).toMatchObject({ status: "succeeded", proof: "verified", result: { rows: 2 } });

  const second = await worker();
  expect([second.code, second.out]).toEqual([0, "no orders for salesforce.import\n"]);
  expect(readFileSync(crmFile, "utf8").trim().split("\n")).toHaveLength(1);
});

test("the example worker refuses another deployment's order", async () => {
  using home = temporaryFolder();
  const port = await freePort();
  await using server = await serve({ port, home: home.path });
  const agentKey = printedKey(server.out(), "agent");
  const body = {
    destination: "salesforce.import",
    policy: "crm-low-risk",
    payload: "a\n1\n",
    payload_name: "a.csv",
  };
  const { intentId } = (await clientAt(port).call("POST", "/v1/intents", agentKey, body)).body;
  await clientAt(port).call("POST", `/v1/intents/${intentId}/execute`, agentKey, {});
  const crmFile = join(home.path, "crm.ndjson");
  const { code, err } = await runScript(join(ROOT, "examples", "worker.mjs"), {
    GATE_ENDPOINT: `http://127.0.0.1:${port}`,
    GATE_API_KEY: agentKey,
    GATE_ORIGIN: "another.example",
    CRM_FILE: crmFile,
  });
  expect(code).not.toBe(0);
  expect(err).toContain("iss");
  expect(existsSync(crmFile)).toBe(false);
});

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { check, connect, GateError, propose } from "../../../sdk/typescript/propose.ts";
import { temporaryFolder } from "../../support/command.ts";
import { json, wire } from "../../support/wire.ts";

const PROPOSAL = { destination: "salesforce.import", policy: "crm-low-risk" };

beforeEach(() => {
  for (const name of ["GATE_API_KEY", "GATE_REVIEWER_KEY", "GATE_ENDPOINT"]) vi.stubEnv(name, "");
});
afterEach(() => vi.unstubAllEnvs());

test("the entry for proposals proposes and checks as the whole client does", async () => {
  const { sent, fetch } = wire([json({ status: "approved", intentId: "int_1" })]);
  const at = connect({ endpoint: "http://gate.test", apiKey: "gate_sk_a", fetch });
  expect((await propose(at, { ...PROPOSAL, record_count: 3 })).intentId).toBe("int_1");
  await check(at, PROPOSAL);
  expect(sent.map(({ path, body }) => [path, body])).toEqual([
    ["/v1/intents", { ...PROPOSAL, recordCount: 3 }],
    ["/v1/intents?dry_run=true", PROPOSAL],
  ]);
});

test("the entry for proposals reads no file, and finds no key that a local server left", async () => {
  using folder = temporaryFolder();
  const file = join(folder.path, "leads.csv");
  writeFileSync(file, "email\nada@example.com\n");
  mkdirSync(join(folder.path, "zehrava-gate"));
  writeFileSync(join(folder.path, "zehrava-gate", "local-agents.json"), '{"4000":"gate_sk_local"}');
  vi.stubEnv("XDG_CONFIG_HOME", folder.path);
  const { sent, fetch } = wire([json({})]);
  const endpoint = "http://localhost:4000";
  await propose(connect({ endpoint, apiKey: "gate_sk_a", fetch }), { ...PROPOSAL, payload: file });
  expect(sent[0]?.body).toEqual({ ...PROPOSAL, payload_reference: { name: "leads.csv" } });
  const error: unknown = await propose(connect({ endpoint, fetch }), PROPOSAL).catch(
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(GateError);
  expect(error).toMatchObject({ code: "no_api_key" });
});

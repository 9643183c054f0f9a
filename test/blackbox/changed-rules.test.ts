import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { POLICY } from "../../cli/policy/command.ts";
import { runSubcommand } from "../../cli/subcommands.ts";
import { temporaryFolder } from "../support/command.ts";
import { startGate, text } from "../support/gate.ts";
import { openLedger, origin } from "../support/ledger-server.ts";

/* What waits while the rules change, on one machine: no case is read by this file before Gate evaluates it again. */

const HELD = "id: held\ndestinations: [crm.held]\nrequire_approval: always\n";
const BLOCKING = `${HELD}block_if_terms: [umbrella]\n`;
const SOON = { timeout: 20_000, interval: 100 };

const files = temporaryFolder();
const policyDir = join(files.path, "policies");
const registry = join(files.path, "gate.yaml");
mkdirSync(policyDir);
const write = (policy: string) => writeFileSync(join(policyDir, "held.yaml"), policy);
write(HELD);
writeFileSync(registry, "unbound_destinations: block\ndestinations:\n  crm.held: { policies: [held] }\n");
const gate = await startGate({ args: ["--policy-dir", policyDir, "--registry", registry] });
afterAll(async () => {
  await gate[Symbol.asyncDispose]();
  files[Symbol.dispose]();
});

const agent = await gate.register("agent");

async function hold(payload: string): Promise<string> {
  const proposal = { destination: "crm.held", policy: "held", payload, recordCount: 1 };
  return text((await gate.call("POST", "/v1/intents", agent.key, proposal)).body, "intentId");
}

/** The ledger's events of a case, from D1's file: reading the case itself would evaluate it. */
function eventsOf(id: string): readonly string[] {
  using db = openLedger(join(gate.home, "data"));
  const rows = db.prepare("SELECT event FROM ledger WHERE intent_id = ? ORDER BY seq").all(id);
  return rows.map(({ event }) => String(event));
}

async function pending(): Promise<{ readonly code: number; readonly out: string }> {
  let out = "";
  vi.stubEnv("GATE_API_KEY", gate.adminKey);
  const args = ["pending", "--server", origin(gate.port), "--policy-dir", policyDir, "--registry", registry];
  const io = {
    out: (line: string) => void (out += `${line}\n`),
    err: (line: string) => void (out += `${line}\n`),
  };
  const code = await runSubcommand(POLICY, args, io);
  vi.unstubAllEnvs();
  return { code, out };
}

test("a reload says how many cases stay held and how many would be blocked, and has them evaluated again", async () => {
  const [rainy, sunny] = [await hold("an umbrella"), await hold("a parasol")];
  await vi.waitUntil(() => eventsOf(rainy).length === 3 && eventsOf(sunny).length === 3, SOON);
  write(`# A comment\n${HELD}`);
  await vi.waitUntil(() => gate.printed().includes("held.yaml reloaded"), SOON);
  write(BLOCKING);
  await vi.waitUntil(() => gate.printed().includes("changed rules: 1 held, 1 would be blocked\n"), SOON);
  await vi.waitUntil(() => [rainy, sunny].every((id) => eventsOf(id).includes("policy_rechecked")), SOON);
  expect(gate.printed().match(/changed rules/g)).toHaveLength(1);
});

test("an edit while the server is stopped is said and evaluated at the start, and one evaluation is not repeated", async () => {
  const id = await hold("a raincoat");
  await vi.waitUntil(() => eventsOf(id).length === 3, SOON);
  await gate.stop();
  write(HELD);
  await gate.start();
  // The one with the umbrella is freed too.
  await vi.waitUntil(() => gate.printed().includes("changed rules: 3 held, 0 would be blocked\n"), SOON);
  await vi.waitUntil(() => eventsOf(id).includes("policy_rechecked"), SOON);
  await gate.stop();
  await gate.start();
  const preview = await gate.call("POST", "/v1/recheck?dry_run=true", gate.adminKey, {});
  expect(preview.body).toMatchObject({ checked: 3, changed: 0 });
  expect(gate.printed()).not.toContain("changed rules");
  expect(eventsOf(id).filter((event) => event === "policy_rechecked")).toHaveLength(1);
});

test("policy pending says what the files here would do to the cases at a server, and changes nothing", async () => {
  expect(await pending()).toEqual({ code: 0, out: "None of 3 cases that wait would be evaluated again.\n" });
  const id = await hold("an umbrella");
  await vi.waitUntil(() => eventsOf(id).length === 3, SOON);
  // Of a folder that the server does not read.
  const other = join(files.path, "other");
  mkdirSync(other);
  writeFileSync(join(other, "held.yaml"), BLOCKING);
  let out = "";
  let errors = "";
  vi.stubEnv("GATE_API_KEY", gate.adminKey);
  const io = {
    out: (line: string) => void (out += `${line}\n`),
    err: (line: string) =>
      void (errors += `${line}
`),
  };
  const server = ["--server", origin(gate.port), "--registry", registry];
  expect(await runSubcommand(POLICY, ["pending", ...server, "--policy-dir", other], io)).toBe(1);
  expect(out).toContain("2 held, 2 would be blocked\n");
  expect(out).toContain(`  ${id}  pending_approval: blocked (blocked_term_detected)\n`);
  vi.stubEnv("GATE_API_KEY", agent.key);
  expect(await runSubcommand(POLICY, ["pending", ...server, "--policy-dir", other], io)).toBe(1);
  expect(errors).toMatch(/^zehrava-gate policy pending: /);
  vi.unstubAllEnvs();
  expect(eventsOf(id)).toEqual(["proposed", "policy_checked", "approval_requested"]);
});

import { afterAll, expect, test } from "vitest";
import { run } from "../support/command.ts";
import { startGate } from "../support/gate.ts";

/* `zehrava-gate switches` against the real server with the shipped rules. */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const { agent, reviewer } = await gate.cast();
const endpoint = `http://127.0.0.1:${gate.port}`;

const switches = (key: string, ...args: readonly string[]) =>
  run(["switches", ...args], { env: { GATE_ENDPOINT: endpoint, GATE_API_KEY: key } });

test("switches engage, list and lift one system", async () => {
  const engaged = await switches(reviewer.key, "engage", "destination", "salesforce.*", "--ticket", "SEC-1");
  expect([engaged.code, engaged.err]).toEqual([0, ""]);
  expect(engaged.out).toContain("Engaged: destination salesforce.*: incident (SEC-1), by ");
  expect((await switches(reviewer.key, "engage", "destination", "salesforce.*")).out).toMatch(
    /^Already engaged: /,
  );
  expect((await switches(reviewer.key, "list")).out).toContain("destination salesforce.*: incident (SEC-1)");
  const refused = await switches(reviewer.key, "lift", "destination", "salesforce.*");
  expect([refused.code, refused.out]).toEqual([1, ""]);
  expect((await switches(gate.adminKey, "lift", "destination", "salesforce.*")).out).toBe(
    "Lifted: destination salesforce.*\n",
  );
  expect((await switches(reviewer.key, "list")).out).toBe("No kill switch is engaged.\n");
});

test("a switch that stops nobody is refused with the target that was meant, and engaged by --force with a warning", async () => {
  const refused = await switches(reviewer.key, "engage", "destination", "salesforce");
  expect([refused.code, refused.out]).toEqual([1, ""]);
  expect(refused.err).toContain("did you mean `salesforce.*`?");
  const forced = await switches(reviewer.key, "engage", "destination", "salesforce", "--force");
  expect([forced.code, forced.out]).toEqual([0, expect.stringContaining("Engaged: destination salesforce:")]);
  expect(forced.err).toContain("stops nothing until");
  await switches(gate.adminKey, "lift", "destination", "salesforce");
});

test.each([
  ["a scope alone", ["engage", "destination"], 2],
  ["everything with a target", ["engage", "everything", "x"], 2],
  ["an unknown flag", ["list", "--all"], 2],
  ["a reason that is no code", ["engage", "everything", "--reason", "panic"], 1],
])("switches exits with another code than 0 for %s, and engages nothing", async (_, args, code) => {
  expect((await switches(reviewer.key, ...args)).code).toBe(code);
  expect((await switches(reviewer.key, "list")).out).toBe("No kill switch is engaged.\n");
});

test("an agent's key engages nothing", async () => {
  expect((await switches(agent.key, "engage", "everything")).code).toBe(1);
  expect((await switches(reviewer.key, "list")).out).toBe("No kill switch is engaged.\n");
});

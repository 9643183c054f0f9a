import { beforeAll, expect, test } from "vitest";
import { jsonPieces } from "../../../src/adapters/d1/json-pieces.ts";
import { createApp } from "../../../src/http/app.ts";
import { admin, call, flushed, propose, register } from "../../support/worker/gate.ts";
import { changeRules } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * A registry with more names of each kind than D1 binds parameters (100): no route may put one into its statement for
 * each name.
 */

const NAMES = 500;
const numbers = Array.from({ length: NAMES }, (_, at) => at);
const listed = (prefix: string) => `[${numbers.map((at) => prefix + at).join(", ")}]`;

const MANY = {
  policies: {
    held: `require_approval: always\napprovers: { groups: ${listed("g")}, people: ${listed("p")} }\nexpiry_minutes: 30`,
  },
  registry: [
    "unbound_destinations: block",
    "people:",
    ...numbers.map((at) => `  p${at}: { name: Person ${at}, email: p${at}@example.com }`),
    "groups:",
    ...numbers.map((at) => `  g${at}: [p${at}, p0]`),
    "runners:",
    "  wide: { description: Executes everywhere }",
    "destinations:",
    ...numbers.map((at) => `  crm.d${at}: { policies: [held], runners: [wide] }`),
    "  crm.other: { policies: [held] }",
    "",
  ].join("\n"),
};

let agent: Principal;
let keys: Record<string, string>;
let intent: string;

beforeAll(async () => {
  await changeRules(MANY);
  agent = await register("agent");
  keys = {
    agent: agent.key,
    runner: (await register("runner", { name: "wide" })).key,
    reviewer: (await register("reviewer", { person: "p499" })).key,
    auditor: (await register("auditor")).key,
    admin,
  };
  intent = await propose(
    agent,
    { destination: "crm.d499", policy: "held", payload: "{}", recordCount: 1 },
    "pending_approval",
  );
  await flushed(intent);
});

const ROUTES = [...new Set(createApp().routes.map(({ method, path }) => `${method} ${path}`))]
  .filter((route) => /^GET \/[^:*]*$/.test(route))
  .map((route) => route.slice("GET ".length));

const QUERIES = ["", "?mine=true", "?destination=crm.d499", "?status=all&policy=held&limit=200&group=g"];

test("with 500 destinations, people and groups no list, queue or search fails, for any role", async () => {
  expect(ROUTES.length).toBeGreaterThan(20);
  const failed: string[] = [];
  for (const path of ROUTES) {
    for (const [role, key] of Object.entries(keys)) {
      for (const query of QUERIES) {
        const { status } = await call("GET", path + query, key);
        if (status >= 500) failed.push(`${role} ${path}${query}: ${status}`);
      }
    }
  }
  expect(failed).toEqual([]);
});

test("a runner of 500 destinations lists the intents of all of them, and only those", async () => {
  const found = async (query: string) => {
    const { body } = await call("GET", `/v1/intents${query}`, keys["runner"]);
    return body.intents.map(({ id }: { id: string }) => id);
  };
  expect(await found("")).toEqual([intent]);
  expect(await found("?destination=crm.d499")).toEqual([intent]);
  expect(await found("?destination=crm.other")).toEqual([]);
});

test("a person of 500 approver groups finds the intent in the own queue", async () => {
  const { body } = await call("GET", "/v1/approvals?mine=true", keys["reviewer"]);
  expect(body.approvals.map(({ intentId }: { intentId: string }) => intentId)).toEqual([intent]);
});

test("rows for D1 are cut into parameters that it accepts, in order, and none is lost", () => {
  const rows = numbers.map((at) => ({ at, text: "é".repeat(10_000) }));
  const pieces = jsonPieces(rows);
  expect(pieces.length).toBeGreaterThan(1);
  for (const piece of pieces) expect(new TextEncoder().encode(piece).length).toBeLessThan(2_000_000);
  expect(pieces.flatMap((piece) => JSON.parse(piece) as unknown[])).toEqual(rows);
  expect(jsonPieces([])).toEqual([]);
  expect(jsonPieces(["x".repeat(1_000_000), 2])).toHaveLength(2);
});

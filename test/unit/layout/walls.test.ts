import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { cyclesIn, importsBelow } from "../../../scripts/lint/imports.ts";
import { arrowsOf, drawStoreys } from "../../../scripts/lint/storeys.ts";
import { brokenPackageWall, brokenWall, roomOf, WINGS } from "../../../scripts/lint/walls.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const imports = importsBelow(ROOT, ["src", "durable-objects", "cli", "sdk", "verifier"]);
const arrows = arrowsOf(imports);

test("every source file belongs to a room, and every room exists", () => {
  expect([...imports.keys()].filter((file) => roomOf(file) === null)).toEqual([]);
  const missing = WINGS.flatMap(({ rooms }) => rooms.filter((room) => !existsSync(`${ROOT}${room}`)));
  expect(missing).toEqual([]);
});

test("no import goes up a storey or through a wall, type imports included", () => {
  const broken = [...imports].flatMap(([file, targets]) =>
    targets.flatMap((target) => (brokenWall(file, target) === null ? [] : [`${file} → ${target}`])),
  );
  expect(broken).toEqual([]);
});

test("no files import each other in a circle, type imports included", () => {
  expect(cyclesIn(imports)).toEqual([]);
});

test("the rooms form storeys: a room stands above every room it imports", () => {
  const drawing = drawStoreys(arrows);
  for (const { from, to } of arrows) {
    expect(storeyIn(drawing, from), `${from} → ${to}`).toBeGreaterThan(storeyIn(drawing, to));
  }
});

test.each([
  ["core imports a use case", "src/core/intent/handle.ts", "src/app/proposals/govern.ts"],
  [
    "a lower storey of core imports a higher one",
    "src/core/registry/registry.ts",
    "src/core/policy/decision.ts",
  ],
  ["a use case imports a door", "src/app/execution/orders.ts", "src/http/middleware/context.ts"],
  ["a use case imports an adapter", "src/app/proposals/govern.ts", "src/adapters/d1/ledger.ts"],
  ["a door imports an adapter", "src/http/app.ts", "src/adapters/outgoing.ts"],
  ["an adapter imports a door", "src/adapters/vault/aws.ts", "src/http/problem/problem.ts"],
  [
    "an object imports another adapter than its own",
    "durable-objects/log/seal.ts",
    "src/adapters/d1/sessions.ts",
  ],
  ["the verifier imports the writer", "verifier/entry.ts", "src/core/ledger/entry.ts"],
  ["the SDK imports the server", "sdk/typescript/gate.ts", "src/core/base/json.ts"],
  ["the command imports an adapter", "cli/main.ts", "src/adapters/outgoing.ts"],
])("an import is refused where %s", (_, from, to) => {
  expect(brokenWall(from, to)).toEqual(expect.any(String));
});

test.each([
  ["core imports the platform", "src/core/base/json.ts", "node:fs"],
  [
    "core imports a package that only its name's beginning allows",
    "src/core/base/json.ts",
    "@noble/hashes-fork",
  ],
  ["a use case imports the web framework", "src/app/authority.ts", "hono"],
  ["a door imports the platform", "src/http/app.ts", "cloudflare:workers"],
])("an import of a package is refused where %s", (_, from, name) => {
  expect(brokenPackageWall(from, name)).toEqual(expect.any(String));
});

function storeyIn(drawing: string, room: string): number {
  const line = drawing.split("\n").find((each) => each.split(/ +/).includes(room));
  return Number(line?.trim().split(" ")[0]);
}

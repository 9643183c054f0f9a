import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { WINGS } from "../../../scripts/lint/walls.ts";

test("docs/architecture.md lists the storeys of core that the linter keeps, top first", () => {
  const text = readFileSync(new URL("../../../docs/architecture.md", import.meta.url), "utf8");
  const drawing = text.match(/^presentation .*(?:\n\w+ .*)+/m)?.[0] ?? "";
  const shown = drawing.split("\n").map((line) => `src/core/${line.split(" ")[0]}`);
  const core = WINGS.find(({ rooms }) => rooms.includes("src/core/intent"));
  expect(shown).toEqual(core?.rooms);
});

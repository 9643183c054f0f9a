import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parse } from "smol-toml";
import { BODY_LIMIT_BOUNDS } from "../../../src/core/base/body-limits.ts";
import { MAX_PER_MINUTE, REQUEST_LIMITS } from "../../../src/core/base/request-limits.ts";
import { TIME_LIMIT_BOUNDS } from "../../../src/core/base/time-limits.ts";

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), "utf8");

/** Name, default and bounds of each row of the table. */
const rows = [...read("docs/settings.md").matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \|/gm)].map(
  ([, name = "", byDefault = "", bounds = ""]) => ({
    name,
    byDefault: byDefault.replaceAll("`", ""),
    bounds,
  }),
);

test("docs/settings.md lists exactly the variables of wrangler.toml, with the values it ships", () => {
  const { vars } = parse(read("wrangler.toml")) as { readonly vars: Readonly<Record<string, string>> };
  const listed = Object.fromEntries(
    rows.map(({ name, byDefault }) => [name, byDefault === "none" ? "" : byDefault]),
  );
  expect(listed).toEqual(vars);
});

test.each([...Object.entries(TIME_LIMIT_BOUNDS), ...Object.entries(BODY_LIMIT_BOUNDS)])(
  "docs/settings.md states default and bounds of %s as the code has them",
  (name, { min, max, byDefault }) => {
    const row = rows.find((each) => each.name === name);
    expect([row?.byDefault, row?.bounds]).toEqual([String(byDefault), `${min} to ${max}`]);
  },
);

test.each(Object.values(REQUEST_LIMITS))(
  "docs/settings.md states default and bounds of $variable as the code has them",
  ({ variable, byDefault }) => {
    const row = rows.find((each) => each.name === variable);
    expect([row?.byDefault, row?.bounds]).toEqual([String(byDefault), `1 to ${MAX_PER_MINUTE}`]);
  },
);

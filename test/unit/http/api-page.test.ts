import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createApp } from "../../../src/http/app.ts";

test("docs/api.md lists every route once, and no other", () => {
  const rows = readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  const named = rows.flatMap((row) =>
    [...(row.split("|")[1] ?? "").matchAll(/`((?:GET|POST|DELETE) \S+)`/g)].map(([, route]) => route),
  );
  const routes = createApp()
    // Middleware is listed among the routes.
    .routes.filter(({ method }) => method !== "ALL")
    .map(({ method, path }) => `${method} ${path}`);
  expect(named.toSorted()).toEqual([...new Set(routes)].toSorted());
});

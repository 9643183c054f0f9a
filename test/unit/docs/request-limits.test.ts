import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { REQUEST_CLASSES, REQUEST_LIMITS } from "../../../src/core/base/request-limits.ts";
import { requestClassOf } from "../../../src/http/middleware/request-limit.ts";
import { createApp } from "../../../src/http/app.ts";

const page = readFileSync(new URL("../../../docs/api.md", import.meta.url), "utf8");
const section = page.slice(page.indexOf("## Limits"), page.indexOf("## Idempotent requests"));

/** Class, setting, default and routes of each row. */
const rows = [...section.matchAll(/^\| `(\w+)` \| `(\w+)` \| (\d+) \| (.+) \|$/gm)].map(
  ([, name = "", setting = "", byDefault = "", counted = ""]) => ({
    name,
    setting,
    byDefault: Number(byDefault),
    routes: [...counted.matchAll(/`((?:GET|POST) [^`]+)`/g)].map(([, route = ""]) => route),
  }),
);

test("docs/api.md lists every limit with its setting and default", () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual([...REQUEST_CLASSES].toSorted());
  for (const { name, setting, byDefault } of rows) {
    expect(REQUEST_LIMITS[name as "requests"]).toEqual({ variable: setting, byDefault });
  }
});

test("the routes that docs/api.md lists count as it says, and every other route of Gate's counts as a request", () => {
  const listed = new Map(rows.flatMap(({ name, routes }) => routes.map((route) => [route, name])));
  const routes = createApp().routes.filter(({ method, path }) => method !== "ALL" && !path.includes("*"));
  expect(routes.length).toBeGreaterThan(60);
  for (const { method, path } of routes) {
    // Heartbeats are counted by order, where the order's token was checked.
    const wanted = listed.get(`${method} ${path}`) ?? "requests";
    const counted = requestClassOf(method, path.replaceAll(/:\w+/g, "x"));
    expect(counted, `${method} ${path}`).toBe(wanted === "heartbeats" ? "requests" : wanted);
  }
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  for (const route of listed.keys()) expect(known).toContain(route);
});

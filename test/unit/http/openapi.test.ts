import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { requestSchemas } from "../../../src/http/api/shared/request-schema.ts";
import { createApp } from "../../../src/http/app.ts";
import { templateOf } from "../../../src/http/openapi/document.ts";
import { OPERATIONS } from "../../../src/http/openapi/operations.ts";
import { PROXY_PATH } from "../../../src/http/openapi/operations/proxy.ts";
import type { ApiDocument } from "../../../src/http/openapi/parsed-document.ts";
import { validatorOf, type Components } from "../../support/openapi/validator.ts";
import { openApiText } from "../../../scripts/schemas/openapi.ts";

const DOCUMENT = JSON.parse(openApiText()) as ApiDocument;

function documented(): readonly string[] {
  return Object.entries(DOCUMENT.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  );
}

test("every route is an operation, and every operation a route or the proxy's", () => {
  // Middleware is listed among the routes, and the proxy is one for every method.
  const routes = createApp().routes.filter(({ method }) => method !== "ALL");
  const walked = new Set(routes.map(({ method, path }) => `${method} ${templateOf(path)}`));
  const proxied = new Set(
    documented().filter((operation) => operation.endsWith(` ${templateOf(PROXY_PATH)}`)),
  );
  expect(walked.size).toBeGreaterThan(90);
  expect(proxied.size).toBe(5);
  expect(documented().toSorted()).toEqual([...walked, ...proxied].toSorted());
});

test("no operation is there twice, by route or by id", () => {
  const routes = OPERATIONS.map(({ method, path }) => `${method} ${path}`);
  expect(new Set(routes).size).toBe(routes.length);
  const ids = OPERATIONS.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

test("every body that a route parses is the body of an operation", () => {
  const used = new Set(OPERATIONS.flatMap(({ request }) => request?.parsed ?? []));
  const bodies = requestSchemas().map(({ name }) => name);
  const others = bodies.filter((name) => !used.has(name) && !name.startsWith("POST /slack/"));
  // A query, and a list's item, which the list's schema refers to.
  expect(others).toEqual(["POST /v1/approvals/batch: a decision", "GET /v1/webhooks/:id/deliveries"]);
});

test("every reference leads to a component, and every schema compiles", () => {
  const text = JSON.stringify(DOCUMENT);
  const references = new Set(
    [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)].map(([, kind, name]) => `${kind}/${name}`),
  );
  expect(references.size).toBeGreaterThan(80);
  const components = Object.entries(DOCUMENT.components).flatMap(([kind, members]) =>
    Object.keys(members).map((name) => `${kind}/${name}`),
  );
  expect([...references].filter((reference) => !components.includes(reference))).toEqual([]);
  const compile = validatorOf(DOCUMENT.components as unknown as Components);
  for (const name of Object.keys(DOCUMENT.components.schemas)) {
    expect(() => compile({ $ref: `#/components/schemas/${name}` }), name).not.toThrow();
  }
});

test("a response with a member that its schema does not name is no valid one", () => {
  const validate = validatorOf(DOCUMENT.components as unknown as Components)({
    $ref: "#/components/schemas/Nonce",
  });
  const nonce = { nonce: "n", expiresAt: "2026-12-01T09:00:00.000Z" };
  expect(validate(nonce)).toBe(true);
  for (const invalid of [{ ...nonce, more: 1 }, { nonce: "n" }, { ...nonce, expiresAt: "soon" }, null]) {
    expect(validate(invalid), JSON.stringify(invalid)).toBe(false);
  }
});

test("schemas/openapi.json is the document", () => {
  expect(readFileSync(new URL("../../../schemas/openapi.json", import.meta.url), "utf8")).toBe(openApiText());
});

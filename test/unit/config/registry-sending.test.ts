import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Destination } from "../../../src/core/registry/registry.ts";
import { createApp } from "../../../src/http/app.ts";
import { isReservedPath } from "../../../src/config/registry/reserved-paths.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { REGISTRY_FILE } from "../../../src/config/registry/schema.ts";
import { INVALID_SENDING, REST, UP, upstreamEntry, VALID_INJECTIONS } from "../../support/sending-files.ts";

/* The registry's entries for sending: executor, credential, injection and template. */

function read(entry: string): Destination {
  const parsed = parseRegistry("gate.yaml", `destinations: { a.b: ${entry} }${REST}`);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  const found = parsed.value.destinations.get("a.b");
  if (found === undefined) throw new Error("no entry");
  return found;
}

function problems(destinations: string): string {
  const parsed = parseRegistry("gate.yaml", `destinations: { ${destinations} }${REST}`);
  if (parsed.ok) return "";
  return parsed.error.map(({ line, column, message }) => `${line}:${column}: ${message}`).join("\n");
}

test.each(VALID_INJECTIONS)("the injection slot is read as written: %s", (written, injection) => {
  const { credential } = read(`{ ${UP}, credential: key${written === "" ? "" : `, ${written}`} }`);
  expect(credential).toEqual({ name: "key", injection });
});

test("a destination without a credential has no injection slot", () => {
  expect(read(`{ ${UP} }`).credential).toBe(null);
});

test("the request template is read, with its defaults", () => {
  const entry = read(
    `{ ${UP}, execute: { method: POST, path: "/v1/charges/{payload.charge}/refunds?expand[]=charge&account={metadata.account}" } }`,
  );
  expect(entry).toMatchObject({
    executor: "gate",
    execute: {
      method: "POST",
      path: "/v1/charges/{payload.charge}/refunds?expand[]=charge&account={metadata.account}",
      contentType: null,
    },
    upstream: { timeoutMs: 60_000, headers: [], idempotencyHeader: null, prefix: null, reads: [] },
  });
});

test("the settings of upstream calls are read", () => {
  const { upstream, executor } = read(
    `{ ${UP}/v1/, prefix: /api-x/v1.0/Accounts, timeout_seconds: 240, idle_seconds: 3600, headers: [X-Tenant, Notion-Version], drop_headers: [X-Tracking], idempotency_header: Idempotency-Key }`,
  );
  expect(executor).toBe("forward");
  expect(upstream).toMatchObject({
    url: "https://api.example.com/v1",
    prefix: "/api-x/v1.0/Accounts",
    timeoutMs: 240_000,
    idleMs: 3_600_000,
    dropHeaders: ["x-tracking"],
    headers: ["x-tenant", "notion-version"],
    idempotencyHeader: "idempotency-key",
  });
});

test("INV-09: another way of sending changes the configuration hash, so earlier approvals don't hold", () => {
  const entries = [
    `{ ${UP}, credential: key }`,
    `{ ${UP}, credential: key, inject: basic }`,
    `{ ${UP}, credential: key, inject: { header: x-api-key } }`,
    `{ ${UP}, credential: key, timeout_seconds: 5 }`,
    `{ ${UP}, credential: key, headers: [x-tenant] }`,
    `{ ${UP}, credential: key, drop_headers: [x-tenant] }`,
    `{ ${UP}, credential: key, idle_seconds: 5 }`,
    `{ ${UP}, credential: key, idempotency_header: idempotency-key }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /a } }`,
    `{ ${UP}, credential: key, execute: { method: PUT, path: /a } }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /b } }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /a, content_type: application/json } }`,
  ];
  expect(new Set(entries.map((entry) => read(entry).configHash)).size).toBe(entries.length);
});

test("prefixes may nest, and two entries may share one host", () => {
  expect(
    problems(
      `a.b: { ${UP}, prefix: /x }, c.d: { ${UP}/v1/refunds, prefix: /x/v1/refunds }, e.f: { ${UP}/v1, prefix: /y }`,
    ),
  ).toBe("");
});

test.each(INVALID_SENDING)("a destination is refused for %s", (_name, destinations, message) => {
  expect(problems(destinations)).toMatch(message);
});

test("every key of gate.yaml and of a destination is explained in docs/registry.md", () => {
  const docs = readFileSync(new URL("../../../docs/registry.md", import.meta.url), "utf8");
  const { shape } = REGISTRY_FILE;
  const keys = [...Object.keys(shape), ...Object.keys(shape.destinations.unwrap().valueType.shape)];
  expect(keys.length).toBeGreaterThan(25);
  const rows = docs.split("\n").filter((line) => line.startsWith("| `"));
  expect(keys.filter((key) => !rows.some((row) => new RegExp(`^\\| \`${key}\\b`).test(row)))).toEqual([]);
});

test("a prefix on, above or below one of Gate's own paths is refused", () => {
  const paths = createApp()
    .routes.map(({ path }) => path)
    // Middleware, the door for prefixes, and `/` itself, which no prefix is.
    .filter((path) => !path.startsWith("/*") && path !== "/");
  expect(paths.length).toBeGreaterThan(50);
  expect(paths.filter((path) => !isReservedPath(path))).toEqual([]);
});

test.each([
  ["as its name", "credential: sk_live_51secret"],
  ["as its name, and not one", 'credential: "sk_live_51secret="'],
  ["in a mapping of its own", "credential: { ref: sk_live_51secret }"],
  ["as the injection", "credential: key, inject: sk_live_51secret"],
  ["as a key of the injection", "credential: key, inject: { sk_live_51secret: bearer }"],
  ["in the format", 'credential: key, inject: { header: x-api-key, format: "sk_live_51secret" }'],
  ["behind the user", 'credential: key, inject: { basic: "u:sk_live_51secret" }'],
  ["as a header", 'headers: ["authorization: Bearer sk_live_51secret"]'],
  ["as a long header", `headers: ["authorization: Bearer sk_live_51secret${"x".repeat(100)}"]`],
])("INV-21: a secret written %s is refused and not repeated", (_where, written) => {
  const message = problems(upstreamEntry(written));
  expect(message).toMatch(/^1:\d+: /);
  expect(message).not.toContain("51secret");
});

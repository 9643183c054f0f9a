import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Destination } from "../../../src/core/registry/registry.ts";
import { createApp } from "../../../src/http/app.ts";
import { isReservedPath } from "../../../src/config/registry/reserved-paths.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import { REGISTRY_FILE } from "../../../src/config/registry/schema.ts";

/* What the registry says about sending: who carries a write out, with which credential, and how. */

const REST = `
runners: { vpc-1: { description: ours } }
credentials: { key: { ref: env://API_KEY } }
`;

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

const UP = "upstream: https://api.example.com";

const INJECTIONS: readonly (readonly [string, unknown])[] = [
  ["", { kind: "bearer" }],
  ["inject: bearer", { kind: "bearer" }],
  ["inject: basic", { kind: "basic", user: null }],
  ["inject: { basic: ana@example.com/token }", { kind: "basic", user: "ana@example.com/token" }],
  ["inject: { header: X-Api-Key }", { kind: "header", name: "x-api-key", format: "{secret}" }],
  [
    'inject: { header: Authorization, format: "Klaviyo-API-Key {secret}" }',
    { kind: "header", name: "authorization", format: "Klaviyo-API-Key {secret}" },
  ],
  ["inject: { query: api_key }", { kind: "query", name: "api_key" }],
];

test.each(INJECTIONS)("a credential is put in as is said: %s", (written, injection) => {
  const { credential } = read(`{ ${UP}, credential: key${written === "" ? "" : `, ${written}`} }`);
  expect(credential).toEqual({ name: "key", injection });
});

test("nothing is put in where no credential is named", () => {
  expect(read(`{ ${UP} }`).credential).toBe(null);
});

test("how a request is made is read, with what is left out", () => {
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

test("how an upstream is called is read", () => {
  const { upstream, executor } = read(
    `{ ${UP}/v1/, prefix: /api-x/v1.0/Accounts, timeout_seconds: 240, headers: [X-Tenant, Notion-Version], idempotency_header: Idempotency-Key }`,
  );
  expect(executor).toBe("forward");
  expect(upstream).toMatchObject({
    url: "https://api.example.com/v1",
    prefix: "/api-x/v1.0/Accounts",
    timeoutMs: 240_000,
    headers: ["x-tenant", "notion-version"],
    idempotencyHeader: "idempotency-key",
  });
});

test("another way to send is another configuration, so that approvals of the first don't hold for it", () => {
  const entries = [
    `{ ${UP}, credential: key }`,
    `{ ${UP}, credential: key, inject: basic }`,
    `{ ${UP}, credential: key, inject: { header: x-api-key } }`,
    `{ ${UP}, credential: key, timeout_seconds: 5 }`,
    `{ ${UP}, credential: key, headers: [x-tenant] }`,
    `{ ${UP}, credential: key, idempotency_header: idempotency-key }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /a } }`,
    `{ ${UP}, credential: key, execute: { method: PUT, path: /a } }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /b } }`,
    `{ ${UP}, credential: key, execute: { method: POST, path: /a, content_type: application/json } }`,
  ];
  expect(new Set(entries.map((entry) => read(entry).configHash)).size).toBe(entries.length);
});

test("prefixes may lie below one another, and two entries may have one host", () => {
  expect(
    problems(
      `a.b: { ${UP}, prefix: /x }, c.d: { ${UP}/v1/refunds, prefix: /x/v1/refunds }, e.f: { ${UP}/v1, prefix: /y }`,
    ),
  ).toBe("");
});

const execute = (path: string, more = "") =>
  `a.b: { ${UP}, execute: { method: POST, path: "${path}" }${more} }`;
const inject = (written: string) => `a.b: { ${UP}, credential: key, inject: ${written} }`;
const entry = (written: string) => `a.b: { ${UP}, ${written} }`;

const INVALID: readonly (readonly [string, string, RegExp])[] = [
  // Credentials.
  ["injection of no credential", entry("inject: bearer"), /^1:\d+: inject is about a credential/],
  ["an unknown way to inject", inject("cookie"), /must be bearer, basic, \{basic: user\}/],
  ["a header with another key", inject("{ header: x-api-key, form: x }"), /did you mean `format`/],
  ["a cookie as credential", inject("{ header: Cookie }"), /cookie is no header for a credential/],
  ["a hop-by-hop header as credential", inject("{ header: Connection }"), /connection is no header for/],
  ["the proxy's own header", inject("{ header: Proxy-Authorization }"), /is no header for a credential/],
  ["the host as credential", inject("{ header: Host }"), /host is no header/],
  ["the content type as credential", inject("{ header: Content-Type }"), /content-type is no header/],
  ["a length as credential", inject("{ header: Content-Length }"), /content-length is no header/],
  [
    "an override as credential",
    inject("{ header: X-HTTP-Method-Override }"),
    /is no header for a credential/,
  ],
  ["a header that is none", inject('{ header: "X Api" }'), /must be/],
  ["a format without its place", inject("{ header: x-api-key, format: Token }"), /must have \{secret\}/],
  [
    "a format with two",
    inject('{ header: x-api-key, format: "{secret}{secret}" }'),
    /\{secret\} in it, once/,
  ],
  [
    "a format that ends the line",
    inject('{ header: x-api-key, format: "a\\n{secret}" }'),
    /\{secret\} in it/,
  ],
  ["a user with a colon", inject('{ basic: "ana:x" }'), /without a colon/],
  ["a parameter with an ampersand", inject('{ query: "a&b" }'), /must be a parameter's name/],
  [
    "a parameter that the template has",
    `a.b: { ${UP}, credential: key, inject: { query: key }, execute: { method: POST, path: "/a?key={payload.k}" } }`,
    /is a parameter that the path of `execute` has already/,
  ],
  ["a secret where its name belongs", entry("credential: sk_LIVE_1"), /a\.b\.credential must be/],
  // Templates.
  ["a template without an upstream", "a.b: { execute: { method: POST, path: /a } }", /there is none/],
  ["a template that reads", entry("execute: { method: GET, path: /a }"), /must be `POST` or/],
  ["a template without a path", entry("execute: { method: POST }"), /execute\.path is missing/],
  ["a URL as template", execute("https://evil.example/a"), /^1:\d+: execute\.path must begin with a slash/],
  ["a template that climbs", execute("/a/../b"), /plain path/],
  ["two slashes", execute("/a//b"), /plain path/],
  ["a hidden slash", execute("/a%2fb"), /plain path/],
  ["parameters of a segment", execute("/a;b"), /plain path/],
  ["a fragment", execute("/a#b"), /plain path/],
  ["a fragment in the query", execute("/a?b=c#d"), /in its query/],
  ["an escape in small letters", execute("/a%c3%a9"), /escape in capitals/],
  ["an escape that needs none", execute("/%61"), /escape in capitals/],
  ["a place within a segment", execute("/a-{payload.id}"), /whole segment/],
  ["two places in one segment", execute("/{payload.a}{payload.b}"), /whole segment/],
  ["a brace alone", execute("/a{"), /whole segment/],
  ["an empty place", execute("/{}"), /for members alone/],
  ["a place for the whole payload", execute("/{payload}"), /for members alone/],
  ["a place for something else", execute("/{secret.key}"), /for members alone/],
  ["a place of another kind", execute("/{payload.a:text}"), /for members alone/],
  ["a place with a path into a list", execute("/{payload.a[0]}"), /for members alone/],
  ["a place for a parameter's name", execute("/a?{payload.n}=1"), /whole segment/],
  ["a place within a value", execute("/a?b=c{payload.n}"), /whole segment/],
  ["a parameter without a name", execute("/a?=1"), /in its query/],
  ["a semicolon in the query", execute("/a?b=1;c=2"), /in its query/],
  ["a blank in the query", execute("/a?b=1 2"), /in its query/],
  ["an address in the place of the path", execute("//evil.example/a"), /plain path/],
  ["no media type", entry("execute: { method: POST, path: /a, content_type: json }"), /a media type such as/],
  [
    "two media types",
    entry('execute: { method: POST, path: /a, content_type: "application/json, text/csv" }'),
    /a media type such as/,
  ],
  // Who carries it out: only ever one.
  ["a template and another executor", execute("/a", ", executor: forward"), /the executor is forward/],
  ["a template and runners", execute("/a", ", runners: [vpc-1]"), /has Gate send the write itself/],
  ["a prefix and runners", entry("prefix: /x, runners: [vpc-1]"), /has Gate send the write itself/],
  ["a prefix and executor: runner", entry("prefix: /x, executor: runner"), /the executor is runner/],
  ["a prefix and external_pull", entry("prefix: /x, executor: external_pull"), /executor is external_pull/],
  ["executor: gate with nothing to send", entry("executor: gate"), /has nothing to send/],
  [
    "executor: gate and runners",
    entry("executor: gate, prefix: /x, runners: [vpc-1]"),
    /the executor is gate/,
  ],
  // Reads.
  ...["PUT", "PATCH", "DELETE", "MKCOL", "CONNECT"].map(
    (method) =>
      [
        `${method} as a read`,
        entry(`reads: [{ method: ${method}, path: /v1/* }]`),
        /must be a method that reads/,
      ] as const,
  ),
  // Calls.
  ["no time at all", entry("timeout_seconds: 0"), /1 or more, at most 240/],
  ["more time than a claim has", entry("timeout_seconds: 241"), /at most 240/],
  ["half a second", entry("timeout_seconds: 0.5"), /a whole number/],
  ...[
    "Host",
    "Cookie",
    "Connection",
    "X-Forwarded-For",
    "X-Gate-Key",
    "CF-Ray",
    "X-HTTP-Method-Override",
  ].map(
    (name) =>
      [
        `${name} among the headers`,
        entry(`headers: [x-tenant, ${name}]`),
        /^1:\d+: .* never goes on/,
      ] as const,
  ),
  ["a header beyond its name", entry('headers: ["x-tenant: 1"]'), /must be a header's name/],
  ...["Authorization", "Content-Type", "Host", "If-Match", "X-Api-Key", "Transfer-Encoding"].map(
    (name) =>
      [
        `${name} for the key of repeats`,
        entry(`idempotency_header: ${name}`),
        /is no header for a key/,
      ] as const,
  ),
  [
    "one header for the credential and the key of repeats",
    entry("credential: key, inject: { header: x-key-1 }, idempotency_header: X-Key-1"),
    /holds the credential already/,
  ],
  ...[
    "prefix: /x",
    "reads: [{ method: GET, path: / }]",
    "timeout_seconds: 5",
    "headers: [x-tenant]",
    "idempotency_header: x-key-1",
    "credential: key",
    "allow_private: true",
  ].map(
    (written) =>
      [
        `${written}, and no upstream`,
        `a.b: { ${written} }`,
        /is about an upstream, and there is none/,
      ] as const,
  ),
  // Prefixes.
  [
    "one prefix for two",
    `a.b: { ${UP}, prefix: /x/y }, c.d: { ${UP}, prefix: /x/y }`,
    /leads to a\.b already/,
  ],
  ...["/v1", "/cases/x", "/slack", "/log/entries", "/sign-in", "/health", "/mcp", "/case", "/cdn-cgi/x"].map(
    (prefix) => [`${prefix} as a prefix`, entry(`prefix: ${prefix}`), /one of Gate's own/] as const,
  ),
  ...["/", "/X", "/x/", "x", "/x//y", "/x/../y", "/x/.y", "/x/%79", "/x?y", "/x/é", "/x;y"].map(
    (prefix) =>
      [`${prefix} as a prefix`, entry(`prefix: "${prefix}"`), /must be a path such as \/sfdc/] as const,
  ),
];

test.each(INVALID)("refuses %s", (_name, destinations, message) => {
  expect(problems(destinations)).toMatch(message);
});

test("every key of the file and of a destination is explained in docs/registry.md", () => {
  const docs = readFileSync(new URL("../../../docs/registry.md", import.meta.url), "utf8");
  const { shape } = REGISTRY_FILE;
  const keys = [...Object.keys(shape), ...Object.keys(shape.destinations.unwrap().valueType.shape)];
  expect(keys.length).toBeGreaterThan(25);
  const rows = docs.split("\n").filter((line) => line.startsWith("| `"));
  expect(keys.filter((key) => !rows.some((row) => new RegExp(`^\\| \`${key}\\b`).test(row)))).toEqual([]);
});

test("no prefix lies on, above or below a path of Gate's own", () => {
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
  ["as what is put in", "credential: key, inject: sk_live_51secret"],
  ["as a key of what is put in", "credential: key, inject: { sk_live_51secret: bearer }"],
  ["in the format", 'credential: key, inject: { header: x-api-key, format: "sk_live_51secret" }'],
  ["behind the user", 'credential: key, inject: { basic: "u:sk_live_51secret" }'],
  ["as a header", 'headers: ["authorization: Bearer sk_live_51secret"]'],
  ["as a long header", `headers: ["authorization: Bearer sk_live_51secret${"x".repeat(100)}"]`],
])("INV-21: a secret written %s is refused and not repeated", (_where, written) => {
  const said = problems(entry(written));
  expect(said).toMatch(/^1:\d+: /);
  expect(said).not.toContain("51secret");
});

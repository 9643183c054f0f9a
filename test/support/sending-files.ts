/** The runners and credentials that the entries below name. */
export const REST = `
runners: { vpc-1: { description: ours } }
credentials: { key: { ref: env://API_KEY } }
`;

export const UP = "upstream: https://api.example.com";

/** Ways to put a credential in, and what is read. */
export const VALID_INJECTIONS: readonly (readonly [string, unknown])[] = [
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

const execute = (path: string, more = "") =>
  `a.b: { ${UP}, execute: { method: POST, path: "${path}" }${more} }`;
const inject = (written: string) => `a.b: { ${UP}, credential: key, inject: ${written} }`;
export const upstreamEntry = (written: string) => `a.b: { ${UP}, ${written} }`;

/** Destinations with a mistake in how writes are sent, and the expected message. */
export const INVALID_SENDING: readonly (readonly [string, string, RegExp])[] = [
  // Credentials.
  ["injection of no credential", upstreamEntry("inject: bearer"), /^1:\d+: inject needs a credential/],
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
  ["a format without its place", inject("{ header: x-api-key, format: Token }"), /must contain \{secret\}/],
  [
    "a format with two",
    inject('{ header: x-api-key, format: "{secret}{secret}" }'),
    /must contain \{secret\} once/,
  ],
  [
    "a format that ends the line",
    inject('{ header: x-api-key, format: "a\\n{secret}" }'),
    /must contain \{secret\}/,
  ],
  ["a user with a colon", inject('{ basic: "ana:x" }'), /without a colon/],
  ["a parameter with an ampersand", inject('{ query: "a&b" }'), /must be a parameter's name/],
  [
    "a parameter that the template has",
    `a.b: { ${UP}, credential: key, inject: { query: key }, execute: { method: POST, path: "/a?key={payload.k}" } }`,
    /is a parameter that the path of `execute` has already/,
  ],
  ["a secret where its name belongs", upstreamEntry("credential: sk_LIVE_1"), /a\.b\.credential must be/],
  // Templates.
  ["a template without an upstream", "a.b: { execute: { method: POST, path: /a } }", /there is none/],
  ["a template that reads", upstreamEntry("execute: { method: GET, path: /a }"), /must be `POST` or/],
  ["a template without a path", upstreamEntry("execute: { method: POST }"), /execute\.path is missing/],
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
  [
    "no media type",
    upstreamEntry("execute: { method: POST, path: /a, content_type: json }"),
    /a media type such as/,
  ],
  [
    "two media types",
    upstreamEntry('execute: { method: POST, path: /a, content_type: "application/json, text/csv" }'),
    /a media type such as/,
  ],
  // A destination has one executor.
  ["a template and another executor", execute("/a", ", executor: forward"), /the executor is forward/],
  ["a template and runners", execute("/a", ", runners: [vpc-1]"), /has Gate send the write itself/],
  ["a prefix and runners", upstreamEntry("prefix: /x, runners: [vpc-1]"), /has Gate send the write itself/],
  ["a prefix and executor: runner", upstreamEntry("prefix: /x, executor: runner"), /the executor is runner/],
  [
    "a prefix and external_pull",
    upstreamEntry("prefix: /x, executor: external_pull"),
    /executor is external_pull/,
  ],
  ["executor: gate with nothing to send", upstreamEntry("executor: gate"), /has nothing to send/],
  [
    "executor: gate and runners",
    upstreamEntry("executor: gate, prefix: /x, runners: [vpc-1]"),
    /the executor is gate/,
  ],
  // Reads.
  ...["PUT", "PATCH", "DELETE", "MKCOL", "CONNECT"].map(
    (method) =>
      [
        `${method} as a read`,
        upstreamEntry(`reads: [{ method: ${method}, path: /v1/* }]`),
        /must be a method that reads/,
      ] as const,
  ),
  // Calls.
  ["no time at all", upstreamEntry("timeout_seconds: 0"), /1 or more, at most 240/],
  ["more time than a claim has", upstreamEntry("timeout_seconds: 241"), /at most 240/],
  ["half a second", upstreamEntry("timeout_seconds: 0.5"), /a whole number/],
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
        upstreamEntry(`headers: [x-tenant, ${name}]`),
        /^1:\d+: .* is never forwarded/,
      ] as const,
  ),
  [
    "an override among the dropped headers",
    upstreamEntry("drop_headers: [X-Original-URL]"),
    /x-original-url chooses method, path or host/,
  ],
  [
    "one header that passes and is dropped",
    upstreamEntry("headers: [x-tenant], drop_headers: [X-Tenant]"),
    /x-tenant is under `headers`, too/,
  ],
  [
    "Content-Type among the dropped headers",
    upstreamEntry("drop_headers: [Content-Type]"),
    /content-type says how the body is read/,
  ],
  ["no silence at all", upstreamEntry("idle_seconds: 0"), /1 or more, at most 3600/],
  ["a silence for ever", upstreamEntry("idle_seconds: 3601"), /at most 3600/],
  ["a header beyond its name", upstreamEntry('headers: ["x-tenant: 1"]'), /must be a header's name/],
  ...["Authorization", "Content-Type", "Host", "If-Match", "X-Api-Key", "Transfer-Encoding"].map(
    (name) =>
      [
        `${name} for the key of repeats`,
        upstreamEntry(`idempotency_header: ${name}`),
        /can't carry an idempotency key/,
      ] as const,
  ),
  [
    "one header for the credential and the key of repeats",
    upstreamEntry("credential: key, inject: { header: x-key-1 }, idempotency_header: X-Key-1"),
    /holds the credential already/,
  ],
  ...[
    "prefix: /x",
    "reads: [{ method: GET, path: / }]",
    "timeout_seconds: 5",
    "idle_seconds: 5",
    "headers: [x-tenant]",
    "drop_headers: [x-tenant]",
    "idempotency_header: x-key-1",
    "credential: key",
    "allow_private: true",
  ].map(
    (written) =>
      [`${written}, and no upstream`, `a.b: { ${written} }`, /needs an upstream, and there is none/] as const,
  ),
  // Prefixes.
  [
    "one prefix for two",
    `a.b: { ${UP}, prefix: /x/y }, c.d: { ${UP}, prefix: /x/y }`,
    /is the prefix of a\.b already/,
  ],
  ...["/v1", "/cases/x", "/slack", "/log/entries", "/sign-in", "/health", "/mcp", "/case", "/cdn-cgi/x"].map(
    (prefix) => [`${prefix} as a prefix`, upstreamEntry(`prefix: ${prefix}`), /one of Gate's own/] as const,
  ),
  ...["/", "/X", "/x/", "x", "/x//y", "/x/../y", "/x/.y", "/x/%79", "/x?y", "/x/é", "/x;y"].map(
    (prefix) =>
      [
        `${prefix} as a prefix`,
        upstreamEntry(`prefix: "${prefix}"`),
        /must be a path such as \/sfdc/,
      ] as const,
  ),
];

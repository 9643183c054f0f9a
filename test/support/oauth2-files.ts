import type { OAuth2Credential } from "../../src/core/registry/credential.ts";

const own = (name: string) => ({ scheme: "env", name }) as const;

const TOKEN_URL = "https://login.example.com/oauth2/token";

const DEFAULTS = {
  kind: "oauth2",
  tokenUrl: TOKEN_URL,
  clientId: "gate",
  clientAuthentication: "client_secret_post",
  scope: null,
  lifetimeMs: 600_000,
  allowPrivate: false,
} as const;

/** Values of `oauth2`, and what is read. */
export const VALID_OAUTH2: readonly (readonly [string, OAuth2Credential])[] = [
  [
    `{ grant: client_credentials, token_url: ${TOKEN_URL}, client_id: gate, secret_ref: env://A }`,
    { ...DEFAULTS, grant: { type: "client_credentials", clientSecret: own("A"), audience: null } },
  ],
  [
    `{ grant: client_credentials, token_url: "http://127.0.0.1:9/token", client_id: gate, secret_ref: env://A, client_auth: client_secret_basic, scope: https://graph.microsoft.com/.default, audience: https://api.example.com/, lifetime_seconds: 60, allow_private: true }`,
    {
      ...DEFAULTS,
      tokenUrl: "http://127.0.0.1:9/token",
      clientAuthentication: "client_secret_basic",
      scope: "https://graph.microsoft.com/.default",
      lifetimeMs: 60_000,
      allowPrivate: true,
      grant: {
        type: "client_credentials",
        clientSecret: own("A"),
        audience: "https://api.example.com/",
      },
    },
  ],
  [
    `{ grant: jwt_bearer, token_url: ${TOKEN_URL}, client_id: gate, secret_ref: env://KEY }`,
    {
      ...DEFAULTS,
      grant: {
        type: "jwt_bearer",
        privateKey: own("KEY"),
        clientSecret: null,
        subject: null,
        audience: TOKEN_URL,
        keyId: null,
      },
    },
  ],
  [
    `{ grant: jwt_bearer, token_url: ${TOKEN_URL}, client_id: gate, secret_ref: env://KEY, client_secret_ref: env://A, subject: gate@example.com, audience: https://login.example.com, key_id: k-1, scope: "a b" }`,
    {
      ...DEFAULTS,
      scope: "a b",
      grant: {
        type: "jwt_bearer",
        privateKey: own("KEY"),
        clientSecret: own("A"),
        subject: "gate@example.com",
        audience: "https://login.example.com",
        keyId: "k-1",
      },
    },
  ],
  [
    `{ grant: refresh_token, token_url: ${TOKEN_URL}, client_id: gate, secret_ref: env://R }`,
    {
      ...DEFAULTS,
      grant: { type: "refresh_token", refreshToken: own("R"), clientSecret: null, rotation: "refuse" },
    },
  ],
  [
    `{ grant: refresh_token, token_url: ${TOKEN_URL}, client_id: gate, secret_ref: env://R, client_secret_ref: env://A, client_auth: client_secret_basic, rotation: ignore }`,
    {
      ...DEFAULTS,
      clientAuthentication: "client_secret_basic",
      grant: { type: "refresh_token", refreshToken: own("R"), clientSecret: own("A"), rotation: "ignore" },
    },
  ],
];

export const inFile = (written: string) => `credentials: { x: { oauth2: ${written} } }`;

const client = (more = "", url = TOKEN_URL) =>
  inFile(
    `{ grant: client_credentials, token_url: "${url}", client_id: gate, secret_ref: env://A${more === "" ? "" : `, ${more}`} }`,
  );

const refresh = (more: string) =>
  inFile(
    `{ grant: refresh_token, token_url: "${TOKEN_URL}", client_id: gate, secret_ref: env://R, ${more} }`,
  );

/** Registries with a mistake in `oauth2`, and the expected message. */
export const INVALID_OAUTH2: readonly (readonly [string, string, RegExp])[] = [
  [
    "a place and a token endpoint",
    `credentials: { x: { ref: env://A, oauth2: { grant: client_credentials, token_url: "${TOKEN_URL}", client_id: c, secret_ref: env://A } } }`,
    /^1:16: .*either `ref`.*or `oauth2`/,
  ],
  ["no settings", inFile("{}"), /credentials\.x\.oauth2/],
  ["a text for the settings", inFile("client_credentials"), /must be \{token_url: …/],
  [
    "an unknown grant",
    inFile(`{ grant: password, token_url: "${TOKEN_URL}", client_id: c, secret_ref: env://A }`),
    /must be `client_credentials` or `jwt_bearer` or `refresh_token`/,
  ],
  [
    "no grant",
    inFile(`{ token_url: "${TOKEN_URL}", client_id: c, secret_ref: env://A }`),
    /credentials\.x\.oauth2\.grant/,
  ],
  [
    "no secret",
    inFile(`{ grant: client_credentials, token_url: "${TOKEN_URL}", client_id: c }`),
    /oauth2\.secret_ref is missing/,
  ],
  [
    "no token endpoint",
    inFile("{ grant: client_credentials, client_id: c, secret_ref: env://A }"),
    /oauth2\.token_url is missing/,
  ],
  ["a token endpoint by plain http", client("", "http://login.example.com/token"), /must be https/],
  ["a private token endpoint", client("", "https://10.0.0.1/token"), /add `allow_private: true`/],
  ["a token endpoint with a query", client("", `${TOKEN_URL}?tenant=a`), /query or fragment/],
  ["a token endpoint with a user", client("", "https://u:p@login.example.com/"), /must not hold credentials/],
  ["two blanks between scopes", client('scope: "a  b"'), /separated by single blanks/],
  ["an endless lifetime", client("lifetime_seconds: 1000000"), /at most 86400/],
  ["a lifetime of zero", client("lifetime_seconds: 0"), /1 or more/],
  ["another authentication", client("client_auth: private_key_jwt"), /must be `client_secret_post` or/],
  ["a subject without an assertion", client("subject: a@example.com"), /unknown key/],
  ["a misspelled key", client("scopes: a"), /did you mean `scope`/],
  [
    "an authentication without a secret",
    refresh("client_auth: client_secret_basic"),
    /add `client_secret_ref`/,
  ],
  ["a rotation that is stored", refresh("rotation: store"), /must be `refuse` or `ignore`/],
  [
    "a client secret in a vault that is not there",
    refresh("client_secret_ref: op://a/b/c"),
    /^1:\d+: op:\/\/ needs a vault of type 1password/,
  ],
  [
    "Gate's own secret as the client's",
    inFile(
      `{ grant: client_credentials, token_url: "${TOKEN_URL}", client_id: c, secret_ref: env://GATE_SECRET }`,
    ),
    /Gate's own/,
  ],
  [
    "a channel that names it",
    `${client()}\nchannels: { room: { type: slack_webhook, secret: x } }`,
    /^2:\d+: .*for destinations alone; name one with `ref`/,
  ],
  [
    "an issuer that names it",
    `${client()}\nsign_in: { oidc: [{ issuer: https://i.example.com, audience: a, client_secret: x }] }`,
    /^2:\d+: .*for destinations alone/,
  ],
  [
    "a pair with its token",
    `${client()}\ndestinations: { a.b: { upstream: https://a.example.com, credential: x, inject: { basic: u } } }`,
    /^2:\d+: .*no part of a pair/,
  ],
];

/** Registries that hold this secret where its place belongs. */
export const misplacedInOAuth2 = (secret: string): readonly string[] => [
  inFile(secret),
  client("", secret),
  client("", `https://${secret}@login.example.com/`),
  client(`${secret}: 1`),
  client(`scope: [${secret}]`),
  client(`client_auth: ${secret}`),
  refresh(`client_secret_ref: ${secret}`),
  refresh(`rotation: ${secret}`),
  inFile(`{ grant: ${secret} }`),
  inFile(`{ grant: client_credentials, token_url: "${TOKEN_URL}", client_id: gate, secret_ref: ${secret} }`),
  inFile(
    `{ grant: client_credentials, token_url: "${TOKEN_URL}", client_id: [${secret}], secret_ref: env://A }`,
  ),
];

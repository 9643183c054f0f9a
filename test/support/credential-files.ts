import { INVALID_OAUTH2, misplacedInOAuth2 } from "./oauth2-files.ts";
import type { VaultConnections } from "../../src/core/registry/vault-connection.ts";

/** One vault of each type. */
export const VAULTS = `vaults:
  one: { type: 1password, url: https://connect.example.com, token: env://OP_TOKEN }
  hc: { type: hashicorp, url: https://vault.example.com:8200, auth: { method: token, token: secrets-store://VAULT_TOKEN } }
  amazon: { type: aws, region: eu-west-1, access_key_id: env://AWS_ID, secret_access_key: env://AWS_KEY }
  microsoft: { type: azure, tenant: example.onmicrosoft.com, client_id: app-1, client_secret: env://AZURE_SECRET }
  doppler: { type: doppler, token: env://DOPPLER_TOKEN }
`;

const own = (name: string) => ({ scheme: "env", name }) as const;

/** Vaults, and what is read. */
export const VALID_VAULTS: readonly (readonly [string, VaultConnections])[] = [
  [
    "{ type: 1password, url: http://10.0.0.5:8080, token: env://OP_TOKEN, allow_private: true }",
    {
      "1password": {
        provider: "1password",
        url: "http://10.0.0.5:8080",
        token: own("OP_TOKEN"),
        allowPrivate: true,
      },
    },
  ],
  [
    "{ type: hashicorp, url: https://v.example.com, auth: { method: jwt, role: gate, jwt: secrets-store://JWT } }",
    {
      hashicorp: {
        provider: "hashicorp",
        url: "https://v.example.com",
        namespace: null,
        kv: 2,
        mounts: [],
        auth: {
          method: "jwt",
          mount: "jwt",
          role: "gate",
          jwt: { scheme: "secrets-store", binding: "JWT" },
        },
        allowPrivate: false,
      },
    },
  ],
  [
    "{ type: hashicorp, url: https://v.example.com, namespace: team/a, kv: 1, mounts: [team/kv], auth: { method: approle, mount: team/approle, role_id: r-1, secret_id: env://SECRET_ID } }",
    {
      hashicorp: {
        provider: "hashicorp",
        url: "https://v.example.com",
        namespace: "team/a",
        kv: 1,
        mounts: ["team/kv"],
        auth: { method: "approle", mount: "team/approle", roleId: "r-1", secretId: own("SECRET_ID") },
        allowPrivate: false,
      },
    },
  ],
  [
    "{ type: aws, region: us-gov-west-1, access_key_id: env://ID, secret_access_key: env://KEY, session_token: env://SESSION, endpoint: https://vpce.example.com }",
    {
      aws: {
        provider: "aws",
        region: "us-gov-west-1",
        accessKeyId: own("ID"),
        secretAccessKey: own("KEY"),
        sessionToken: own("SESSION"),
        endpoint: "https://vpce.example.com",
        allowPrivate: false,
      },
    },
  ],
  [
    "{ type: azure, tenant: t-1, client_id: c-1, client_secret: env://AZURE_SECRET }",
    {
      azure: {
        provider: "azure",
        tenant: "t-1",
        clientId: "c-1",
        clientSecret: own("AZURE_SECRET"),
        suffix: "vault.azure.net",
        loginHost: "login.microsoftonline.com",
        allowPrivate: false,
      },
    },
  ],
  [
    "{ type: doppler, token: env://DOPPLER_TOKEN }",
    {
      doppler: {
        provider: "doppler",
        url: "https://api.doppler.com",
        token: own("DOPPLER_TOKEN"),
        allowPrivate: false,
      },
    },
  ],
];

const vault = (written: string) => `vaults: { v: ${written} }`;

const hashicorp = (more: string) =>
  vault(
    `{ type: hashicorp, url: https://v.example.com, auth: { method: token, token: env://VAULT_TOKEN }, ${more} }`,
  );

/** Registries with a mistake in their credentials or vaults, and the expected message. */
export const INVALID_CREDENTIALS: readonly (readonly [string, string, RegExp])[] = [
  ["the form there was before", "credentials: { x: { provider: env, ref: X_KEY } }", /known are ref, oauth2/],
  ["a credential without a place", "credentials: { x: {} }", /^1:16: .*either `ref`.*or `oauth2`/],
  ["a number for a place", "credentials: { x: { ref: 5 } }", /must be where the secret is/],
  ["a variable without its scheme", "credentials: { x: { ref: X_KEY } }", /^1:26: .*where the secret is/],
  ["an unknown scheme", "credentials: { x: { ref: https://x.example.com } }", /^1:26: /],
  ["a variable in small letters", "credentials: { x: { ref: env://x_key } }", /capital letters/],
  ["no key of HashiCorp's", "credentials: { x: { ref: vault://kv/x } }", /the key is required/],
  ["1Password without a vault", "credentials: { x: { ref: op://a/b/c } }", /add vaults: \{1password: \{type/],
  [
    "HashiCorp without a vault",
    "credentials: { x: { ref: vault://kv/x#k } }",
    /add vaults: \{hashicorp: \{type/,
  ],
  ["AWS without a vault", "credentials: { x: { ref: aws-sm://x } }", /add vaults: \{aws: \{type/],
  ["Azure without a vault", "credentials: { x: { ref: azkv://abc/x } }", /add vaults: \{azure: \{type/],
  [
    "Doppler without a vault",
    "credentials: { x: { ref: doppler://a/b/C } }",
    /add vaults: \{doppler: \{type/,
  ],
  [
    "a vault of another type",
    `${vault("{ type: doppler, token: env://T }")}\ncredentials: { x: { ref: op://a/b/c } }`,
    /^2:26: op:\/\/ needs a vault of type 1password/,
  ],
  ["an unknown type", vault("{ type: infisical, token: env://T }"), /^1:\d+: .*must be `1password` or/],
  ["a vault without a type", vault("{ token: env://T }"), /type/],
  [
    "two vaults of a type",
    "vaults: { a: { type: doppler, token: env://A }, b: { type: doppler, token: env://B } }",
    /^1:\d+: `a` has type doppler already/,
  ],
  [
    "a vault opened from a vault",
    vault("{ type: doppler, token: op://a/b/c }"),
    /no vault can hold its own credential/,
  ],
  ["a vault without its opener", vault("{ type: doppler }"), /vaults\.v\.token is missing/],
  [
    "a vault's unknown key",
    vault("{ type: doppler, token: env://T, tokn: env://T }"),
    /did you mean `token`/,
  ],
  ["Gate's own key as opener", vault("{ type: doppler, token: env://GATE_SECRET }"), /Gate's own/],
  [
    "plain http",
    vault("{ type: 1password, url: http://c.example.com, token: env://T }"),
    /must be https; plain http needs/,
  ],
  [
    "a private address",
    vault("{ type: 1password, url: https://10.0.0.1, token: env://T }"),
    /add `allow_private: true`/,
  ],
  [
    "a user in an address",
    vault("{ type: 1password, url: https://u:p@c.example.com, token: env://T }"),
    /must not hold credentials/,
  ],
  [
    "an endpoint with a path",
    vault(
      "{ type: aws, region: eu-west-1, access_key_id: env://A, secret_access_key: env://B, endpoint: https://x.example.com/a }",
    ),
    /scheme and host alone/,
  ],
  [
    "a region that leads elsewhere",
    vault(
      "{ type: aws, region: eu-west-1.evil.example/, access_key_id: env://A, secret_access_key: env://B }",
    ),
    /must be a region/,
  ],
  [
    "a suffix that is a URL",
    vault("{ type: azure, tenant: t, client_id: c, client_secret: env://S, suffix: https://evil.example }"),
    /the part of the host after/,
  ],
  [
    "a tenant that climbs",
    vault("{ type: azure, tenant: ../x, client_id: c, client_secret: env://S }"),
    /the tenant's id or domain/,
  ],
  ["a mount that climbs", hashicorp("mounts: [../kv]"), /a mount's path/],
  ["a mount with a slash at its end", hashicorp("mounts: [kv/]"), /a mount's path/],
  ["KV 3", hashicorp("kv: 3"), /must be 1 or 2/],
  ["a namespace that ends the header", hashicorp('namespace: "a\\nb"'), /must be a namespace/],
  [
    "an unknown way to sign in",
    vault("{ type: hashicorp, url: https://v.example.com, auth: { method: ldap } }"),
    /must be `token` or `approle` or `jwt`/,
  ],
  ...INVALID_OAUTH2,
];

export const MISPLACED_SECRET = "sk_live_51Habc";

/** Registries that hold a secret where its place belongs. */
export const MISPLACED_SECRETS: readonly string[] = [
  `credentials: { x: ${MISPLACED_SECRET} }`,
  `credentials: { x: { ref: ${MISPLACED_SECRET} } }`,
  `credentials: { x: { ref: "env://${MISPLACED_SECRET}" } }`,
  `credentials: { x: { ref: "op://${MISPLACED_SECRET}" } }`,
  `credentials: { x: { ref: "vault://kv/${MISPLACED_SECRET}" } }`,
  `credentials: { x: { ref: [${MISPLACED_SECRET}] } }`,
  `credentials: { x: { ref: *${MISPLACED_SECRET} } }`,
  `credentials: { x: { ref: !secret ${MISPLACED_SECRET} } }`,
  `credentials: { x: { ref: @${MISPLACED_SECRET} } }`,
  `credentials: { x: { ref: "${MISPLACED_SECRET} } }`,
  `credentials: { x: { ${MISPLACED_SECRET} } }`,
  `credentials: { x: { ${MISPLACED_SECRET}: env } }`,
  `credentials: { "${MISPLACED_SECRET}!": { ref: env://X } }`,
  `credentials: ${MISPLACED_SECRET}`,
  `vaults: ${MISPLACED_SECRET}`,
  vault(MISPLACED_SECRET),
  vault(`{ type: ${MISPLACED_SECRET} }`),
  vault(`{ type: doppler, token: ${MISPLACED_SECRET} }`),
  vault(`{ type: doppler, token: "env://${MISPLACED_SECRET}" }`),
  vault(`{ type: doppler, token: env://T, ${MISPLACED_SECRET}: 1 }`),
  vault(`{ type: doppler, token: env://T, url: "${MISPLACED_SECRET}" }`),
  vault(`{ type: doppler, token: env://T, url: "https://${MISPLACED_SECRET}@api.doppler.com" }`),
  vault(`{ type: doppler, token: env://T, allow_private: ${MISPLACED_SECRET} }`),
  vault(`{ type: hashicorp, url: https://v.example.com, auth: ${MISPLACED_SECRET} }`),
  vault(`{ type: hashicorp, url: https://v.example.com, auth: { method: ${MISPLACED_SECRET} } }`),
  vault(
    `{ type: hashicorp, url: https://v.example.com, auth: { method: token, token: ${MISPLACED_SECRET} } }`,
  ),
  vault(
    `{ type: aws, region: ${MISPLACED_SECRET}, access_key_id: ${MISPLACED_SECRET}, secret_access_key: ${MISPLACED_SECRET} }`,
  ),
  ...misplacedInOAuth2(MISPLACED_SECRET),
];

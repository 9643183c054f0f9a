import { z } from "zod";
import type {
  HashicorpAuth,
  VaultConnection,
  VaultConnections,
} from "../../core/registry/vault-connection.ts";
import { vaultCredential } from "./secret-refs.ts";
import { checkUpstream } from "./upstream.ts";
import type { PolicyProblem, YamlSource } from "../yaml/source.ts";
import { flag, list, mapping, name, text, WEB_ADDRESS } from "../yaml/schema-types.ts";

/* `vaults` of gate.yaml: connections to the vaults that credentials name. */

const PART = String.raw`[A-Za-z0-9_.@+=:-]*[A-Za-z0-9_@+=:-][A-Za-z0-9_.@+=:-]*`;

/** Path segments that every parser reads alike: no dot segments, nothing percent-encoded. */
const MOUNT = new RegExp(`^${PART}(?:/${PART})*$`);

/** Value of the header `X-Vault-Namespace`. */
const NAMESPACE = /^[!-~]{1,300}$/;

const REGION = /^[a-z]{2}(?:-[a-z]+)+-\d{1,2}$/;
const HOST = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/;

/** The tenant's id or domain, which becomes a path segment. */
const TENANT = /^[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?$/;

const DOPPLER_API = "https://api.doppler.com";
const AZURE_VAULTS = "vault.azure.net";
const AZURE_LOGIN = "login.microsoftonline.com";

function matching(pattern: RegExp, what: string) {
  const error = `must be ${what}`;
  return z.string({ error }).max(300, { error }).regex(pattern, { error });
}

const url = text("the vault's URL, such as https://vault.example.com", 500).meta(WEB_ADDRESS);
const mount = matching(MOUNT, "a mount's path such as kv or team/kv, without a slash at either end");

const COMMON = { allow_private: flag().optional() } as const;

const AN_AUTH = "must be {method: token, token: env://…}, or the method approle or jwt with its keys";

const auth = z.discriminatedUnion(
  "method",
  [
    mapping({ method: z.literal("token"), token: vaultCredential }, AN_AUTH),
    mapping(
      {
        method: z.literal("approle"),
        mount: mount.optional(),
        role_id: text("the role's id", 300),
        secret_id: vaultCredential,
      },
      AN_AUTH,
    ),
    mapping(
      {
        method: z.literal("jwt"),
        mount: mount.optional(),
        role: text("the role's name", 300),
        jwt: vaultCredential,
      },
      AN_AUTH,
    ),
  ],
  {
    error: (issue) => (issue.code === "invalid_union" ? "must be `token` or `approle` or `jwt`" : AN_AUTH),
  },
);

const A_VAULT = "must be a vault such as {type: doppler, token: env://DOPPLER_TOKEN}";

const TYPES = ["1password", "hashicorp", "aws", "azure", "doppler"] as const;

export const VAULTS = z
  .record(
    name("a vault's name"),
    z.discriminatedUnion(
      "type",
      [
        mapping({ type: z.literal("1password"), url, token: vaultCredential, ...COMMON }, A_VAULT),
        mapping(
          {
            type: z.literal("hashicorp"),
            url,
            namespace: matching(NAMESPACE, "a namespace such as team/a").optional(),
            kv: z.union([z.literal(1), z.literal(2)], { error: "must be 1 or 2" }).optional(),
            mounts: list(mount, "mounts' paths", 100).optional(),
            auth,
            ...COMMON,
          },
          A_VAULT,
        ),
        mapping(
          {
            type: z.literal("aws"),
            region: matching(REGION, "a region such as eu-west-1"),
            access_key_id: vaultCredential,
            secret_access_key: vaultCredential,
            session_token: vaultCredential.optional(),
            endpoint: url.optional(),
            ...COMMON,
          },
          A_VAULT,
        ),
        mapping(
          {
            type: z.literal("azure"),
            tenant: matching(TENANT, "the tenant's id or domain"),
            client_id: text("the application's id", 300),
            client_secret: vaultCredential,
            suffix: matching(
              HOST,
              "the part of the host after the vault's name, such as vault.azure.cn",
            ).optional(),
            login_host: matching(HOST, "the sign-in's host, such as login.chinacloudapi.cn").optional(),
            ...COMMON,
          },
          A_VAULT,
        ),
        mapping(
          { type: z.literal("doppler"), url: url.optional(), token: vaultCredential, ...COMMON },
          A_VAULT,
        ),
      ],
      {
        error: (issue) =>
          issue.code === "invalid_union"
            ? `must be ${TYPES.map((type) => `\`${type}\``).join(" or ")}`
            : A_VAULT,
      },
    ),
    { error: "must be vaults by name, such as {doppler: {type: doppler, token: env://DOPPLER_TOKEN}}" },
  )
  .optional();

type WrittenVaults = NonNullable<z.output<typeof VAULTS>>;
type WrittenVault = WrittenVaults[string];

export function vaultsOf(written: WrittenVaults = {}): VaultConnections {
  return Object.fromEntries(
    Object.values(written)
      .map(connectionOf)
      .map((vault) => [vault.provider, vault]),
  );
}

function connectionOf(written: WrittenVault): VaultConnection {
  const base = { allowPrivate: written.allow_private ?? false };
  switch (written.type) {
    case "1password":
      return { ...base, provider: "1password", url: written.url, token: written.token };
    case "hashicorp":
      return {
        ...base,
        provider: "hashicorp",
        url: written.url,
        namespace: written.namespace ?? null,
        kv: written.kv ?? 2,
        mounts: written.mounts ?? [],
        auth: authOf(written.auth),
      };
    case "aws":
      return {
        ...base,
        provider: "aws",
        region: written.region,
        accessKeyId: written.access_key_id,
        secretAccessKey: written.secret_access_key,
        sessionToken: written.session_token ?? null,
        endpoint: written.endpoint ?? null,
      };
    case "azure":
      return {
        ...base,
        provider: "azure",
        tenant: written.tenant,
        clientId: written.client_id,
        clientSecret: written.client_secret,
        suffix: written.suffix ?? AZURE_VAULTS,
        loginHost: written.login_host ?? AZURE_LOGIN,
      };
    case "doppler":
      return { ...base, provider: "doppler", url: written.url ?? DOPPLER_API, token: written.token };
  }
}

function authOf(written: z.output<typeof auth>): HashicorpAuth {
  switch (written.method) {
    case "token":
      return written;
    case "approle":
      return {
        method: "approle",
        mount: written.mount ?? "approle",
        roleId: written.role_id,
        secretId: written.secret_id,
      };
    case "jwt":
      return { method: "jwt", mount: written.mount ?? "jwt", role: written.role, jwt: written.jwt };
  }
}

/** Reports a second vault of a type, between which no reference could choose, and refused addresses. */
export function checkVaults(source: YamlSource, vaults: WrittenVaults): readonly PolicyProblem[] {
  const problems: PolicyProblem[] = [];
  const names = new Map<string, string>();
  for (const [id, written] of Object.entries(vaults)) {
    const at = ["vaults", id];
    const other = names.get(written.type);
    if (other !== undefined) {
      const message = `\`${other}\` has type ${written.type} already, and references name a vault by its type alone`;
      problems.push(source.problemAt([...at, "type"], message));
    }
    names.set(written.type, id);
    for (const [field, address] of addressesOf(written)) {
      const problem = addressProblem(field, address, written.allow_private ?? false);
      if (problem !== null) problems.push(source.problemAt([...at, field], problem));
    }
  }
  return problems;
}

function addressesOf(written: WrittenVault): readonly (readonly ["url" | "endpoint", string])[] {
  if (written.type === "azure") return [];
  const [field, address] =
    written.type === "aws" ? (["endpoint", written.endpoint] as const) : (["url", written.url] as const);
  return address === undefined ? [] : [[field, address]];
}

function addressProblem(field: "url" | "endpoint", address: string, isPrivate: boolean): string | null {
  const problem = checkUpstream(address, isPrivate);
  if (problem !== null) return problem;
  const { href, origin } = new URL(address);
  return field === "url" || href === `${origin}/` ? null : "must be scheme and host alone";
}

import type { OwnSecretRef, VaultSecretRef } from "./secret-ref.ts";

interface ConnectionBase {
  /** The operator wrote that plain http and private addresses are meant. */
  readonly allowPrivate: boolean;
}

/** A 1Password Connect server. */
export interface OnePasswordConnection extends ConnectionBase {
  readonly provider: "1password";
  /** Without `/v1`. */
  readonly url: string;
  /** An access token of Connect. */
  readonly token: OwnSecretRef;
}

/** HashiCorp Vault or OpenBao: they answer the same. */
export interface HashicorpConnection extends ConnectionBase {
  readonly provider: "hashicorp";
  /** Without `/v1`. */
  readonly url: string;
  readonly namespace: string | null;
  /** Version of the KV engine at the mounts that references name, 2 by default. */
  readonly kv: 1 | 2;
  /** Mount paths of more than one part, `team/kv`; of any other path the first part is the mount. */
  readonly mounts: readonly string[];
  readonly auth: HashicorpAuth;
}

export type HashicorpAuth =
  | { readonly method: "token"; readonly token: OwnSecretRef }
  | {
      readonly method: "approle";
      /** Where the method is enabled, `approle` by default. */
      readonly mount: string;
      /** A name, as HashiCorp has it: only together with the secret id it opens anything. */
      readonly roleId: string;
      readonly secretId: OwnSecretRef;
    }
  | {
      readonly method: "jwt";
      /** `jwt` by default. */
      readonly mount: string;
      readonly role: string;
      readonly jwt: OwnSecretRef;
    };

/** AWS Secrets Manager of one account and region. */
export interface AwsConnection extends ConnectionBase {
  readonly provider: "aws";
  readonly region: string;
  /** No secret, but it changes with the secret one: both are in one place. */
  readonly accessKeyId: OwnSecretRef;
  readonly secretAccessKey: OwnSecretRef;
  /** Of temporary keys. */
  readonly sessionToken: OwnSecretRef | null;
  /** A VPC endpoint's URL; null: the region's own. */
  readonly endpoint: string | null;
}

/** Azure Key Vaults that one application may read. */
export interface AzureConnection extends ConnectionBase {
  readonly provider: "azure";
  /** Id or domain of the tenant. */
  readonly tenant: string;
  readonly clientId: string;
  readonly clientSecret: OwnSecretRef;
  /** What follows a vault's name in its host, `vault.azure.net` by default; other clouds have others. */
  readonly suffix: string;
  /** Host that tokens come from, `login.microsoftonline.com` by default. */
  readonly loginHost: string;
}

export interface DopplerConnection extends ConnectionBase {
  readonly provider: "doppler";
  /** `https://api.doppler.com` by default. */
  readonly url: string;
  /** A service token, which is bound to one project and config. */
  readonly token: OwnSecretRef;
}

/** How one vault is reached and opened: what an operator writes, defaults applied. */
export type VaultConnection =
  | OnePasswordConnection
  | HashicorpConnection
  | AwsConnection
  | AzureConnection
  | DopplerConnection;

/** One vault of a kind at most: a reference says which kind, and nothing that an agent sends says more. */
export type VaultConnections = {
  readonly [P in VaultConnection["provider"]]?: Extract<VaultConnection, { readonly provider: P }>;
};

/** Which kind of vault answers references of a scheme. */
export const PROVIDER_OF = {
  op: "1password",
  vault: "hashicorp",
  "aws-sm": "aws",
  azkv: "azure",
  doppler: "doppler",
} as const satisfies Record<VaultSecretRef["scheme"], VaultConnection["provider"]>;

/** All that the deployment itself holds to open these vaults. */
export function openersOf(vaults: VaultConnections): readonly OwnSecretRef[] {
  return Object.values(vaults).flatMap(openersOfOne);
}

function openersOfOne(vault: VaultConnection): readonly OwnSecretRef[] {
  switch (vault.provider) {
    case "1password":
    case "doppler":
      return [vault.token];
    case "hashicorp":
      return [hashicorpOpener(vault.auth)];
    case "aws": {
      const { accessKeyId, secretAccessKey, sessionToken } = vault;
      return [accessKeyId, secretAccessKey, ...(sessionToken === null ? [] : [sessionToken])];
    }
    case "azure":
      return [vault.clientSecret];
  }
}

function hashicorpOpener(auth: HashicorpAuth): OwnSecretRef {
  switch (auth.method) {
    case "token":
      return auth.token;
    case "approle":
      return auth.secretId;
    case "jwt":
      return auth.jwt;
  }
}

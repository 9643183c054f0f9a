import type { OwnSecretRef, VaultSecretRef } from "./secret-ref.ts";

interface ConnectionBase {
  /** The operator set `allow_private`: plain http and private addresses are allowed. */
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

/** HashiCorp Vault or OpenBao, which have the same API. */
export interface HashicorpConnection extends ConnectionBase {
  readonly provider: "hashicorp";
  /** Without `/v1`. */
  readonly url: string;
  readonly namespace: string | null;
  /** Version of the KV engine at the mounts that references name, 2 by default. */
  readonly kv: 1 | 2;
  /** Mount paths of more than one part, `team/kv`; in any other path the first part is the mount. */
  readonly mounts: readonly string[];
  readonly auth: HashicorpAuth;
}

export type HashicorpAuth =
  | { readonly method: "token"; readonly token: OwnSecretRef }
  | {
      readonly method: "approle";
      /** Mount path of the auth method, `approle` by default. */
      readonly mount: string;
      /** Not a secret: HashiCorp authenticates it only together with the secret id. */
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
  /** Not a secret, but rotated together with the secret key, so stored beside it. */
  readonly accessKeyId: OwnSecretRef;
  readonly secretAccessKey: OwnSecretRef;
  /** Only with temporary keys. */
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
  /** Host suffix after the vault's name, `vault.azure.net` by default; sovereign clouds have others. */
  readonly suffix: string;
  /** Host of the token endpoint, `login.microsoftonline.com` by default. */
  readonly loginHost: string;
}

export interface DopplerConnection extends ConnectionBase {
  readonly provider: "doppler";
  /** `https://api.doppler.com` by default. */
  readonly url: string;
  /** A service token, which is bound to one project and config. */
  readonly token: OwnSecretRef;
}

/** Address and authentication of one vault: the operator's settings, defaults applied. */
export type VaultConnection =
  | OnePasswordConnection
  | HashicorpConnection
  | AwsConnection
  | AzureConnection
  | DopplerConnection;

/** At most one vault per kind: a reference's scheme selects it, and an agent's request never does. */
export type VaultConnections = {
  readonly [P in VaultConnection["provider"]]?: Extract<VaultConnection, { readonly provider: P }>;
};

/** The kind of vault that resolves references of a scheme. */
export const PROVIDER_OF = {
  op: "1password",
  vault: "hashicorp",
  "aws-sm": "aws",
  azkv: "azure",
  doppler: "doppler",
} as const satisfies Record<VaultSecretRef["scheme"], VaultConnection["provider"]>;

/** References to the deployment's secrets that authenticate Gate to these vaults. */
export function vaultAuthRefs(vaults: VaultConnections): readonly OwnSecretRef[] {
  return Object.values(vaults).flatMap(authRefsOf);
}

function authRefsOf(vault: VaultConnection): readonly OwnSecretRef[] {
  switch (vault.provider) {
    case "1password":
    case "doppler":
      return [vault.token];
    case "hashicorp":
      return [hashicorpAuthRef(vault.auth)];
    case "aws": {
      const { accessKeyId, secretAccessKey, sessionToken } = vault;
      return [accessKeyId, secretAccessKey, ...(sessionToken === null ? [] : [sessionToken])];
    }
    case "azure":
      return [vault.clientSecret];
  }
}

function hashicorpAuthRef(auth: HashicorpAuth): OwnSecretRef {
  switch (auth.method) {
    case "token":
      return auth.token;
    case "approle":
      return auth.secretId;
    case "jwt":
      return auth.jwt;
  }
}

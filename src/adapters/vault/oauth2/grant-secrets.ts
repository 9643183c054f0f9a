import { ok, type Result } from "../../../core/base/result.ts";
import type { OAuth2Grant } from "../../../core/registry/credential.ts";
import type { SecretRef } from "../../../core/registry/secret-ref.ts";
import type { SecretForm, VaultFailure } from "../../../ports/vault.ts";

/** The stored secrets of a grant, fetched for one use; null: the grant has none of this kind. */
export interface GrantSecrets {
  readonly clientSecret: string | null;
  readonly refreshToken: string | null;
  readonly privateKey: string | null;
}

type Fetch = (ref: SecretRef, form: SecretForm) => Promise<Result<string, VaultFailure>>;

export async function fetchGrantSecrets(
  grant: OAuth2Grant,
  fetch: Fetch,
): Promise<Result<GrantSecrets, VaultFailure>> {
  const [clientSecret, refreshToken, privateKey] = await Promise.all([
    fetchOptional(grant.clientSecret, "line", fetch),
    fetchOptional(grant.type === "refresh_token" ? grant.refreshToken : null, "line", fetch),
    fetchOptional(grant.type === "jwt_bearer" ? grant.privateKey : null, "text", fetch),
  ]);
  if (!clientSecret.ok) return clientSecret;
  if (!refreshToken.ok) return refreshToken;
  if (!privateKey.ok) return privateKey;
  return ok({
    clientSecret: clientSecret.value,
    refreshToken: refreshToken.value,
    privateKey: privateKey.value,
  });
}

async function fetchOptional(
  ref: SecretRef | null,
  form: SecretForm,
  fetch: Fetch,
): Promise<Result<string | null, VaultFailure>> {
  return ref === null ? ok(null) : fetch(ref, form);
}

/** Those that an upstream could know and echo: everything but the private key, which never leaves Gate. */
export function sentSecrets({ clientSecret, refreshToken }: GrantSecrets): readonly string[] {
  return [clientSecret, refreshToken].filter((secret) => secret !== null);
}

import { digestOf } from "../../../core/base/digest.ts";
import { ok, type Result } from "../../../core/base/result.ts";
import type { OAuth2Credential } from "../../../core/registry/credential.ts";
import type { VaultConnections } from "../../../core/registry/vault-connection.ts";
import type { FetchedCredential, FetchSecret, VaultDeps, VaultFailure } from "../../../ports/vault.ts";
import { CALL_TIMEOUT_MS, TOTAL_TIMEOUT_MS } from "../vault-client.ts";
import { fetchGrantSecrets, sentSecrets, type GrantSecrets } from "./grant-secrets.ts";
import { TokenCache } from "./token-cache.ts";
import { requestToken } from "./token-request.ts";
import type { IssuedToken } from "./token-response.ts";

export interface AccessTokens {
  /** An access token for one call: the one in memory, or a new one. */
  forCall(name: string, credential: OAuth2Credential, vaults: VaultConnections): Promise<Fetched>;
  /** A new one, which is not kept. */
  forCheck(credential: OAuth2Credential, vaults: VaultConnections): Promise<Fetched>;
}

/** Of this isolate, whose entry points have ports of their own. */
const isolateCache = new TokenCache();

type Fetched = Result<FetchedCredential, VaultFailure>;

/**
 * Access tokens of OAuth 2.0 credentials. The secrets that they are obtained with are fetched for every call, as stored
 * credentials are: the vault's log shows each use, and a secret that is rotated or revoked there ends its token here.
 */
export function accessTokens(
  fetchSecret: FetchSecret,
  deps: VaultDeps,
  cache: TokenCache = isolateCache,
): AccessTokens {
  /** Vaults and the token endpoint share the time that a write waits for a secret. */
  async function prepare(credential: OAuth2Credential, vaults: VaultConnections) {
    const endsAt = deps.now() + TOTAL_TIMEOUT_MS;
    const timeLeft = () => Math.min(CALL_TIMEOUT_MS, endsAt - deps.now());
    const secrets = await fetchGrantSecrets(credential.grant, (ref, form) =>
      fetchSecret(ref, vaults, deps, form),
    );
    if (!secrets.ok) return secrets;
    const issue = () => requestToken(credential, secrets.value, { ...deps, timeLeft });
    return ok({ secrets: secrets.value, issue });
  }

  return {
    async forCall(name, credential, vaults) {
      const ready = await prepare(credential, vaults);
      if (!ready.ok) return ready;
      const { secrets, issue } = ready.value;
      const found = await cache.get(name, digestOf({ credential, secrets }), deps.now, issue);
      if (!found.ok) return found;
      const { token, isReused } = found.value;
      const discard = () => cache.discard(name, token.accessToken, deps.now());
      return ok({ ...credentialOf(token, secrets), isReused, discard });
    },

    async forCheck(credential, vaults) {
      const ready = await prepare(credential, vaults);
      if (!ready.ok) return ready;
      const issued = await ready.value.issue();
      return issued.ok ? ok(credentialOf(issued.value, ready.value.secrets)) : issued;
    },
  };
}

function credentialOf(token: IssuedToken, secrets: GrantSecrets): FetchedCredential {
  return {
    secret: token.accessToken,
    alsoMasked: sentSecrets(secrets),
    expiresAt: token.requestedAt + token.lifetimeMs,
    isReused: false,
    discard: () => false,
  };
}

import { logLine } from "../../core/base/log-line.ts";
import { injectionProblem, type InjectionFailure } from "../../core/outbound/inject-and-mask.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type {
  FetchCredential,
  FetchedCredential,
  FetchSecret,
  VaultDeps,
  VaultFailure,
} from "../../ports/vault.ts";
import { failed } from "./failure.ts";
import { accessTokens } from "./oauth2/access-tokens.ts";

export interface RegistrySecrets {
  /** Stored secrets only. The log has the reason of a failure. */
  secret(name: string): Promise<Result<string, VaultFailure>>;
  /** A stored secret or an access token, for one call to an upstream. The log has the reason of a failure. */
  credential: FetchCredential;
  /**
   * Fetches it as for a use, checks that it can be injected into all destinations that name it, and forgets it. The
   * result is the end of an access token; null: a stored secret.
   */
  check(name: string): Promise<Result<number | null, VaultFailure | InjectionFailure>>;
}

type Rules = Pick<Registry, "credentials" | "vaults" | "destinations">;

/**
 * Secrets of the registry's credentials, fetched on each use and never cached or stored, and access tokens, which are in
 * memory until they end.
 *
 * @param deps variables: only those that a credential or its vault's connection names are read
 */
export function registrySecrets(
  registry: () => Promise<Rules>,
  fetchSecret: FetchSecret,
  deps: VaultDeps,
): RegistrySecrets {
  const tokens = accessTokens(fetchSecret, deps);

  /** @param isRetained whether an access token may be one in memory, and stays there */
  async function fetched(
    name: string,
    isRetained: boolean,
  ): Promise<Result<FetchedCredential, VaultFailure>> {
    const { credentials, vaults } = await registry();
    const credential = credentials.get(name);
    if (credential === undefined) return NO_CREDENTIAL;
    if (credential.kind === "oauth2") {
      return isRetained ? tokens.forCall(name, credential, vaults) : tokens.forCheck(credential, vaults);
    }
    const secret = await fetchSecret(credential.ref, vaults, deps);
    return secret.ok ? ok(storedCredential(secret.value)) : secret;
  }

  async function logged<T>(name: string, fetching: Promise<Result<T, VaultFailure>>) {
    const found = await fetching;
    // Logged here, because callers only learn that there is none.
    if (!found.ok) console.error(logLine("credential_unavailable", { name, ...found.error }));
    return found;
  }

  return {
    credential: (name) => logged(name, fetched(name, true)),

    async secret(name) {
      const { credentials } = await registry();
      const isToken = credentials.get(name)?.kind === "oauth2";
      const found = await logged(name, isToken ? Promise.resolve(NO_STORED_SECRET) : fetched(name, true));
      return found.ok ? ok(found.value.secret) : found;
    },

    async check(name) {
      const [found, { destinations }] = await Promise.all([fetched(name, false), registry()]);
      if (!found.ok) return found;
      const { secret, alsoMasked, expiresAt } = found.value;
      for (const { credential } of destinations.values()) {
        const problem =
          credential?.name === name ? injectionProblem(credential.injection, secret, alsoMasked) : null;
        if (problem !== null) return err(problem);
      }
      return ok(expiresAt);
    },
  };
}

export function storedCredential(secret: string): FetchedCredential {
  return { secret, alsoMasked: [], expiresAt: null, isReused: false, discard: () => false };
}

const NO_CREDENTIAL = failed("not_configured", "the registry has no credential of this name");

const NO_STORED_SECRET = failed(
  "not_configured",
  "the credential is an access token, which only destinations use",
);

import { logLine } from "../../core/base/log-line.ts";
import { injectionProblem, type InjectionFailure } from "../../core/outbound/inject-and-mask.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { FetchSecret, VaultDeps, VaultFailure } from "../../ports/vault.ts";

export interface RegistrySecrets {
  /** Null: it is not to be had, and the log says why. */
  secret(name: string): Promise<string | null>;
  /** The same with why it is not to be had. */
  fetched(name: string): Promise<Result<string, VaultFailure>>;
  /** Fetches it as for a use, looks whether it can be put in where destinations say, and forgets it. */
  check(name: string): Promise<Result<void, VaultFailure | InjectionFailure>>;
}

/**
 * What the credentials of the registry stand for. A secret is fetched when it is used and kept nowhere.
 *
 * @param deps variables: only those that a credential, or what opens its vault, names are looked at
 */
export function registrySecrets(
  registry: () => Promise<Pick<Registry, "credentials" | "vaults" | "destinations">>,
  fetchSecret: FetchSecret,
  deps: VaultDeps,
): RegistrySecrets {
  const fetched = async (name: string): Promise<Result<string, VaultFailure>> => {
    const { credentials, vaults } = await registry();
    const ref = credentials.get(name);
    return ref === undefined ? NO_CREDENTIAL : fetchSecret(ref, vaults, deps);
  };
  return {
    fetched,
    async secret(name) {
      const found = await fetched(name);
      if (found.ok) return found.value;
      // Whoever asked says only that there is none.
      console.error(logLine("credential_unavailable", { name, ...found.error }));
      return null;
    },
    async check(name) {
      const [found, { destinations }] = await Promise.all([fetched(name), registry()]);
      if (!found.ok) return found;
      for (const { credential } of destinations.values()) {
        const problem =
          credential?.name === name ? injectionProblem(credential.injection, found.value) : null;
        if (problem !== null) return err(problem);
      }
      return ok(undefined);
    },
  };
}

const NO_CREDENTIAL = {
  ok: false,
  error: { problem: "not_configured", detail: "the registry has no credential of this name" },
} as const;

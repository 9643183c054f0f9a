import { logLine } from "../../core/base/log-line.ts";
import { injectionProblem, type InjectionFailure } from "../../core/outbound/inject-and-mask.ts";
import type { Registry } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { FetchSecret, VaultDeps, VaultFailure } from "../../ports/vault.ts";

export interface RegistrySecrets {
  /** Null: it could not be fetched, and the log has the reason. */
  secret(name: string): Promise<string | null>;
  /** Same, with the reason as a value. */
  fetched(name: string): Promise<Result<string, VaultFailure>>;
  /** Fetches it as for a use, checks that it can be injected into all destinations that name it, and forgets it. */
  check(name: string): Promise<Result<void, VaultFailure | InjectionFailure>>;
}

/**
 * Secrets of the registry's credentials, fetched on each use and never cached or stored.
 *
 * @param deps variables: only those that a credential or its vault's connection names are read
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
      // Logged here, because callers only learn that there is none.
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

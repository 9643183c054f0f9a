import type { Registry } from "../../src/core/registry/registry.ts";
import { secretRefsOf } from "../../src/core/registry/credential.ts";
import type { SecretRef } from "../../src/core/registry/secret-ref.ts";
import { vaultAuthRefs } from "../../src/core/registry/vault-connection.ts";

export interface CredentialVariables {
  /** Reads the variables that a registry names, the first one or an edited one. */
  collect(registry: Registry): void;
  /** The variables for the Worker's start; later ones can't be added. */
  takeValues(): Readonly<Record<string, string>>;
}

/**
 * The variables that credentials and vaults of `gate.yaml` name, and no others: the Worker must not get this process's
 * whole environment.
 *
 * @param own names of Gate's own bindings, which no credential may replace
 * @param say takes one line for the operator, never with a value
 */
export function credentialVariables(
  environment: Readonly<Record<string, string | undefined>>,
  own: ReadonlySet<string>,
  say: (line: string) => void,
): CredentialVariables {
  const known = new Set<string>();
  const values = new Map<string, string>();
  let isStarted = false;

  function read(whose: string, name: string): void {
    const value = environment[name];
    if (own.has(name)) say(`gate.yaml: ${whose} can't use ${name}, which is Gate's own variable`);
    else if (isStarted) say(`gate.yaml: ${name} (${whose}) is read at the next start`);
    else if (value === undefined || value === "") {
      say(`gate.yaml: ${name} (${whose}) is not set in the environment`);
    } else values.set(name, value);
  }

  function collectRef(whose: string, ref: SecretRef): void {
    if (ref.scheme !== "env" || known.has(ref.name)) return;
    known.add(ref.name);
    read(whose, ref.name);
  }

  return {
    collect({ credentials, vaults }) {
      for (const [name, credential] of credentials) {
        for (const ref of secretRefsOf(credential)) collectRef(`the credential ${name}`, ref);
      }
      for (const ref of vaultAuthRefs(vaults)) collectRef("the token of a vault", ref);
    },
    takeValues() {
      isStarted = true;
      return Object.fromEntries(values);
    },
  };
}

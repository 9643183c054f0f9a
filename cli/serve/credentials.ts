import type { Registry } from "../../src/core/registry/registry.ts";
import type { SecretRef } from "../../src/core/registry/secret-ref.ts";
import { vaultAuthRefs } from "../../src/core/registry/vault-connection.ts";

export interface CredentialVariables {
  /** Looks at a registry that was read, the first or an edited one. */
  look(registry: Registry): void;
  /** What the Worker is given as it starts; from then on nothing can be added. */
  handOver(): Readonly<Record<string, string>>;
}

/**
 * The variables that credentials and vaults of `gate.yaml` name, and no others: the Worker is not given this process's whole
 * environment.
 *
 * @param own names of Gate's own bindings, which no credential replaces
 * @param say takes one line for the operator, without a value in it
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
    if (own.has(name)) say(`gate.yaml: ${whose} can't be ${name}, which is Gate's own`);
    else if (isStarted) say(`gate.yaml: ${name} (${whose}) is read at the next start`);
    else if (value === undefined || value === "") {
      say(`gate.yaml: ${name} (${whose}) is not set in the environment`);
    } else values.set(name, value);
  }

  function lookAt(whose: string, ref: SecretRef): void {
    if (ref.scheme !== "env" || known.has(ref.name)) return;
    known.add(ref.name);
    read(whose, ref.name);
  }

  return {
    look({ credentials, vaults }) {
      for (const [credential, ref] of credentials) lookAt(`the credential ${credential}`, ref);
      for (const ref of vaultAuthRefs(vaults)) lookAt("what opens a vault", ref);
    },
    handOver() {
      isStarted = true;
      return Object.fromEntries(values);
    },
  };
}

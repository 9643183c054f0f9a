import type { Registry } from "../../src/core/registry.ts";

export interface CredentialVariables {
  /** Looks at a registry that was read, the first or an edited one. */
  look(registry: Registry): void;
  /** What the Worker is given as it starts; from then on nothing can be added. */
  handOver(): Readonly<Record<string, string>>;
}

/**
 * The variables that credentials of `gate.yaml` name, and no others: the Worker is not given this process's whole
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

  function read(credential: string, ref: string): void {
    const value = environment[ref];
    if (own.has(ref)) say(`gate.yaml: the credential ${credential} can't be ${ref}, which is Gate's own`);
    else if (isStarted) say(`gate.yaml: ${ref} (the credential ${credential}) is read at the next start`);
    else if (value === undefined || value === "") {
      say(`gate.yaml: ${ref} (the credential ${credential}) is not set in the environment`);
    } else values.set(ref, value);
  }

  return {
    look({ credentials }) {
      for (const [credential, { provider, ref }] of credentials) {
        if (provider !== "env" || known.has(ref)) continue;
        known.add(ref);
        read(credential, ref);
      }
    },
    handOver() {
      isStarted = true;
      return Object.fromEntries(values);
    },
  };
}

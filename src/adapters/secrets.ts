import type { CredentialSource } from "../core/registry.ts";

/**
 * What the credentials of the registry stand for. A secret is read when it is used and kept nowhere; null: there is
 * none, which whoever asked says without saying more.
 *
 * @param variables the deployment's variables and secrets; only those that a credential names are looked at
 */
export function credentialSecrets(
  credentials: () => Promise<ReadonlyMap<string, CredentialSource>>,
  variables: object,
): (name: string) => Promise<string | null> {
  return async (name) => {
    const source = (await credentials()).get(name);
    switch (source?.provider) {
      case "env":
        return variable(variables, source.ref);
      case "1password":
      case "hashicorp":
      case "aws":
      case "azure":
      case "doppler":
      case "infisical":
      case undefined:
        return null;
    }
  };
}

/** Bindings that are no text, and what every object has, are nobody's secret. */
function variable(variables: object, name: string): string | null {
  const value: unknown = Object.hasOwn(variables, name) ? Reflect.get(variables, name) : null;
  return typeof value === "string" && value !== "" ? value : null;
}

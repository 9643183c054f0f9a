import type { Result } from "../../core/base/result.ts";
import type { SecretRef } from "../../core/registry/secret-ref.ts";
import type { VaultConnections } from "../../core/registry/vault-connection.ts";
import type { SecretForm, VaultDeps, VaultFailure } from "../../ports/vault.ts";
import { awsSecret } from "./aws.ts";
import { azureSecret } from "./azure.ts";
import { dopplerSecret } from "./doppler.ts";
import { type VaultClient, vaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { hashicorpSecret } from "./hashicorp.ts";
import { onePasswordSecret } from "./one-password.ts";
import { validateSecret, validateText } from "./validate-secret.ts";

/** `FetchSecret`: a secret that could not be injected or masked is a failure here already. */
export async function fetchSecret(
  ref: SecretRef,
  connections: VaultConnections,
  deps: VaultDeps,
  form: SecretForm = "line",
): Promise<Result<string, VaultFailure>> {
  const validate = form === "line" ? validateSecret : validateText;
  const found = await fetchFrom(ref, connections, vaultClient(deps, validate));
  return found.ok ? validate(found.value) : found;
}

async function fetchFrom(
  ref: SecretRef,
  connections: VaultConnections,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  switch (ref.scheme) {
    case "env":
    case "secrets-store":
      return client.ownSecret(ref);
    case "op": {
      const connection = connections["1password"];
      return connection === undefined ? unknownTo("1Password") : onePasswordSecret(ref, connection, client);
    }
    case "vault": {
      const connection = connections.hashicorp;
      return connection === undefined
        ? unknownTo("HashiCorp Vault")
        : hashicorpSecret(ref, connection, client);
    }
    case "aws-sm": {
      const connection = connections.aws;
      return connection === undefined ? unknownTo("AWS Secrets Manager") : awsSecret(ref, connection, client);
    }
    case "azkv": {
      const connection = connections.azure;
      return connection === undefined ? unknownTo("Azure Key Vault") : azureSecret(ref, connection, client);
    }
    case "doppler": {
      const connection = connections.doppler;
      return connection === undefined ? unknownTo("Doppler") : dopplerSecret(ref, connection, client);
    }
  }
}

function unknownTo(vault: string) {
  return failed("not_configured", `no connection to ${vault} is configured`);
}

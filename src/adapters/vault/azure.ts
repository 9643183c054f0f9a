import { isJsonObject } from "../../core/base/json.ts";
import type { VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { AzureConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { validateToken } from "./validate-secret.ts";

type AzureRef = Extract<VaultSecretRef, { readonly scheme: "azkv" }>;

const WHO = "Azure Key Vault";

const LOGIN = "Microsoft's sign-in";

const API_VERSION = "2025-07-01";

/** Suffix and sign-in host become parts of URLs, so a stray character could lead to another host. */
const HOST = /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i;

/** Azure Key Vault: a token by client credentials (RFC 6749 section 4.4), then the secret. */
export async function azureSecret(
  ref: AzureRef,
  connection: AzureConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const { suffix, loginHost, allowPrivate } = connection;
  if (!HOST.test(suffix) || !HOST.test(loginHost)) {
    return failed("not_configured", `suffix and sign-in host of ${WHO} must be written like vault.azure.net`);
  }
  const token = await tokenOf(connection, client);
  if (!token.ok) return token;
  const answer = await client.fetchJson({
    who: WHO,
    item: "the secret",
    base: `https://${ref.vault}.${suffix}`,
    path: ["secrets", ref.secret, ...(ref.version === null ? [] : [ref.version])],
    query: { "api-version": API_VERSION },
    method: "GET",
    headers: { Authorization: `Bearer ${token.value}`, Accept: "application/json" },
    allowPrivate,
  });
  if (!answer.ok) return answer;
  const value = isJsonObject(answer.value) ? answer.value["value"] : null;
  return typeof value === "string"
    ? ok(value)
    : failed("invalid_response", `${WHO} answered without a secret`);
}

async function tokenOf(
  { tenant, clientId, clientSecret, suffix, loginHost, allowPrivate }: AzureConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const opened = await client.ownSecret(clientSecret, WHO);
  if (!opened.ok) return opened;
  const form = new URLSearchParams({
    client_id: clientId,
    scope: `https://${suffix}/.default`,
    client_secret: opened.value,
    grant_type: "client_credentials",
  });
  const answer = await client.fetchJson({
    who: LOGIN,
    item: `a token for ${WHO}`,
    base: `https://${loginHost}`,
    path: [tenant, "oauth2", "v2.0", "token"],
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json" },
    body: form.toString(),
    allowPrivate,
    explain: (status) => (status === 400 || status === 404 ? REFUSED : null),
  });
  if (!answer.ok) return answer;
  const token = isJsonObject(answer.value) ? validateToken(answer.value["access_token"]) : null;
  return token !== null ? ok(token) : failed("invalid_response", `${LOGIN} answered without a token`);
}

/** Microsoft answers 400 to an unknown tenant or application, and to some wrong secrets. */
const REFUSED: VaultFailure = {
  problem: "denied",
  detail: `${LOGIN} refused: tenant, client id or client secret is wrong or expired`,
};

import type { Json } from "../../core/base/json.ts";
import type { Result } from "../../core/base/result.ts";
import type { HashicorpConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient, VaultRequest } from "./vault-client.ts";

export const HASHICORP = "HashiCorp Vault";

/** One request to this vault. */
export type HashicorpRequest = (
  request: Pick<VaultRequest, "item" | "path" | "method"> &
    Partial<Pick<VaultRequest, "query" | "body" | "timeoutMs" | "explain">> & {
      readonly token: string | null;
    },
) => Promise<Result<Json, VaultFailure>>;

/** Adds what all requests share, login included: namespace and token. */
export function hashicorpRequest(
  { url, namespace, allowPrivate }: HashicorpConnection,
  client: VaultClient,
): HashicorpRequest {
  return ({ token, ...request }) =>
    client.fetchJson({
      ...request,
      who: HASHICORP,
      base: url,
      headers: {
        // Vault's `require_request_header` option refuses requests without it, as forged ones (SSRF) would be.
        "X-Vault-Request": "true",
        Accept: "application/json",
        ...(namespace === null ? {} : { "X-Vault-Namespace": namespace }),
        ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token === null ? {} : { "X-Vault-Token": token }),
      },
      allowPrivate,
    });
}

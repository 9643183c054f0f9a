import type { Json } from "../../core/base/json.ts";
import type { Result } from "../../core/base/result.ts";
import type { HashicorpConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient, VaultRequest } from "./vault-client.ts";

export const HASHICORP = "HashiCorp Vault";

/** One question to this vault. */
export type HashicorpRequest = (
  question: Pick<VaultRequest, "what" | "path" | "method"> &
    Partial<Pick<VaultRequest, "query" | "body" | "patienceMs" | "explain">> & {
      readonly token: string | null;
    },
) => Promise<Result<Json, VaultFailure>>;

/** What all questions to it have in common, signing in included: the namespace, and who asks. */
export function hashicorpRequest(
  { url, namespace, allowPrivate }: HashicorpConnection,
  errand: VaultClient,
): HashicorpRequest {
  return ({ token, ...question }) =>
    errand.fetchJson({
      ...question,
      who: HASHICORP,
      base: url,
      headers: {
        // A server can be set to refuse what somebody makes another program send: that would not have it.
        "X-Vault-Request": "true",
        Accept: "application/json",
        ...(namespace === null ? {} : { "X-Vault-Namespace": namespace }),
        ...(question.body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(token === null ? {} : { "X-Vault-Token": token }),
      },
      allowPrivate,
    });
}

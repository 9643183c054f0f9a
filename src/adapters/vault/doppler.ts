import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { DopplerConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";

type DopplerRef = Extract<VaultSecretRef, { readonly scheme: "doppler" }>;

const WHO = "Doppler";

/** Doppler (API v3). `computed` is the value with its references resolved, `raw` the text with the references. */
export async function dopplerSecret(
  { project, config, name }: DopplerRef,
  { url, token, allowPrivate }: DopplerConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  const opened = await client.ownSecret(token, WHO);
  if (!opened.ok) return opened;
  const answer = await client.fetchJson({
    who: WHO,
    item: "the secret",
    base: url,
    path: ["v3", "configs", "config", "secret"],
    query: { project, config, name },
    method: "GET",
    headers: { Authorization: `Bearer ${opened.value}`, Accept: "application/json" },
    allowPrivate,
  });
  if (!answer.ok) return answer;
  const secret = secretIn(answer.value);
  if (secret === null) return failed("invalid_response", `${WHO} answered without a secret`);
  if (secret["name"] !== undefined && secret["name"] !== name) {
    return failed("invalid_response", `${WHO} answered with another secret than the requested one`);
  }
  const value = isJsonObject(secret["value"]) ? secret["value"]["computed"] : undefined;
  if (typeof value === "string") return ok(value);
  return value === null
    ? failed("denied", `${WHO} does not show this token the value: its visibility is restricted`)
    : failed("invalid_response", `${WHO} answered without the secret's value`);
}

/** `{name, value}`, as in Doppler's SDK, or the same under `secret`, as some deployments answer. */
function secretIn(answer: Json): JsonObject | null {
  if (!isJsonObject(answer)) return null;
  const inner = answer["secret"];
  return isJsonObject(inner) ? inner : answer;
}

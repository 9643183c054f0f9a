import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import type { VaultSecretRef } from "../../core/registry/secret-ref.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { HashicorpConnection } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { HASHICORP, hashicorpRequest } from "./hashicorp-request.ts";
import { hashicorpToken, revokeToken } from "./hashicorp-login.ts";

type HashicorpRef = Extract<VaultSecretRef, { readonly scheme: "vault" }>;

/** HashiCorp Vault or OpenBao, KV versions 1 and 2. */
export async function hashicorpSecret(
  ref: HashicorpRef,
  connection: HashicorpConnection,
  client: VaultClient,
): Promise<Result<string, VaultFailure>> {
  if (connection.kv === 1 && ref.version !== null) {
    return failed("not_configured", "the reference names a version, and version 1 of KV stores no versions");
  }
  const request = hashicorpRequest(connection, client);
  const token = await hashicorpToken(connection.auth, request, client);
  if (!token.ok) return token;
  const answer = await request({
    token: token.value.token,
    item: "the secret",
    method: "GET",
    path: pathOf(ref, connection),
    query: ref.version === null ? {} : { version: String(ref.version) },
    explain: (status, body) => (status === 404 ? missing(body, connection.kv) : null),
  });
  if (token.value.mustRevoke) await revokeToken(token.value.token, request);
  return answer.ok ? valueOf(answer.value, ref, connection.kv) : answer;
}

/** KV version 2 inserts `data` between mount and path, so the mount's length matters. */
function pathOf({ path }: HashicorpRef, { kv, mounts }: HashicorpConnection): readonly string[] {
  const parts = path.split("/");
  if (kv === 1) return ["v1", ...parts];
  const longest = mounts
    .filter((mount) => path.startsWith(`${mount}/`))
    .reduce((most, mount) => Math.max(most, mount.split("/").length), 1);
  return ["v1", ...parts.slice(0, longest), "data", ...parts.slice(longest)];
}

/** The vault answers 404 for a deleted version too, with its metadata. */
function missing(answer: Json | null, kv: 1 | 2): VaultFailure {
  const metadata = objectIn(objectIn(answer, "data"), "metadata");
  const problem = "not_found";
  if (metadata?.["destroyed"] === true) {
    return { problem, detail: "this version of the secret was destroyed; write a new one" };
  }
  if (typeof metadata?.["deletion_time"] === "string" && metadata["deletion_time"] !== "") {
    return { problem, detail: "this version of the secret was deleted; undelete it or write a new one" };
  }
  return { problem, detail: `${HASHICORP} has no such secret there (read as version ${kv} of KV)` };
}

function valueOf(answer: Json, ref: HashicorpRef, kv: 1 | 2): Result<string, VaultFailure> {
  // A leased (dynamic) secret ends with the token, which is revoked below: only stored secrets can be injected.
  const leaseId = isJsonObject(answer) ? (answer["lease_id"] ?? "") : "";
  if (leaseId !== "") {
    return failed("invalid_response", "the path holds a leased (dynamic) secret; only KV secrets are read");
  }
  const outer = objectIn(answer, "data");
  const data = kv === 1 ? outer : objectIn(outer, "data");
  if (data === null) {
    return failed("invalid_response", `${HASHICORP} answered with no secret of version ${kv} of KV`);
  }
  const version = objectIn(outer, "metadata")?.["version"];
  if (kv === 2 && ref.version !== null && version !== ref.version) {
    return failed("invalid_response", `${HASHICORP} answered with another version than the requested one`);
  }
  if (!Object.hasOwn(data, ref.key)) return failed("not_found", "the secret has no key of this name");
  const value = data[ref.key];
  return typeof value === "string"
    ? ok(value)
    : failed("invalid_response", "the value of this key is not text");
}

function objectIn(value: Json | null, member: string): JsonObject | null {
  const found = isJsonObject(value) && Object.hasOwn(value, member) ? value[member] : null;
  return isJsonObject(found) ? found : null;
}

import { isJsonObject } from "../../core/base/json.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { HashicorpAuth } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { HASHICORP, type HashicorpRequest } from "./hashicorp-request.ts";
import { validateToken } from "./validate-secret.ts";

/** A token that reads secrets. */
interface Login {
  readonly token: string;
  /** It was created for this read, and the vault stores it until it is revoked or expires. */
  readonly mustRevoke: boolean;
}

/** Revocation is best effort: the secret is read already, and the write waits. */
const REVOKE_TIMEOUT_MS = 2_000;

export async function hashicorpToken(
  auth: HashicorpAuth,
  request: HashicorpRequest,
  client: VaultClient,
): Promise<Result<Login, VaultFailure>> {
  switch (auth.method) {
    case "token": {
      const token = await client.ownSecret(auth.token, HASHICORP);
      return token.ok ? ok({ token: token.value, mustRevoke: false }) : token;
    }
    case "approle": {
      const secretId = await client.ownSecret(auth.secretId, HASHICORP);
      if (!secretId.ok) return secretId;
      return login(auth.mount, { role_id: auth.roleId, secret_id: secretId.value }, request);
    }
    case "jwt": {
      const jwt = await client.ownSecret(auth.jwt, HASHICORP);
      return jwt.ok ? login(auth.mount, { role: auth.role, jwt: jwt.value }, request) : jwt;
    }
  }
}

/**
 * Each login creates a token that the vault stores until its lease ends: without revocation a thousand writes would
 * leave a thousand tokens. Best effort, because the secret was read and the vault ends a remaining token itself.
 */
export async function revokeToken(token: string, request: HashicorpRequest): Promise<void> {
  await request({
    token,
    item: "the revocation of its token",
    method: "POST",
    path: ["v1", "auth", "token", "revoke-self"],
    timeoutMs: REVOKE_TIMEOUT_MS,
  });
}

async function login(
  mount: string,
  body: Readonly<Record<string, string>>,
  request: HashicorpRequest,
): Promise<Result<Login, VaultFailure>> {
  const answer = await request({
    token: null,
    item: "a token",
    method: "POST",
    path: ["v1", "auth", ...mount.split("/"), "login"],
    body: JSON.stringify(body),
    explain: (status) => (status === 400 ? REFUSED : null),
  });
  if (!answer.ok) return answer;
  const auth = isJsonObject(answer.value) ? answer.value["auth"] : null;
  const token = isJsonObject(auth) ? validateToken(auth["client_token"]) : null;
  if (!isJsonObject(auth) || token === null) {
    return failed("invalid_response", `${HASHICORP} answered a sign-in without a token`);
  }
  // A batch token is not stored and can't be revoked; a token for a single use is gone after it.
  const isReusable = auth["token_type"] !== "batch" && auth["num_uses"] !== 1;
  return ok({ token, mustRevoke: isReusable });
}

/** HashiCorp answers 400 without saying whether role, secret id or token is wrong. */
const REFUSED: VaultFailure = {
  problem: "denied",
  detail: `${HASHICORP} answered 400 to the sign-in: the role, or its secret id or JWT, is wrong`,
};

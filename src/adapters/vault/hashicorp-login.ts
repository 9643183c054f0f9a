import { isJsonObject } from "../../core/base/json.ts";
import { ok, type Result } from "../../core/base/result.ts";
import type { HashicorpAuth } from "../../core/registry/vault-connection.ts";
import type { VaultFailure } from "../../ports/vault.ts";
import type { VaultClient } from "./vault-client.ts";
import { failed } from "./failure.ts";
import { HASHICORP, type HashicorpRequest } from "./hashicorp-request.ts";
import { validateToken } from "./validate-secret.ts";

/** What a secret is read with. */
interface Opened {
  readonly token: string;
  /** It was made for this reading, and the vault keeps it until somebody revokes it. */
  readonly isOurs: boolean;
}

/** Revoking is tidiness: the secret is there already, and somebody waits for the write. */
const REVOKE_TIMEOUT_MS = 2_000;

export async function hashicorpToken(
  auth: HashicorpAuth,
  request: HashicorpRequest,
  errand: VaultClient,
): Promise<Result<Opened, VaultFailure>> {
  switch (auth.method) {
    case "token": {
      const token = await errand.ownSecret(auth.token, HASHICORP);
      return token.ok ? ok({ token: token.value, isOurs: false }) : token;
    }
    case "approle": {
      const secretId = await errand.ownSecret(auth.secretId, HASHICORP);
      if (!secretId.ok) return secretId;
      return signedIn(auth.mount, { role_id: auth.roleId, secret_id: secretId.value }, request);
    }
    case "jwt": {
      const jwt = await errand.ownSecret(auth.jwt, HASHICORP);
      return jwt.ok ? signedIn(auth.mount, { role: auth.role, jwt: jwt.value }, request) : jwt;
    }
  }
}

/**
 * Each sign-in by a role makes a token that the vault stores, with a lease, until its time is over: a thousand writes
 * would leave a thousand. Best effort, because a token that stays is the vault's to end, and the secret was read.
 */
export async function revokeToken(token: string, request: HashicorpRequest): Promise<void> {
  await request({
    token,
    what: "the end of its token",
    method: "POST",
    path: ["v1", "auth", "token", "revoke-self"],
    patienceMs: REVOKE_TIMEOUT_MS,
  });
}

async function signedIn(
  mount: string,
  body: Readonly<Record<string, string>>,
  request: HashicorpRequest,
): Promise<Result<Opened, VaultFailure>> {
  const answer = await request({
    token: null,
    what: "a token",
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
  // A batch token is stored nowhere and can't be revoked; one for a single use is gone when it was used.
  const isReusable = auth["token_type"] !== "batch" && auth["num_uses"] !== 1;
  return ok({ token, isOurs: isReusable });
}

/** Which of role, secret id and token is wrong it tells nobody, with a 400. */
const REFUSED: VaultFailure = {
  problem: "denied",
  detail: `${HASHICORP} answered 400 to the sign-in: the role or what proves it is not right`,
};

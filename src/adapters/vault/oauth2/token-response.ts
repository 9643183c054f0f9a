import { isJsonObject, type Json, type JsonObject } from "../../../core/base/json.ts";
import { err, ok, type Result } from "../../../core/base/result.ts";
import type { OAuth2Grant } from "../../../core/registry/credential.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import { failed, problemOfStatus } from "../failure.ts";
import { validateToken } from "../validate-secret.ts";

/* Responses of token endpoints (RFC 6749 sections 5.1 and 5.2). No detail repeats any of their text. */

export const TOKEN_ENDPOINT = "the token endpoint";

export interface IssuedToken {
  readonly accessToken: string;
  /** When the request for it began, in milliseconds: the provider counts from a later moment. */
  readonly requestedAt: number;
  readonly lifetimeMs: number;
}

/** What of the request its response is read by. */
export interface TokenRequest {
  readonly grant: OAuth2Grant;
  /** The refresh token that was sent; null: none. */
  readonly refreshToken: string | null;
  readonly requestedAt: number;
  /** Where the response names none. */
  readonly defaultLifetimeMs: number;
}

/** A day. A provider that says more is asked again after it. */
const MAX_LIFETIME_SECONDS = 86_400;

/** Some providers send the number as text. */
const SECONDS = /^\d{1,15}$/;

/** A response with status 200. */
export function readTokenResponse(json: Json, request: TokenRequest): Result<IssuedToken, VaultFailure> {
  if (!isJsonObject(json)) return failed("invalid_response", `${TOKEN_ENDPOINT} answered with a list`);
  const accessToken = validateToken(json["access_token"]);
  if (accessToken === null) {
    // Some providers report refusals with status 200.
    return typeof json["error"] === "string"
      ? err(refusalOf(200, json, request.grant))
      : failed("invalid_response", `${TOKEN_ENDPOINT} answered without a usable access token`);
  }
  const type = json["token_type"] ?? "bearer";
  if (typeof type !== "string" || type.toLowerCase() !== "bearer") {
    return failed("invalid_response", `${TOKEN_ENDPOINT} answered with a token that is no bearer token`);
  }
  const seconds = lifetimeIn(json);
  if (seconds !== null && !(seconds > 0)) {
    return failed(
      "invalid_response",
      `${TOKEN_ENDPOINT} answered with a token whose lifetime is over or no number`,
    );
  }
  if (isReplaced(json, request)) return err(ROTATED);
  const lifetimeMs =
    seconds === null ? request.defaultLifetimeMs : Math.min(seconds, MAX_LIFETIME_SECONDS) * 1000;
  return ok({ accessToken, requestedAt: request.requestedAt, lifetimeMs });
}

/** Null: none is named. NaN: something else stands there. */
function lifetimeIn(json: JsonObject): number | null {
  const written = json["expires_in"] ?? null;
  if (written === null || typeof written === "number") return written;
  return typeof written === "string" && SECONDS.test(written) ? Number(written) : Number.NaN;
}

function isReplaced(json: JsonObject, { grant, refreshToken }: TokenRequest): boolean {
  const replaced = json["refresh_token"] ?? null;
  const isIgnored = grant.type !== "refresh_token" || grant.rotation === "ignore";
  return !isIgnored && replaced !== null && replaced !== refreshToken;
}

/**
 * Gate can't write to the vault. Kept in memory, the replacement would be lost with the next restart, and other isolates
 * would send the used token, upon which providers revoke them all (RFC 9700 section 4.14.2).
 */
const ROTATED: VaultFailure = {
  problem: "not_configured",
  detail:
    `${TOKEN_ENDPOINT} replaced the refresh token, and Gate stores none: turn rotation off for this client, or use ` +
    "another grant; `rotation: ignore` only where the earlier token stays valid. The one in the vault may be used up",
};

/** Codes of RFC 6749 section 5.2 and those of providers beside them, which are safe to show: none is a secret. */
const CAUSES: Readonly<Record<string, string>> = {
  invalid_client: "client id or client secret is wrong, or `client_auth` is the other one",
  invalid_client_id: "the client id is wrong",
  invalid_client_credentials: "the client secret is wrong",
  unauthorized_client: "the client may not use this grant",
  unsupported_grant_type: "the provider or the client has not enabled this grant",
  invalid_scope: "`scope` is wrong or not allowed",
  invalid_target: "`audience` is wrong",
  invalid_request: "the provider misses or does not accept a parameter",
  access_denied: "the client has no access",
};

const INVALID_GRANT: Readonly<Record<OAuth2Grant["type"], string>> = {
  client_credentials: "the client has no user or permission to act with",
  jwt_bearer:
    "key, `client_id`, `subject` or `audience` is wrong, the client is not approved, or a clock is off",
  refresh_token: "the refresh token is wrong, expired, revoked or used up",
};

/** A response with another status, or with an error in the place of a token. */
export function refusalOf(status: number, json: Json | null, grant: OAuth2Grant): VaultFailure {
  if (status >= 300 && status < 400) {
    return {
      problem: "invalid_response",
      detail: `${TOKEN_ENDPOINT} answered ${status}; redirects are not followed`,
    };
  }
  const code = isJsonObject(json) ? json["error"] : null;
  const cause = causeOf(code, grant);
  // RFC 6749 section 5.2: 400 is the status of most refusals.
  const problem = status === 200 || status === 400 ? "denied" : problemOfStatus(status);
  const what = status === 200 ? "answered with an error" : `answered ${status}`;
  return {
    problem,
    detail: `${TOKEN_ENDPOINT} ${what}${cause === null ? "" : ` (${String(code)}): ${cause}`}`,
  };
}

function causeOf(code: Json | undefined, grant: OAuth2Grant): string | null {
  if (code === "invalid_grant") return INVALID_GRANT[grant.type];
  return typeof code === "string" && Object.hasOwn(CAUSES, code) ? (CAUSES[code] ?? null) : null;
}

import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  customFetch,
  genericTokenEndpointRequest,
  None,
} from "oauth4webapi";
import { err, type Result } from "../../../core/base/result.ts";
import type { OAuth2Credential } from "../../../core/registry/credential.ts";
import type { OutgoingAnswer, OutgoingProblem, SendOutgoing } from "../../../ports/notifications.ts";
import type { VaultFailure } from "../../../ports/vault.ts";
import { failed } from "../failure.ts";
import { readVaultJson } from "../strict-payload.ts";
import { signAssertion } from "./assertion.ts";
import type { GrantSecrets } from "./grant-secrets.ts";
import { type IssuedToken, readTokenResponse, refusalOf, TOKEN_ENDPOINT } from "./token-response.ts";

/** A token's response has some kilobytes; a longer one is none. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Longest UTF-8 encoding of a character. */
const MAX_CHARACTER_BYTES = 4;

const GRANT_TYPE = {
  client_credentials: "client_credentials",
  jwt_bearer: "urn:ietf:params:oauth:grant-type:jwt-bearer",
  refresh_token: "refresh_token",
} as const satisfies Record<OAuth2Credential["grant"]["type"], string>;

export interface TokenRequestDeps {
  readonly send: SendOutgoing;
  readonly now: () => number;
  /** Milliseconds left for a request. */
  readonly timeLeft: () => number;
}

/** Requests an access token. A lost connection is retried once: the endpoint may have closed a pooled one. */
export async function requestToken(
  credential: OAuth2Credential,
  secrets: GrantSecrets,
  deps: TokenRequestDeps,
): Promise<Result<IssuedToken, VaultFailure>> {
  const first = await attempt(credential, secrets, deps);
  const isLost = !first.ok && first.error === LOST;
  return isLost ? attempt(credential, secrets, deps) : first;
}

const LOST: VaultFailure = { problem: "unavailable", detail: `${TOKEN_ENDPOINT} could not be reached` };

async function attempt(
  credential: OAuth2Credential,
  secrets: GrantSecrets,
  { send, now, timeLeft }: TokenRequestDeps,
): Promise<Result<IssuedToken, VaultFailure>> {
  const requestedAt = now();
  const timeoutMs = timeLeft();
  if (timeoutMs <= 0) return failed("timeout", `no time was left to ask ${TOKEN_ENDPOINT}`);
  const parameters = await parametersOf(credential, secrets, requestedAt);
  if (!parameters.ok) return parameters;
  const sent = await sendForm(credential, secrets, parameters.value, { send, timeoutMs });
  if (!sent.ok) return err(failureOf(sent.error));
  const { status, text } = sent.value;
  const { grant, lifetimeMs } = credential;
  const json = readVaultJson(text);
  if (status !== 200) return err(refusalOf(status, json.ok ? json.value : null, grant));
  if (json.ok) {
    const { refreshToken } = secrets;
    return readTokenResponse(json.value, { grant, refreshToken, requestedAt, defaultLifetimeMs: lifetimeMs });
  }
  // Truncated JSON: the response was too long or too slow.
  if (new TextEncoder().encode(text).length > MAX_ANSWER_BYTES - MAX_CHARACTER_BYTES) {
    return failed("too_large", `${TOKEN_ENDPOINT} answered with more than 64 KiB`);
  }
  return now() - requestedAt >= timeoutMs
    ? failed("timeout", `${TOKEN_ENDPOINT} did not finish its response in time`)
    : failed("invalid_response", `${TOKEN_ENDPOINT} answered with ${json.error}`);
}

async function parametersOf(
  { clientId, scope, grant }: OAuth2Credential,
  { privateKey, refreshToken }: GrantSecrets,
  now: number,
): Promise<Result<Readonly<Record<string, string>>, VaultFailure>> {
  const scopes = scope === null ? {} : { scope };
  switch (grant.type) {
    case "client_credentials":
      return { ok: true, value: { ...scopes, ...(grant.audience !== null && { audience: grant.audience }) } };
    case "refresh_token":
      return { ok: true, value: { ...scopes, refresh_token: refreshToken ?? "" } };
    case "jwt_bearer": {
      const assertion = await signAssertion({ clientId, scope }, grant, privateKey ?? "", now);
      return assertion.ok ? { ok: true, value: { assertion: assertion.value } } : assertion;
    }
  }
}

/** The form and the client's authentication are oauth4webapi's; the request leaves as every other of Gate's. */
async function sendForm(
  credential: OAuth2Credential,
  secrets: GrantSecrets,
  parameters: Readonly<Record<string, string>>,
  { send, timeoutMs }: { readonly send: SendOutgoing; readonly timeoutMs: number },
): Promise<Result<OutgoingAnswer, OutgoingProblem>> {
  const { tokenUrl, clientId, grant, allowPrivate } = credential;
  const server = { issuer: new URL(tokenUrl).origin, token_endpoint: tokenUrl };
  let sent: Result<OutgoingAnswer, OutgoingProblem> = err("unreachable");
  const through = async (
    url: string,
    options: { readonly headers: Record<string, string>; readonly body: unknown },
  ) => {
    sent = await send({
      url,
      method: "POST",
      headers: options.headers,
      body: String(options.body),
      timeoutMs,
      allowPrivate,
      maxAnswerBytes: MAX_ANSWER_BYTES,
    });
    return new Response();
  };
  const client = { client_id: clientId };
  const authentication = authenticationOf(credential, secrets.clientSecret);
  const options = { [customFetch]: through, [allowInsecureRequests]: allowPrivate };
  try {
    await genericTokenEndpointRequest(
      server,
      client,
      authentication,
      GRANT_TYPE[grant.type],
      { ...parameters },
      options,
    );
  } catch {
    // Plain http without `allow_private`: it refuses before anything is sent.
    return err("refused_address");
  }
  return sent;
}

function authenticationOf(
  { grant, clientAuthentication }: OAuth2Credential,
  clientSecret: string | null,
): ClientAuth {
  if (clientSecret !== null) {
    return clientAuthentication === "client_secret_basic"
      ? ClientSecretBasic(clientSecret)
      : ClientSecretPost(clientSecret);
  }
  // RFC 7523 section 3.1: the assertion names its issuer, so the request needs no client id. Google knows none.
  return grant.type === "jwt_bearer" ? () => undefined : None();
}

function failureOf(problem: OutgoingProblem): VaultFailure {
  switch (problem) {
    case "refused_address":
      return {
        problem: "refused_address",
        detail: "`token_url` is private or not https; if that is meant, add `allow_private: true`",
      };
    case "timeout":
      return { problem: "timeout", detail: `${TOKEN_ENDPOINT} did not answer in time` };
    case "unreachable":
      return LOST;
  }
}

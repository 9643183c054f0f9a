import { EncryptJWT, jwtDecrypt } from "jose";
import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  AuthorizationResponseError,
  type AuthorizationServer,
  calculatePKCECodeChallenge,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  customFetch,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  processAuthorizationCodeResponse,
  ResponseBodyError,
  validateAuthResponse,
} from "oauth4webapi";
import { sha256Hex } from "../../core/base/digest.ts";
import type { KeysInForce } from "../../core/base/key-derivation.ts";
import type { OidcProvider } from "../../core/registry/registry.ts";
import { err, ok } from "../../core/base/result.ts";
import type { CodeFlow, SignInProblem, TokenVerifier } from "../../ports/identity.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";

/** Time for a person to find a password and a second factor. */
const ATTEMPT_TTL_MS = 10 * 60_000;

/** Limit of the token request: the person's browser waits for it. */
const TIMEOUT_MS = 10_000;

const CLOCK_TOLERANCE_SECONDS = 30;

interface Dependencies {
  readonly db: D1Database;
  readonly documents: IssuerDocuments;
  readonly tokens: TokenVerifier;
  readonly send: SendOutgoing;
  /** A credential of the registry; null: its vault has none or can't be reached. */
  readonly secret: (name: string) => Promise<string | null>;
  /** Encrypt the attempt while the browser has it. */
  readonly sealKeys: () => KeysInForce;
  /** Attempts from before a restore of the data are void: which of them were finished is lost. */
  readonly restoredAt: number | null;
}

/** State of one sign-in, encrypted in the browser between redirect and callback. */
interface Attempt {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly next: string;
}

export function codeFlow({
  db,
  documents,
  tokens,
  send,
  secret,
  sealKeys,
  restoredAt,
}: Dependencies): CodeFlow {
  /** Marks the attempt as finished, so that a callback can't be replayed; false: it was finished before. */
  async function markFinished(state: string, now: number): Promise<boolean> {
    const [, taken] = await db.batch<{ state: string }>([
      db.prepare("DELETE FROM finished_sign_ins WHERE expires_at <= ?1").bind(now),
      db
        .prepare(
          "INSERT INTO finished_sign_ins (state, expires_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING RETURNING state",
        )
        .bind(sha256Hex(state), now + ATTEMPT_TTL_MS),
    ]);
    return taken?.results.length === 1;
  }

  /** Exchanges the code for the ID token, which the caller verifies like any other token. */
  async function redeem(provider: OidcProvider, attempt: Attempt, url: URL) {
    const server = await documents.configuration(provider);
    const clientSecret = provider.clientSecret === null ? null : await secret(provider.clientSecret);
    if (server === null || clientSecret === null) return err<SignInProblem>("provider_unavailable");
    const client: Client = { client_id: provider.audience, [clockTolerance]: CLOCK_TOLERANCE_SECONDS };
    let isDown = false;
    const fetchThrough = async (
      address: string,
      options: { headers: Record<string, string>; body: unknown },
    ) => {
      const sent = await send({
        url: address,
        method: "POST",
        headers: options.headers,
        body: String(options.body),
        timeoutMs: TIMEOUT_MS,
        allowPrivate: provider.allowPrivate,
      });
      isDown = !sent.ok || sent.value.status >= 500;
      if (!sent.ok) throw new Error(sent.error);
      const { status, text, headers } = sent.value;
      return new Response(text, { status, headers });
    };
    try {
      const granted = await authorizationCodeGrantRequest(
        server,
        client,
        authenticationFor(server, clientSecret),
        validateAuthResponse(server, client, url, attempt.state),
        attempt.redirectUri,
        attempt.verifier,
        { [customFetch]: fetchThrough, [allowInsecureRequests]: provider.allowPrivate },
      );
      const { id_token: idToken } = await processAuthorizationCodeResponse(server, client, granted, {
        expectedNonce: attempt.nonce,
        requireIdToken: true,
      });
      return idToken === undefined ? err<SignInProblem>("malformed") : ok(idToken);
    } catch (error) {
      if (isDown) return err<SignInProblem>("provider_unavailable");
      const isDenied = error instanceof AuthorizationResponseError || error instanceof ResponseBodyError;
      return err<SignInProblem>(isDenied ? "denied" : "malformed");
    }
  }

  return {
    async begin(provider, { next, redirectUri, now }) {
      const server = await documents.configuration(provider);
      const endpoint = server === null ? null : endpointOf(server, provider);
      if (endpoint === null) return err("provider_unavailable");
      const attempt: Attempt = {
        issuer: provider.issuer,
        state: generateRandomState(),
        nonce: generateRandomNonce(),
        verifier: generateRandomCodeVerifier(),
        redirectUri,
        next,
      };
      const parameters = {
        response_type: "code",
        client_id: provider.audience,
        redirect_uri: redirectUri,
        scope: "openid email",
        state: attempt.state,
        nonce: attempt.nonce,
        code_challenge: await calculatePKCECodeChallenge(attempt.verifier),
        code_challenge_method: "S256",
      };
      for (const [name, value] of Object.entries(parameters)) endpoint.searchParams.set(name, value);
      const sealed = await new EncryptJWT({ attempt: { ...attempt } })
        .setProtectedHeader({ alg: "dir", enc: "A256GCM" })
        .setExpirationTime(new Date(now + ATTEMPT_TTL_MS))
        .encrypt(sealKeys()[0]);
      return ok({ url: endpoint.href, sealedAttempt: sealed });
    },

    async finish(providers, { url, sealedAttempt, now }) {
      const attempt = await decryptAttempt(sealedAttempt, sealKeys(), now, restoredAt ?? 0);
      const callback = new URL(url);
      if (attempt === null || callback.searchParams.get("state") !== attempt.state) {
        return err("attempt_unknown");
      }
      const provider = providers.find(({ issuer }) => issuer === attempt.issuer);
      if (provider === undefined || !(await markFinished(attempt.state, now))) return err("attempt_unknown");
      const idToken = await redeem(provider, attempt, callback);
      if (!idToken.ok) return idToken;
      const token = await tokens.verify(idToken.value, [provider], "claimed");
      return token.ok ? ok({ token: token.value, next: attempt.next }) : token;
    },
  };
}

async function decryptAttempt(
  sealed: string,
  keys: KeysInForce,
  now: number,
  restoredAt: number,
): Promise<Attempt | null> {
  for (const key of keys) {
    try {
      const { payload } = await jwtDecrypt(sealed, key, {
        currentDate: new Date(now),
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      if ((payload.exp ?? 0) * 1000 - ATTEMPT_TTL_MS < restoredAt) return null;
      // Authenticated encryption under Gate's own key: the content was written by `begin`.
      return payload["attempt"] as Attempt;
    } catch {
      // Sealed under another secret, altered, or expired: the next key tells.
    }
  }
  return null;
}

/** The provider's sign-in page; null unless http(s), because a hostile configuration could name a `javascript:` URL. */
function endpointOf(server: AuthorizationServer, { allowPrivate }: OidcProvider): URL | null {
  const written = server.authorization_endpoint;
  if (typeof written !== "string" || !URL.canParse(written)) return null;
  const url = new URL(written);
  return url.protocol === "https:" || (allowPrivate && url.protocol === "http:") ? url : null;
}

/** RFC 6749 section 2.3.1: HTTP Basic, unless the server accepts the secret in the body only. */
function authenticationFor(server: AuthorizationServer, secret: string): ClientAuth {
  const methods = server.token_endpoint_auth_methods_supported;
  const isPost =
    Array.isArray(methods) &&
    !methods.includes("client_secret_basic") &&
    methods.includes("client_secret_post");
  return isPost ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

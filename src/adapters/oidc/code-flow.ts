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
import type { OidcProvider } from "../../core/registry/registry.ts";
import { err, ok } from "../../core/base/result.ts";
import type { CodeFlow, SignInProblem, TokenVerifier } from "../../ports/identity.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";

/** Time to find a password and a second factor. */
const ATTEMPT_TTL_MS = 10 * 60_000;

/** A provider that takes longer to answer for a code is down. */
const TIMEOUT_MS = 10_000;

const CLOCK_TOLERANCE_SECONDS = 30;

interface Needs {
  readonly db: D1Database;
  readonly documents: IssuerDocuments;
  readonly tokens: TokenVerifier;
  readonly send: SendOutgoing;
  /** A credential of the registry; null: it is not to be had. */
  readonly secret: (name: string) => Promise<string | null>;
  /** 32 bytes that seal what browsers keep meanwhile. */
  readonly sealKey: () => Uint8Array;
}

/** What a browser keeps between leaving for the provider and coming back. */
interface Attempt {
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
  readonly next: string;
}

export function codeFlow({ db, documents, tokens, send, secret, sealKey }: Needs): CodeFlow {
  /** Takes the attempt; false: it was taken before. */
  async function finished(state: string, now: number): Promise<boolean> {
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

  /** Redeems the code; gives the ID token, which is verified as every other token is. */
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
      const isNo = error instanceof AuthorizationResponseError || error instanceof ResponseBodyError;
      return err<SignInProblem>(isNo ? "denied" : "malformed");
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
        .encrypt(sealKey());
      return ok({ url: endpoint.href, sealedAttempt: sealed });
    },

    async finish(providers, { url, sealedAttempt, now }) {
      const attempt = await opened(sealedAttempt, sealKey(), now);
      const callback = new URL(url);
      if (attempt === null || callback.searchParams.get("state") !== attempt.state) {
        return err("attempt_unknown");
      }
      const provider = providers.find(({ issuer }) => issuer === attempt.issuer);
      if (provider === undefined || !(await finished(attempt.state, now))) return err("attempt_unknown");
      const idToken = await redeem(provider, attempt, callback);
      if (!idToken.ok) return idToken;
      const token = await tokens.verify(idToken.value, [provider], "claimed");
      return token.ok ? ok({ token: token.value, next: attempt.next }) : token;
    },
  };
}

async function opened(sealed: string, key: Uint8Array, now: number): Promise<Attempt | null> {
  try {
    const { payload } = await jwtDecrypt(sealed, key, {
      currentDate: new Date(now),
      keyManagementAlgorithms: ["dir"],
      contentEncryptionAlgorithms: ["A256GCM"],
    });
    // Nobody else has the key: what it opens was sealed above.
    return payload["attempt"] as Attempt;
  } catch {
    return null;
  }
}

/** Where browsers are sent: an address a person can be shown, never a `javascript:` one. */
function endpointOf(server: AuthorizationServer, { allowPrivate }: OidcProvider): URL | null {
  const written = server.authorization_endpoint;
  if (typeof written !== "string" || !URL.canParse(written)) return null;
  const url = new URL(written);
  return url.protocol === "https:" || (allowPrivate && url.protocol === "http:") ? url : null;
}

/** RFC 6749 section 2.3.1: the header, unless the server takes the secret in the body alone. */
function authenticationFor(server: AuthorizationServer, secret: string): ClientAuth {
  const methods = server.token_endpoint_auth_methods_supported;
  const isPost =
    Array.isArray(methods) &&
    !methods.includes("client_secret_basic") &&
    methods.includes("client_secret_post");
  return isPost ? ClientSecretPost(secret) : ClientSecretBasic(secret);
}

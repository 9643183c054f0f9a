import { EncryptJWT, jwtDecrypt } from "jose";
import {
  type AuthorizationServer,
  calculatePKCECodeChallenge,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
} from "oauth4webapi";
import { sha256Hex } from "../../core/base/digest.ts";
import type { KeysInForce } from "../../core/base/key-derivation.ts";
import type { OidcProvider } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { CodeFlow, SignInFailure, SignInProblem, TokenVerifier } from "../../ports/identity.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";
import { type CodeRequest, providerCalls } from "./code-grant.ts";
import type { IssuerDocuments } from "./issuer-documents.ts";

/** Time for a person to find a password and a second factor. */
const ATTEMPT_TTL_MS = 10 * 60_000;

interface Dependencies {
  readonly db: D1Database;
  readonly documents: IssuerDocuments;
  readonly tokens: TokenVerifier;
  readonly send: SendOutgoing;
  /** A stored secret of the registry. */
  readonly secret: (name: string) => Promise<Result<string, unknown>>;
  /** Encrypt the attempt while the browser has it. */
  readonly sealKeys: () => KeysInForce;
  /** Attempts from before a restore of the data are void: which of them were finished is lost. */
  readonly restoredAt: number | null;
}

/** State of one sign-in, encrypted in the browser between redirect and callback. */
interface Attempt extends CodeRequest {
  readonly issuer: string;
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

  return {
    async begin(provider, { next, redirectUri, now }) {
      const server = await documents.configuration(provider);
      const endpoint = server === null ? null : endpointOf(server, provider);
      if (endpoint === null) return failed("provider_unavailable", provider.issuer);
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
      return ok({ url: endpoint.href, state: attempt.state, sealedAttempt: sealed });
    },

    async finish(providers, { url, sealedAttempt, now }) {
      const attempt = await decryptAttempt(sealedAttempt, sealKeys(), now, restoredAt ?? 0);
      const callback = new URL(url);
      if (attempt === null || callback.searchParams.get("state") !== attempt.state) {
        return failed("attempt_unknown");
      }
      const provider = providers.find(({ issuer }) => issuer === attempt.issuer);
      if (provider === undefined || !(await markFinished(attempt.state, now))) {
        return failed("attempt_unknown");
      }
      const { issuer } = provider;
      const server = await documents.configuration(provider);
      const clientSecret = provider.clientSecret === null ? null : await secret(provider.clientSecret);
      if (server === null || clientSecret?.ok !== true) return failed("provider_unavailable", issuer);
      const calls = providerCalls(server, provider, send);
      const granted = await calls.redeem(callback, attempt, clientSecret.value);
      if (!granted.ok) return err({ ...granted.error, issuer });
      const verified = await tokens.verify(granted.value.idToken, [provider]);
      if (!verified.ok) return err({ ...verified.error, issuer });
      const email = await calls.emailOf(verified.value, granted.value.accessToken);
      return ok({ token: { ...verified.value, email }, next: attempt.next });
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

function failed(
  problem: SignInProblem,
  issuer: string | null = null,
): { readonly ok: false; readonly error: SignInFailure } {
  return err({ problem, claim: null, issuer });
}

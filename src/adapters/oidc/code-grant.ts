import {
  allowInsecureRequests,
  authorizationCodeGrantRequest,
  AuthorizationResponseError,
  type AuthorizationServer,
  type Client,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  clockTolerance,
  customFetch,
  processAuthorizationCodeResponse,
  processUserInfoResponse,
  userInfoRequest,
  validateAuthResponse,
} from "oauth4webapi";
import type { OidcProvider } from "../../core/registry/registry.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { EmailProblem, SignInFailure, VerifiedToken } from "../../ports/identity.ts";
import type { SendOutgoing } from "../../ports/notifications.ts";
import { emailIn } from "./email-claim.ts";
import { grantProblem } from "./grant-problem.ts";

/** Limit of one request to a provider: the person's browser waits for it. */
const TIMEOUT_MS = 10_000;

const CLOCK_TOLERANCE_SECONDS = 30;

/** The provider's answer to a code. */
export interface Grant {
  /** Not verified by itself. */
  readonly idToken: string;
  readonly accessToken: string;
}

/** What a code is redeemed with: the values that Gate sent the browser away with. */
export interface CodeRequest {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly redirectUri: string;
}

type Problem = Pick<SignInFailure, "problem" | "claim">;

const NO_CODE: Problem = { problem: "callback_invalid", claim: null };

/** The calls of one sign-in to its provider. */
export interface ProviderCalls {
  redeem(callback: URL, request: CodeRequest, secret: string): Promise<Result<Grant, Problem>>;
  /** The account's address, where the ID token has none: some providers state it at the userinfo endpoint only. */
  emailOf(account: VerifiedToken, accessToken: string): Promise<Result<string, EmailProblem>>;
}

export function providerCalls(
  server: AuthorizationServer,
  provider: OidcProvider,
  send: SendOutgoing,
): ProviderCalls {
  const client: Client = { client_id: provider.audience, [clockTolerance]: CLOCK_TOLERANCE_SECONDS };
  let isDown = false;
  const options = {
    [allowInsecureRequests]: provider.allowPrivate,
    [customFetch]: async (
      url: string,
      { method, headers, body }: { method: string; headers: Record<string, string>; body?: unknown },
    ) => {
      const sent = await send({
        url,
        method: method === "GET" ? "GET" : "POST",
        headers,
        body: method === "GET" ? null : String(body),
        timeoutMs: TIMEOUT_MS,
        allowPrivate: provider.allowPrivate,
      });
      isDown = !sent.ok || sent.value.status >= 500;
      if (!sent.ok) throw new Error(sent.error);
      return new Response(sent.value.text, { status: sent.value.status, headers: sent.value.headers });
    },
  };

  /** What the browser brings back from the provider: the code, or an error. */
  function authorizationAnswer(callback: URL, state: string): Result<URLSearchParams, Problem> {
    try {
      const answer = validateAuthResponse(server, client, callback, state);
      return callback.searchParams.getAll("code").length === 1 ? ok(answer) : err(NO_CODE);
    } catch (error) {
      const isError = error instanceof AuthorizationResponseError;
      return err(isError ? grantProblem(error) : NO_CODE);
    }
  }

  return {
    async redeem(callback, { state, nonce, verifier, redirectUri }, secret) {
      const answer = authorizationAnswer(callback, state);
      if (!answer.ok) return answer;
      try {
        const granted = await authorizationCodeGrantRequest(
          server,
          client,
          authenticationFor(server, secret),
          answer.value,
          redirectUri,
          verifier,
          options,
        );
        const tokens = await processAuthorizationCodeResponse(server, client, granted, {
          expectedNonce: nonce,
          requireIdToken: true,
        });
        const { id_token: idToken, access_token: accessToken } = tokens;
        return idToken === undefined
          ? err({ problem: "answer_invalid", claim: null })
          : ok({ idToken, accessToken });
      } catch (error) {
        return err(isDown ? { problem: "provider_unavailable", claim: null } : grantProblem(error));
      }
    },

    async emailOf({ email, subject }, accessToken) {
      if (email.ok || typeof server.userinfo_endpoint !== "string") return email;
      try {
        const answer = await userInfoRequest(server, client, accessToken, options);
        // OpenID Connect Core section 5.3.2: the answer is of the ID token's subject (token substitution).
        return emailIn(await processUserInfoResponse(server, client, subject, answer), provider.emails);
      } catch {
        return err("userinfo_unavailable");
      }
    },
  };
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

import {
  AuthorizationResponseError,
  OperationProcessingError,
  ResponseBodyError,
  WWWAuthenticateChallengeError,
} from "oauth4webapi";
import type { SignInFailure, SignInProblem } from "../../ports/identity.ts";

type Problem = Pick<SignInFailure, "problem" | "claim">;

/** RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6: the person said no, or was not asked. */
const DECLINED: ReadonlySet<string> = new Set([
  "access_denied",
  "account_selection_required",
  "consent_required",
  "interaction_required",
  "login_required",
]);

/** RFC 6749 section 5.2, of Gate's registration at the provider. */
const CLIENT_ERRORS: ReadonlySet<string> = new Set(["invalid_client", "unauthorized_client"]);

const DOWN: ReadonlySet<string> = new Set(["server_error", "temporarily_unavailable"]);

const BY_CLAIM: Readonly<Record<string, SignInProblem>> = {
  iss: "unknown_issuer",
  aud: "wrong_audience",
  azp: "wrong_audience",
  exp: "expired",
  iat: "not_yet_valid",
  nbf: "not_yet_valid",
};

/** Whom an error of the code flow is to be blamed on: the person, the provider, Gate's registration, or the token. */
export function grantProblem(error: unknown): Problem {
  if (error instanceof AuthorizationResponseError) {
    if (DECLINED.has(error.error)) return of("denied");
    return of(DOWN.has(error.error) ? "provider_unavailable" : "request_refused");
  }
  // RFC 6749 section 5.2: 401 where the client is not authenticated.
  if (error instanceof WWWAuthenticateChallengeError) return of("client_refused");
  if (error instanceof ResponseBodyError) {
    if (CLIENT_ERRORS.has(error.error)) return of("client_refused");
    return of(error.error === "invalid_grant" ? "code_refused" : "request_refused");
  }
  const claim = claimOf(error);
  return claim === null ? of("answer_invalid") : { problem: BY_CLAIM[claim] ?? "malformed", claim };
}

/** The claim of the ID token that oauth4webapi found wrong or missing, which it then names in its text alone. */
function claimOf(error: unknown): string | null {
  if (!(error instanceof OperationProcessingError)) return null;
  const { cause, message } = error;
  const { claim, claims } = (typeof cause === "object" && cause !== null ? cause : {}) as {
    readonly claim?: unknown;
    readonly claims?: unknown;
  };
  if (typeof claim === "string") return claim;
  return claims === undefined ? null : (/^JWT "(\w+)"/.exec(message)?.[1] ?? null);
}

function of(problem: SignInProblem): Problem {
  return { problem, claim: null };
}

import type { Principal, Role } from "../../core/identity/principal.ts";
import type { Result } from "../../core/base/result.ts";
import { claimOf, type AuthFailure } from "../../app/identity/authenticate.ts";
import type { EmailProblem, TokenFailure } from "../../ports/identity.ts";
import { refuse, type Problem } from "./problem.ts";

/** Reveals only what the holder of the key, token or account could find out alone (probing). */
export function problemOfAuthFailure(failure: AuthFailure): Problem {
  switch (failure.kind) {
    case "unknown_key":
      return {
        status: 401,
        code: "invalid_key",
        detail: "This key is not known here.",
        error: "Invalid API key",
        headers: INVALID_TOKEN_CHALLENGE,
      };
    case "invalid_token":
      return problemOfToken(failure);
    case "email_missing":
    case "email_invalid":
    case "email_unverified":
      return {
        status: 403,
        code: failure.kind,
        detail: EMAIL_TEXT[failure.kind],
        more: { claim: claimOf(failure) },
      };
    case "userinfo_unavailable":
      return {
        status: 503,
        code: "userinfo_unavailable",
        detail:
          "The issuer states the e-mail address at its userinfo endpoint only, which can't be read now. Try again.",
        headers: { "Retry-After": "5" },
      };
    case "person_unknown":
      return {
        status: 403,
        code: "person_unknown",
        detail:
          "No person under `people` in gate.yaml has this account's verified e-mail address, or the person it is linked to was removed.",
      };
    case "identity_already_linked":
      return {
        status: 403,
        code: "identity_already_linked",
        detail: "This person is linked to another account; an admin can unlink it.",
      };
    case "inactive":
      return {
        status: 403,
        code: "agent_inactive",
        detail:
          failure.status === "role_changed"
            ? "This principal has another role than the one it began this in."
            : `This principal is ${failure.status}.`,
        ...(failure.status !== "role_changed" && { statusWord: failure.status }),
        more: { principal_status: failure.status },
      };
  }
}

/** The value, or the problem of its failure thrown. */
export function authenticated<T>(result: Result<T, AuthFailure>): T {
  return result.ok ? result.value : refuse(problemOfAuthFailure(result.error));
}

/** 401 for a request without a key or session, or with one that was revoked while it was handled. */
export function refuseUnauthenticated(): never {
  return refuse({
    status: 401,
    code: "unauthorized",
    detail: "Send your key as `Authorization: Bearer <key>`, or sign in.",
    error: "Missing or invalid Authorization header",
    headers: { "WWW-Authenticate": "Bearer" },
  });
}

/** 403 for a principal whose role may not make this call. */
export function refuseRole(principal: Principal, allowed: readonly Role[]): never {
  return refuse(problemOfRole(principal, allowed));
}

export function problemOfRole({ role }: Pick<Principal, "role">, allowed: readonly Role[]): Problem {
  const needed = allowed.map((each) => POSSESSIVE[each]).join(" or ");
  return {
    status: 403,
    code: "forbidden",
    detail: `This is ${POSSESSIVE[role]} key; this call needs ${needed}.`,
    error: "forbidden",
    more: allowed.includes("reviewer") ? { message: "Reviewer API key required for approvals" } : {},
  };
}

const POSSESSIVE = {
  agent: "an agent's",
  reviewer: "a reviewer's",
  runner: "a runner's",
  auditor: "an auditor's",
  admin: "an admin's",
} as const satisfies Record<Role, string>;

/** RFC 6750 section 3.1. */
const INVALID_TOKEN_CHALLENGE = { "WWW-Authenticate": 'Bearer error="invalid_token"' } as const;

const EMAIL_TEXT = {
  email_missing:
    "The issuer states no `email` for this account, so Gate can't find its person in gate.yaml. Have the issuer add the claim (scope `email`), and sign in once on the sign-in page.",
  email_invalid:
    "The issuer's `email` claim is no e-mail address, so Gate can't find its person in gate.yaml.",
  email_unverified:
    "The issuer does not state `email_verified: true` for this account. Where it leaves the claim out and its addresses are its own, an operator sets `email_verified: trusted` for it in gate.yaml.",
} as const satisfies Record<Exclude<EmailProblem, "userinfo_unavailable">, string>;

function problemOfToken({ problem, claim }: TokenFailure): Problem {
  if (problem === "keys_unavailable") {
    return {
      status: 503,
      code: "keys_unavailable",
      detail: "The issuer's keys are unavailable, so the token can't be verified. Try again.",
      headers: { "Retry-After": "5" },
    };
  }
  return {
    status: 401,
    code: "invalid_token",
    detail: "The token is not valid for this deployment.",
    more: { reason: problem, ...(claim !== null && { claim }) },
    headers: INVALID_TOKEN_CHALLENGE,
  };
}

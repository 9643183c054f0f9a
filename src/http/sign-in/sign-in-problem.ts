import type { SignInFailure, SignInProblem } from "../../ports/identity.ts";
import type { Problem } from "../problem/problem.ts";

/** Each names whom to turn to: the person, the provider, or the operator who wrote gate.yaml. */
const TEXT = {
  attempt_unknown: [
    400,
    "This sign-in expired, was already finished, or began in another browser. Sign in again.",
  ],
  denied: [403, "The provider did not sign you in."],
  request_refused: [
    502,
    "The provider does not accept Gate's request: the operator compares redirect URI and scopes of its registration with Gate's documentation.",
  ],
  client_refused: [
    502,
    "The provider does not accept Gate's client id and secret: the operator corrects `audience` or `client_secret` in gate.yaml.",
  ],
  code_refused: [400, "The provider's code expired or was used before. Sign in again."],
  callback_invalid: [400, "The provider sent the browser back without a valid answer. Sign in again."],
  answer_invalid: [
    502,
    "The provider's token endpoint gave no valid answer. Try again, or sign in another way.",
  ],
  provider_unavailable: [503, "The provider can't be reached right now. Try again, or sign in another way."],
  keys_unavailable: [
    503,
    "The provider's keys can't be fetched right now. Try again, or sign in another way.",
  ],
  malformed: [401, "The provider's token is malformed."],
  unknown_issuer: [401, "The provider's token has another issuer."],
  wrong_audience: [401, "The provider's token was issued for another application."],
  expired: [401, "The provider's token had expired when it arrived."],
  not_yet_valid: [401, "The provider's token is not valid yet: its clock and Gate's differ."],
  bad_signature: [401, "The provider's token is not signed with the provider's keys."],
} as const satisfies Record<SignInProblem, readonly [Problem["status"], string]>;

/** The page about a sign-in that failed. Claims are named and never quoted. */
export function signInProblem({ problem, claim }: SignInFailure): {
  status: Problem["status"];
  detail: string;
} {
  const [status, detail] = TEXT[problem];
  return { status, detail: claim === null ? detail : `${detail} The claim is \`${claim}\`.` };
}

import { err, ok, type Result } from "../base/result.ts";
import { inject, type InjectProblem, type OutboundRequest } from "./inject.ts";
import { masksFor, type Masks } from "../masking/masks.ts";
import type { Injection } from "../registry/injection.ts";

/** What an operator reads: what is wrong with the secret or with `inject`, never what the secret is. */
const PROBLEM_TEXT: Readonly<Record<InjectProblem, string>> = {
  too_short:
    "the secret, or the half of a pair that is secret, has fewer than 8 characters and could not be masked",
  too_long: "the secret has more than 8192 characters and could not be masked",
  characters:
    "the secret is not printable ASCII, or not what `inject` says: a pair for basic, no blank in a bearer's",
  guessable: "the secret is a word, a run or a placeholder that anybody could guess, and could not be masked",
  slot: "`inject` names a place where no credential can go",
  slot_taken: "the request has the parameter already in which the credential goes",
};

export interface InjectedRequest {
  /** To be sent, and never kept or shown. */
  readonly request: OutboundRequest;
  /** For all that comes back. */
  readonly masks: Masks;
}

export interface InjectionFailure {
  readonly problem: InjectProblem;
  /** A sentence without the secret. */
  readonly detail: string;
}

/** Puts a credential into a request, and says how it is masked in the answer. */
export function injectCredential(
  request: OutboundRequest,
  injection: Injection,
  secret: string,
): Result<InjectedRequest, InjectionFailure> {
  const injected = inject(request, injection, secret);
  if (!injected.ok) return failed(injected.error);
  const masks = masksFor(injected.value.secrets);
  if (!masks.ok) return failed(masks.error);
  return ok({ request: injected.value.request, masks: masks.value });
}

/** What keeps a secret from being put in like this, whatever the request; null: nothing. */
export function injectionProblem(injection: Injection, secret: string): InjectionFailure | null {
  const tried = injectCredential({ url: "https://upstream.invalid/", headers: [] }, injection, secret);
  return tried.ok ? null : tried.error;
}

function failed(problem: InjectProblem): Result<never, InjectionFailure> {
  return err({ problem, detail: PROBLEM_TEXT[problem] });
}

import { err, ok, type Result } from "../base/result.ts";
import { inject, type InjectProblem, type OutboundRequest } from "./inject.ts";
import { masksFor, type Masks } from "../masking/masks.ts";
import type { Injection } from "../registry/injection.ts";

/** Texts for the operator: what is wrong with the secret or with `inject`, never the secret itself. */
const PROBLEM_TEXT: Readonly<Record<InjectProblem, string>> = {
  too_short: "the secret, or the secret half of a pair, has fewer than 8 characters and could not be masked",
  too_long: "the secret has more than 8192 characters and could not be masked",
  characters:
    "the secret is not printable ASCII, or does not fit `inject`: basic needs a pair, a bearer token has no blank",
  guessable:
    "the secret is a guessable word, sequence or placeholder and could not be masked; use a random one",
  slot: "`inject` names a header or parameter that can't hold a credential",
  slot_taken: "the request already has the parameter that `inject` names",
};

export interface InjectedRequest {
  /** Sent, and never stored or logged. */
  readonly request: OutboundRequest;
  /** Applied to the whole response. */
  readonly masks: Masks;
}

export interface InjectionFailure {
  readonly problem: InjectProblem;
  /** A sentence without the secret. */
  readonly detail: string;
}

/**
 * Injects a credential into a request, and compiles the masks for the response.
 *
 * @param alsoMasked secrets that are not injected, and that the upstream's operator may know all the same
 */
export function injectCredential(
  request: OutboundRequest,
  injection: Injection,
  secret: string,
  alsoMasked: readonly string[] = [],
): Result<InjectedRequest, InjectionFailure> {
  const injected = inject(request, injection, secret);
  if (!injected.ok) return failed(injected.error);
  const masks = masksFor([...injected.value.secrets, ...alsoMasked]);
  if (!masks.ok) return failed(masks.error);
  return ok({ request: injected.value.request, masks: masks.value });
}

/** Why a secret can't be injected in this way into any request; null: it can. */
export function injectionProblem(
  injection: Injection,
  secret: string,
  alsoMasked: readonly string[] = [],
): InjectionFailure | null {
  const request = { url: "https://upstream.invalid/", headers: [] };
  const tried = injectCredential(request, injection, secret, alsoMasked);
  return tried.ok ? null : tried.error;
}

function failed(problem: InjectProblem): Result<never, InjectionFailure> {
  return err({ problem, detail: PROBLEM_TEXT[problem] });
}

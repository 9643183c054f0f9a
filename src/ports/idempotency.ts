import type { JsonObject } from "../core/base/json.ts";

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  /** Id of the principal that sent the key; another principal's equal key is another key. */
  readonly principal: string;
  readonly key: string;
  /** Canonical text of everything in which two equal requests agree. */
  readonly subject: string;
  /** Id of an unused intent, for a proposal made by the first attempt. */
  readonly intent: string;
}

/** The response to a keyed request, without its secrets. */
export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: JsonObject;
  /** Members of the body whose secrets were replaced by null. */
  readonly withheld: readonly string[];
}

/** The right to execute a keyed request. */
export interface KeyedAttempt {
  /** Id of the intent that a proposal under this key creates, the same for every attempt. */
  readonly intent: string;
  /** True: an earlier attempt ended without a response, and may have had its effect. */
  readonly again: boolean;
  /** Stores the response for at least 24 hours from now. */
  store(answer: StoredAnswer): Promise<void>;
  /** Lets the same request try again at once. `undone`: this attempt had no effect, so the key counts as unused. */
  release(undone: boolean): Promise<void>;
}

export type IdempotencyResult =
  | { readonly kind: "first"; readonly attempt: KeyedAttempt }
  | { readonly kind: "stored"; readonly answer: StoredAnswer }
  | { readonly kind: "in_flight" }
  /** The key was used for another request. */
  | { readonly kind: "reused" };

/** Stored responses by Idempotency-Key. Exactly one of many concurrent equal requests is the first. */
export interface IdempotentAnswers {
  begin(request: KeyedRequest): Promise<IdempotencyResult>;
}

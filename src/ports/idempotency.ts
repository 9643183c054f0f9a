import type { JsonObject } from "../core/base/json.ts";

/** A request that carries an Idempotency-Key. */
export interface KeyedRequest {
  /** Whose key it is; another principal's equal key is another key. */
  readonly principal: string;
  readonly key: string;
  /** All that makes two requests the same. */
  readonly subject: string;
  /** An unused intent's id: where a proposal is made, should this be the first attempt. */
  readonly intent: string;
}

/** What a keyed request was answered, its secrets left out. */
export interface StoredAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: JsonObject;
  /** Members of the body that were left out, and are null in it. */
  readonly withheld: readonly string[];
}

/** The right to carry a keyed request out. */
export interface KeyedAttempt {
  /** Where a proposal under this key is made, the same for every attempt. */
  readonly intent: string;
  /** True: an earlier attempt ended without an answer, and may have done its work. */
  readonly again: boolean;
  /** Keeps the answer for at least 24 hours from now. */
  store(answer: StoredAnswer): Promise<void>;
  /** Lets the same request try again at once. `undone`: this one had no effect, so the key is as good as new. */
  release(undone: boolean): Promise<void>;
}

export type IdempotencyResult =
  | { readonly kind: "first"; readonly attempt: KeyedAttempt }
  | { readonly kind: "kept"; readonly answer: StoredAnswer }
  | { readonly kind: "in_flight" }
  /** The key was used for another request. */
  | { readonly kind: "reused" };

/** Answers by Idempotency-Key. Of many equal requests at once, one is the first. */
export interface IdempotentAnswers {
  begin(request: KeyedRequest): Promise<IdempotencyResult>;
}

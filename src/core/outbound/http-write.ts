import type { Json } from "../base/json.ts";
import { headersForDigest } from "./headers.ts";
import type { Header } from "./header-names.ts";
import type { InjectionSlot } from "../registry/injection.ts";

/**
 * The HTTP request of a write, without its body, which is the payload. The intent's digest covers every member, so Gate
 * sends exactly the bytes that were approved.
 */
export interface HttpWrite {
  /** Upper case for the standard methods. */
  readonly method: string;
  /** At the upstream, query included, before a credential is injected. */
  readonly url: string;
  /** The forwarded headers, lower case; without the agent's own credentials, which are never stored. */
  readonly headers: readonly Header[];
  /** Where Gate injects the credential; null: nowhere. */
  readonly slot: InjectionSlot | null;
  /**
   * Header by which the provider detects a repeat. Gate derives its value from the intent's id, unless the agent sent
   * one. Null: the provider has none.
   */
  readonly idempotencyHeader: string | null;
  /**
   * Keyed digest of the account that the agent's own credential is of, where the write is sent with it; absent: Gate
   * injects one, or the write is from before the binding.
   */
  readonly credential?: string;
  /** Gate built it from the destination's template, and rebuilds it when a reviewer edits the proposal. */
  readonly fromTemplate?: true;
}

/** The part of an intent's digest that covers the request. */
export function writeForDigest({
  method,
  url,
  headers,
  slot,
  idempotencyHeader,
  credential,
}: HttpWrite): Json {
  const sent = headersForDigest(headers, slot);
  const bound = credential === undefined ? {} : { credential };
  return { method, url, sent, idempotency_header: idempotencyHeader, ...bound };
}

/** The identity of a request for detecting repeats, without other headers: libraries number their retries in them. */
export function writeForRepeat({ method, url, headers }: HttpWrite): Json {
  return { method, url, type: headers.find(([name]) => name === "content-type")?.[1] ?? null };
}

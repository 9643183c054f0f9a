import type { Json } from "../base/json.ts";
import { headersForDigest } from "./headers.ts";
import type { Header } from "./header-names.ts";
import type { InjectionSlot } from "../registry/injection.ts";

/**
 * The request that a write is made by, but for its body, which is the payload. Everything in it is bound by the
 * intent's digest, and what is sent is this: the same bytes that were decided on.
 */
export interface HttpWrite {
  /** In capitals where it is one of HTTP's own. */
  readonly method: string;
  /** At the upstream, query included, before a credential is put in. */
  readonly url: string;
  /** All that go out besides, lower case; the agent's own credentials are not among them and are never kept. */
  readonly headers: readonly Header[];
  /** Where Gate puts the credential in; null: none is. */
  readonly slot: InjectionSlot | null;
  /**
   * By this header the provider knows a repeat. What Gate says in it follows from the intent's id; what the agent said
   * in it stays. Null: it knows none.
   */
  readonly idempotencyHeader: string | null;
  /** Gate made it of a proposal by its destination's template, and makes it anew when the proposal is changed. */
  readonly fromTemplate?: true;
}

/** What the digest of an intent holds of it. */
export function writeForDigest({ method, url, headers, slot, idempotencyHeader }: HttpWrite): Json {
  const sent = headersForDigest(headers, slot);
  return { method, url, sent, idempotency_header: idempotencyHeader };
}

/** What makes two of them one request, sent twice: libraries count their tries and name each of them in headers. */
export function writeForRepeat({ method, url, headers }: HttpWrite): Json {
  return { method, url, type: headers.find(([name]) => name === "content-type")?.[1] ?? null };
}

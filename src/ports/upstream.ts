import type { DestinationCredential } from "../core/registry/registry.ts";
import type { InjectProblem } from "../core/outbound/inject.ts";
import type { ResponseProblem } from "../core/outbound/response.ts";
import type { Header } from "../core/outbound/header-names.ts";
import type { Result } from "../core/base/result.ts";
import type { VaultProblem } from "./vault.ts";

/** One request to a destination's upstream. */
export interface UpstreamCall {
  readonly method: string;
  /** The agent whose relayed responses share a pace; null: the response is read here, in a time of its own. */
  readonly reader: string | null;
  /** Before the credential is injected. Refused unless it is spelled exactly as the URL parser would spell it. */
  readonly url: string;
  /** From `outboundHeaders`. To a GET or HEAD, `Cache-Control` and `Pragma` are added where there are none. */
  readonly headers: readonly Header[];
  /** The agent's own credentials, sent as well, and masked in a response that is read here. */
  readonly agentCredentials: readonly Header[];
  /** Null for GET and HEAD. A stream is sent without `Content-Length`. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /**
   * True: the response's body is relayed unread, and without a credential keeps its content coding. False: it is read
   * here, so it is decoded, and headers that describe the coded bytes are removed.
   */
  readonly passesThrough: boolean;
  /** Fetched for this call, injected, masked in the whole response, and forgotten; null: none. */
  readonly credential: DestinationCredential | null;
  /** Limit until the response begins. */
  readonly timeoutMs: number;
  /** Limit for every pause of the response's body; absent: `timeoutMs`. */
  readonly pauseMs?: number;
  /** True only where the registry's entry has `allow_private: true`. */
  readonly allowPrivate: boolean;
  /**
   * True: a read, which is sent again with a new access token where the upstream refused one of an earlier call. Not
   * where the body is a stream, which is gone by then. A write is sent once.
   */
  readonly isRepeatable?: boolean;
  /**
   * Last check, after the credential is fetched: a kill switch may have been engaged meanwhile. False: nothing is sent.
   */
  readonly mayGo?: () => Promise<boolean>;
}

/** A response that is safe to return to an agent: headers filtered, body decoded and masked where necessary. */
export interface UpstreamAnswer {
  /** 200 to 599. */
  readonly status: number;
  readonly statusText: string;
  /**
   * Lower case. With a `content-encoding` the body is coded already: a `Response` made of it needs
   * `encodeBody: "manual"`, or the runtime encodes it a second time.
   */
  readonly headers: readonly Header[];
  /**
   * Null: no body. A long one is fetched as it is read. It fails when the upstream disconnects, pauses for too long or
   * breaks its content coding. Callers read it to the end or cancel it.
   */
  readonly body: ReadableStream<Uint8Array> | null;
  /**
   * True: 401, and the access token was one of an earlier call: the provider may have revoked it since, and the next
   * call has a new one. Absent: not so.
   */
  readonly refusedToken?: boolean;
  /** Why the body was removed: it could not be masked. The status is the upstream's all the same. Null: not removed. */
  readonly withheld: ResponseProblem | null;
}

export type CallProblem =
  | VaultProblem
  /** The credential can't be injected, or could not be masked in the response. */
  | InjectProblem
  | "refused_address"
  /** `mayGo` returned false. */
  | "stopped"
  /** `fetch` can't send such a request: certainly not sent. */
  | "unreachable"
  | "timeout"
  /**
   * Connection refused, failed or closed, before or after the upstream read the request: the runtime reports all of
   * them alike.
   */
  | "broken_off"
  /** A response with a status outside of 200 to 599. */
  | "invalid_response";

export interface CallFailure {
  readonly problem: CallProblem;
  /**
   * What failed: the credential, before a byte was sent; the request itself, which can't or may not be sent; or the
   * exchange with the upstream. A vault and an upstream share words (`timeout`), so `problem` alone does not tell.
   */
  readonly source: "credential" | "request" | "exchange";
  /** A sentence without secrets, for the agent and for people. */
  readonly detail: string;
  /** False: certainly no byte of the request was sent, so that a retry is safe. */
  readonly sent: boolean;
}

/** Sends the request once, unless it is repeatable: no retries, no redirects. Never throws. */
export type CallUpstream = (call: UpstreamCall) => Promise<Result<UpstreamAnswer, CallFailure>>;

/** Listed reads, counted by agent, destination and day. */
export interface Reads {
  /** Counts one read. Resolves when it is stored, or when another call has taken it over. */
  count(agent: string, destination: string, now: number): Promise<void>;
  /** Newest day first, at most 31 days; null: of all agents. */
  list(agent: string | null): Promise<readonly ReadCount[]>;
}

export interface ReadCount {
  readonly agent: string;
  readonly destination: string;
  /** UTC, `2026-11-22`. */
  readonly day: string;
  readonly count: number;
}

import type { DestinationCredential } from "../core/registry/registry.ts";
import type { InjectProblem } from "../core/outbound/inject.ts";
import type { ResponseProblem } from "../core/outbound/response.ts";
import type { Header } from "../core/outbound/header-names.ts";
import type { Result } from "../core/base/result.ts";
import type { VaultProblem } from "./vault.ts";

/** One request to a destination's upstream. */
export interface UpstreamCall {
  readonly method: string;
  /** Of the registry, before the credential is put in; written exactly as the URL parser writes it, or it is refused. */
  readonly url: string;
  /** As `outboundHeaders` gives them. To a GET or HEAD, `Cache-Control` and `Pragma` are added where there are none. */
  readonly headers: readonly Header[];
  /** The agent's own credentials, sent besides; what is read here of an answer does not hold them. */
  readonly own: readonly Header[];
  /** GET and HEAD have none. A stream's length is not known, and not said. */
  readonly body: Uint8Array | ReadableStream<Uint8Array> | null;
  /**
   * True: the body of the answer is passed on unread, and without a credential stays coded as it came. False: it is
   * read here, so it comes decoded, and headers that were true of the coded bytes are left out.
   */
  readonly passesThrough: boolean;
  /** Fetched for this call, put in, masked in all that comes back, and forgotten; null: none is put in. */
  readonly credential: DestinationCredential | null;
  /** Until the answer begins; a body that pauses for as long is broken off. */
  readonly timeoutMs: number;
  /** True only where the operator wrote so on the registry's entry. */
  readonly allowPrivate: boolean;
  /** Asked when the credential is there and nothing has left; false: nothing does. A vault may have taken its time. */
  readonly mayGo?: () => Promise<boolean>;
}

/** What came back, and may go back to an agent: headers chosen, body decoded and masked where it has to be. */
export interface UpstreamAnswer {
  /** 200 to 599. */
  readonly status: number;
  readonly statusText: string;
  /**
   * Lower case. Where `content-encoding` is among them, the body is coded already: whoever answers with it says
   * `encodeBody: "manual"`, or the runtime codes it once more.
   */
  readonly headers: readonly Header[];
  /**
   * Null where there is none. What is long is fetched as it is read. Fails when the upstream breaks off, pauses for
   * too long, or sends what its coding doesn't allow; whoever doesn't read it to the end cancels it.
   */
  readonly body: ReadableStream<Uint8Array> | null;
  /** Set where there is a body that can't be masked, and so is not there; the status is the upstream's all the same. */
  readonly withheld: ResponseProblem | null;
}

export type CallProblem =
  /** The vault's. */
  | VaultProblem
  /** The credential can't be put in, or could not be masked in the answer. */
  | InjectProblem
  | "refused_address"
  /** `mayGo` said no. */
  | "stopped"
  /** Nobody could send it as it is: certainly not sent. */
  | "unreachable"
  | "timeout"
  /**
   * There was no connection, or it ended, before or after the request was read: the runtime says the same of a port where
   * nobody listens.
   */
  | "broken_off"
  /** An answer that is none of HTTP's. */
  | "invalid_response";

export interface CallFailure {
  readonly problem: CallProblem;
  /** A sentence without secrets, for the agent and for people. */
  readonly detail: string;
  /** False: certainly no byte of the request was sent, so it can be tried again. */
  readonly sent: boolean;
}

/** Sends it once: never a retry, never a redirect followed. Never throws. */
export type CallUpstream = (call: UpstreamCall) => Promise<Result<UpstreamAnswer, CallFailure>>;

/** Requests that only read, counted by agent, destination and day. */
export interface Reads {
  /** Counts one more. Resolves when it is stored, or when another call stores it together with its own. */
  count(agent: string, destination: string, now: number): Promise<void>;
  /** Newest day first, at most 31 days; of one agent or of all. */
  list(agent: string | null): Promise<readonly ReadCount[]>;
}

export interface ReadCount {
  readonly agent: string;
  readonly destination: string;
  /** UTC, `2026-11-22`. */
  readonly day: string;
  readonly count: number;
}

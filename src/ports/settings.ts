import type { BodyLimits } from "../core/base/body-limits.ts";
import type { RequestLimits } from "../core/base/request-limits.ts";
import type { TimeLimits } from "../core/base/time-limits.ts";

/** The deployment's settings, validated once, when the first request builds the ports. */
export interface Settings {
  readonly maxPayloadBytes: number;
  /** Bytes of an upstream's response to a write that are stored. */
  readonly maxResponseBytes: number;
  /** Header in which agents may send their key, lower case; `Authorization` stays free for their upstream. */
  readonly keyHeader: string;
  readonly publicFeed: boolean;
  /** Name of the one agent whose intents the public feed shows; null: all agents', without their names. */
  readonly publicFeedAgent: string | null;
  /** True: `/.well-known/a2h` is served. */
  readonly a2hDiscovery: boolean;
  /** Name of this deployment in its signatures (C2SP origin). */
  readonly origin: string;
  readonly version: string;
  /**
   * Origin at which people reach this Gate, for links in messages; null: not configured, so messages carry no links.
   */
  readonly publicUrl: string | null;
  /** True: the local server lets people of the registry sign in without a key, for development. */
  readonly localSignIn: boolean;
  /** True: one log line for each request and decision. */
  readonly logsRequests: boolean;
  readonly timeLimits: TimeLimits;
  readonly requestLimits: RequestLimits;
  readonly bodyLimits: BodyLimits;
}

import { GateOptionError } from "./gate-error.ts";
import { type EitherCase, knownOptions } from "./names.ts";
import type { ProposeOptions } from "./options.ts";
import type { PayloadInput } from "./payload.ts";
import { SHARED_NAMES, requireTexts } from "./proposal.ts";

/** What a function that threw has done: see docs/guard.md. */
export type ThrownOutcome = "failed" | "retryable" | "indeterminate";

interface Options<Args extends readonly unknown[]> extends Pick<
  ProposeOptions,
  | "destination"
  | "policy"
  | "action"
  | "sensitivityTags"
  | "onBehalfOf"
  | "principalId"
  | "expiresIn"
  | "metadata"
  | "profile"
  | "estimatedRecords"
  | "runId"
  | "payloadName"
  | "payloadMediaType"
> {
  /** Names the write for ever: a text, a function of the arguments, or `"arguments"`, a digest of them. */
  readonly key: "arguments" | (string & {}) | ((...args: Args) => string | Promise<string>);
  /** What is evaluated and shown. Default: the canonical JSON of the arguments. */
  readonly payload?: PayloadInput | ((...args: Args) => PayloadInput | Promise<PayloadInput>);
  readonly recordCount?: number | ((...args: Args) => number);
  readonly estimatedValueUsd?: number | ((...args: Args) => number);
  /** How long a held call waits for people, in milliseconds. Default 0: it throws at once. */
  readonly waitMs?: number;
  /** Aborts the call before the function runs; afterwards it changes nothing. */
  readonly signal?: AbortSignal;
  readonly onThrow?: ThrownOutcome | ((error: unknown) => ThrownOutcome);
}

export type GuardOptions<Args extends readonly unknown[]> = EitherCase<Options<Args>>;

export type Checked = Options<readonly never[]> & { readonly action: string; readonly waitMs: number };

const NAMES: ReadonlySet<string> = new Set([...SHARED_NAMES, "key", "waitMs", "signal", "onThrow"]);

export const OUTCOMES: readonly unknown[] = ["failed", "retryable", "indeterminate"];

/** Checked when the function is wrapped, not at its first call. @throws {GateOptionError} */
export function guardOptions(fn: unknown, options: object): Checked {
  if (typeof fn !== "function") throw new GateOptionError("guard takes a function");
  const given = knownOptions(options, NAMES);
  requireTexts(given);
  const { key, waitMs = 0, onThrow, action = given["destination"], signal } = given;
  if (typeof key !== "function") requireKey(key);
  if (typeof waitMs !== "number" || !(waitMs >= 0)) {
    throw new GateOptionError("waitMs is a number of milliseconds");
  }
  if (onThrow !== undefined && typeof onThrow !== "function" && !OUTCOMES.includes(onThrow)) {
    throw new GateOptionError("onThrow must be failed, retryable or indeterminate");
  }
  // By its member: one of another realm is no instance of this one's class.
  if (signal !== undefined && !("aborted" in Object(signal))) {
    throw new GateOptionError("signal must be an AbortSignal");
  }
  return { ...given, action, waitMs } as unknown as Checked;
}

/** The server's own limit. */
const MAX_KEY_CHARS = 256;

/** @throws {GateOptionError} */
export function requireKey(key: unknown): string {
  if (typeof key === "string" && key !== "" && key.length <= MAX_KEY_CHARS) return key;
  throw new GateOptionError(`key must be a text of 1 to ${MAX_KEY_CHARS} characters`);
}

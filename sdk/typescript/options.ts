import type { EitherCase } from "./names.ts";
import type { PayloadInput } from "./payload.ts";

interface Proposal {
  /** The payload to be written: text, bytes, a JSON value, or the name of a file. */
  readonly payload?: PayloadInput;
  /** `system.action`, for example `salesforce.import`. */
  readonly destination: string;
  readonly policy: string;
  readonly recordCount?: number;
  readonly estimatedRecords?: number;
  readonly estimatedValueUsd?: number;
  readonly sensitivityTags?: readonly string[];
  /** A repeat with the same key and request returns `duplicate_blocked` with the first intent's id. */
  readonly idempotencyKey?: string;
  readonly onBehalfOf?: string;
  readonly principalId?: string;
  /** `90s`, `15m`, `1h`, `2d`. Can only shorten the policy's deadline. */
  readonly expiresIn?: string | number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly action?: string;
  readonly profile?: string;
  readonly runId?: string;
  /** Overrides the file's name; without folders. */
  readonly payloadName?: string;
  readonly payloadMediaType?: string;
  /** Instead of a payload that Gate must not see: its name and, if known, its SHA-256 and row count. */
  readonly payloadReference?: {
    readonly name: string;
    readonly sha256?: string;
    readonly rows?: number;
  };
}

export type ProposeOptions = EitherCase<Proposal>;

export type IntentOption =
  | { readonly intentId: string; readonly intent_id?: string }
  | { readonly intentId?: string; readonly intent_id: string };

export type ExecutionOption =
  | { readonly executionId: string; readonly execution_id?: string }
  | { readonly executionId?: string; readonly execution_id: string };

export type DecideOptions = IntentOption &
  EitherCase<{
    readonly reason?: string;
    readonly nonce?: string;
    readonly decidedAt?: string | number;
    /** The digest of the intent that the reviewer saw; Gate refuses another one. */
    readonly digest?: string;
    /** Another name for `digest`. */
    readonly intentDigest?: string;
    /** Votes for this person, under a delegation. */
    readonly onBehalfOfPrincipal?: string;
  }>;

/** One of several decisions in one call. */
export type BatchDecision = IntentOption &
  EitherCase<{
    readonly decision: "approve" | "reject";
    /** The digest of the intent that the reviewer saw. */
    readonly digest: string;
    readonly reason?: string;
    readonly onBehalfOfPrincipal?: string;
  }>;

export type EditOptions = IntentOption &
  EitherCase<{
    /** The new payload. */
    readonly payload: PayloadInput;
    readonly payloadName?: string;
    readonly payloadMediaType?: string;
    /** Declared anew: numbers declared for the old payload do not apply to the new one. */
    readonly recordCount?: number;
    readonly estimatedValueUsd?: number;
    readonly reason: string;
    /** The digest of the edited intent. */
    readonly digest: string;
    /** True: also votes for the successor, where the policy allows its editor to. */
    readonly approve?: boolean;
  }>;

export type WaitOptions = EitherCase<{
  /** Milliseconds; `Infinity`: no limit. Default: 300,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** False: the wait ends when an edit cancels the intent. Default: true, it continues with the successor. */
  readonly followEdits?: boolean;
}>;

export type ApprovalListOptions = EitherCase<{
  /** A group's id from `approvalGroups()`. */
  readonly group?: string;
  /** True: only intents that this reviewer may decide. */
  readonly mine?: boolean;
  readonly agent?: string;
  readonly destination?: string;
  readonly policy?: string;
  readonly limit?: number;
  readonly after?: string;
}>;

export type WebhookOptions = IntentOption & { readonly url: string; readonly secret: string };

export type ExecuteOptions = IntentOption & { readonly mode?: "runner_exec" | "external_pull" };

/** Of a worker's calls: the order, and its token. Without the token the SDK fetches it with the agent's key. */
export type HeldOrderOption = ExecutionOption & EitherCase<{ readonly executionToken?: string }>;

export type ReportOptions = ExecutionOption &
  EitherCase<{
    readonly status: "succeeded" | "failed" | "indeterminate";
    readonly result?: unknown;
    readonly executedAt?: string | number;
    /** Of a failure: nothing was written, and the write may be ordered again. */
    readonly retryable?: boolean;
    /** The report, signed with `signReport`. */
    readonly proof?: string;
    /** The order's token; left out: the SDK fetches it with the agent's key. */
    readonly executionToken?: string;
  }>;

/** Which intents a list has; all of them are combined. */
export type ListOptions = EitherCase<{
  /** One state or status, several separated by commas, or `decided`. */
  readonly status?: string;
  readonly destination?: string;
  readonly policy?: string;
  readonly agent?: string;
  readonly person?: string;
  /** `2026-12-01`, in UTC. */
  readonly day?: string;
  readonly q?: string;
  readonly since?: string;
  readonly until?: string;
  /** Intents of one page, 1 to 200. */
  readonly limit?: number;
  /** A page's `next`. */
  readonly after?: string;
}>;

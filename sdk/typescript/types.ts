import type { EitherCase } from "./names.ts";
import type { PayloadInput } from "./payload.ts";

/** What older clients poll for. The exact state of the lifecycle is in `state`. */
export type IntentStatus =
  | "approved"
  | "blocked"
  | "duplicate_blocked"
  | "pending_approval"
  | "scheduled"
  | "succeeded"
  | "failed"
  | "expired"
  | (string & {});

export type RiskLevel = "low" | "medium" | "high" | "critical" | (string & {});

interface Proposal {
  /** What is to be written: text, bytes, a JSON value, or the name of a file. */
  readonly payload?: PayloadInput;
  /** `system.action`, for example `salesforce.import`. */
  readonly destination: string;
  readonly policy: string;
  readonly recordCount?: number;
  readonly estimatedRecords?: number;
  readonly estimatedValueUsd?: number;
  readonly sensitivityTags?: readonly string[];
  /** The same key and the same request again: `duplicate_blocked`, with the first intent's id. */
  readonly idempotencyKey?: string;
  readonly onBehalfOf?: string;
  readonly principalId?: string;
  /** `90s`, `15m`, `1h`, `2d`. Only ever shortens what the policy says. */
  readonly expiresIn?: string | number;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly action?: string;
  readonly profile?: string;
  readonly runId?: string;
  /** Replaces the name taken from the file; without folders. */
  readonly payloadName?: string;
  readonly payloadMediaType?: string;
  /** Instead of a payload that Gate can't be shown: its name and, if known, its digest and its rows. */
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
    /** The intent's digest that was looked at; another one is refused. */
    readonly digest?: string;
    /** The same. */
    readonly intentDigest?: string;
    /** Decides for this person, under a delegation. */
    readonly onBehalfOfPrincipal?: string;
  }>;

/** One of several decisions in one call. */
export type BatchDecision = IntentOption &
  EitherCase<{
    readonly decision: "approve" | "reject";
    /** The digest of what was looked at. */
    readonly digest: string;
    readonly reason?: string;
    readonly onBehalfOfPrincipal?: string;
  }>;

export type EditOptions = IntentOption &
  EitherCase<{
    /** What is to be written instead. */
    readonly payload: PayloadInput;
    readonly payloadName?: string;
    readonly payloadMediaType?: string;
    /** What was declared of the payload before says nothing about this one. */
    readonly recordCount?: number;
    readonly estimatedValueUsd?: number;
    readonly reason: string;
    /** The digest of what was changed. */
    readonly digest: string;
    /** True: votes for the result as well, where the policy lets its editor. */
    readonly approve?: boolean;
  }>;

export type WaitOptions = EitherCase<{
  /** Milliseconds; `Infinity` waits without end. Default: 300,000. */
  readonly timeout?: number;
  readonly signal?: AbortSignal;
  /** False: an intent that a reviewer changed is answered as it ended. Default: waits for what took its place. */
  readonly followEdits?: boolean;
}>;

export type ApprovalListOptions = EitherCase<{
  /** From `approvalGroups()`: intents that are alike. */
  readonly group?: string;
  /** True: only what this reviewer may decide. */
  readonly mine?: boolean;
  readonly agent?: string;
  readonly destination?: string;
  readonly policy?: string;
  readonly limit?: number;
  readonly after?: string;
}>;

export type WebhookOptions = IntentOption & { readonly url: string; readonly secret: string };

export type ExecuteOptions = IntentOption & { readonly mode?: string };

export type ReportOptions = ExecutionOption &
  EitherCase<{
    readonly status: "succeeded" | "failed" | "indeterminate";
    readonly result?: unknown;
    readonly executedAt?: string | number;
    readonly retryable?: boolean;
    /** From the order; when left out it is asked for with the agent's key. */
    readonly executionToken?: string;
  }>;

export type ListOptions = EitherCase<{
  readonly status?: string;
  readonly destination?: string;
  readonly policy?: string;
  readonly agent?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly after?: string;
}>;

/** An answer, with every member under its camelCase and its snake_case name. */
export interface Answer {
  readonly [member: string]: unknown;
}

/** What Gate decided. `intentId` is null for a check, which makes no intent. */
export interface ProposeResult extends Answer {
  readonly intentId: string;
  readonly proposalId: string;
  readonly status: IntentStatus;
  readonly reasonCode: string;
  readonly reason: string;
  readonly blockReason: string | null;
  readonly holdReason: string | null;
  readonly expiresAt: string;
  readonly risk_score: number;
  readonly riskScore: number;
  readonly risk_level: RiskLevel;
  readonly riskLevel: RiskLevel;
  readonly riskFactors: readonly string[];
  /** Of the first intent, when this one is `duplicate_blocked`. */
  readonly existingStatus?: IntentStatus;
}

/** How an intent stands once it was decided. `intentId` is another one where a reviewer changed the payload. */
export interface WaitResult extends Answer {
  readonly intentId: string;
  readonly status: IntentStatus;
  readonly state: string;
  readonly decided: boolean;
  /** The intent that took this one's place. */
  readonly successorId: string | null;
  readonly blockReason: string | null;
}

export interface LedgerEvent {
  readonly event_type: string;
  readonly actor: string;
  readonly created_at: string;
  readonly [member: string]: unknown;
}

export interface Intent extends Answer {
  readonly id: string;
  readonly intentId: string;
  readonly status: IntentStatus;
  readonly state: string;
  readonly destination: string;
  readonly expires_at: string;
  readonly risk_score: number;
  readonly risk_level: RiskLevel;
  /** Null: Gate sends none, it was erased, or it is not for the reader. */
  readonly http: SentRequest | null;
  readonly auditTrail: readonly LedgerEvent[];
}

/** An execution order. The token works once, for the intent it was issued for. */
export interface ExecutionOrder extends Answer {
  readonly executionId: string;
  readonly execution_id: string;
  readonly intent_id: string;
  readonly status: string;
  readonly execution_token: string | null;
  readonly executionToken: string | null;
  readonly expires_at: string;
}

/** What an upstream answered to a write that Gate sent. */
export interface UpstreamResponse extends Answer {
  readonly intentId: string;
  /** The upstream's. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** As text where it is text; else in base64. */
  readonly body: string;
  readonly encoding: "utf-8" | "base64";
  readonly bytes: Uint8Array;
  /** True: the upstream sent more than Gate keeps, or broke off. */
  readonly truncated: boolean;
  readonly receivedAt: string;
  /** Of the bytes, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** The request that Gate sends, for those who may see the payload. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Where Gate puts the credential in; null: it puts in none. */
  readonly credential_in: { readonly in: "header" | "query"; readonly name: string } | null;
  /** What Gate adds so that the provider knows a repeat. */
  readonly repeat_header: readonly [name: string, value: string] | null;
  /** `agent`: its repeat of the request carries its own credential. */
  readonly sent_by: "gate" | "agent";
}

export interface IntentList extends Answer {
  readonly intents: readonly Intent[];
  readonly count: number;
}

export interface AuditTrail extends Answer {
  readonly auditTrail: readonly LedgerEvent[];
}

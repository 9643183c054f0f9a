import type { EitherCase } from "./names.ts";
import type { PayloadInput } from "./payload.ts";

/** The coarse status that existing clients poll for; `state` has the exact phase. */
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

export type ExecuteOptions = IntentOption & { readonly mode?: string };

export type ReportOptions = ExecutionOption &
  EitherCase<{
    readonly status: "succeeded" | "failed" | "indeterminate";
    readonly result?: unknown;
    readonly executedAt?: string | number;
    readonly retryable?: boolean;
    /** The order's token; left out: the SDK fetches it with the agent's key. */
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

/** A response, with every member under its camelCase and its snake_case name. */
export interface Answer {
  readonly [member: string]: unknown;
}

/** The verdict on a proposal. `intentId` is null for a check, which creates no intent. */
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
  /** The first intent's status; only with `duplicate_blocked`. */
  readonly existingStatus?: IntentStatus;
}

/** A decided intent. `intentId` is the successor's where a reviewer edited the payload. */
export interface WaitResult extends Answer {
  readonly intentId: string;
  readonly status: IntentStatus;
  readonly state: string;
  readonly decided: boolean;
  /** The intent that replaced this one; null: none did. */
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
  /** Null: Gate sends none, it was erased, or the reader may not see it. */
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

/** An upstream's response to a write that Gate sent. */
export interface UpstreamResponse extends Answer {
  readonly intentId: string;
  /** The upstream's HTTP status. */
  readonly status: number;
  /** Names in lower case. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** UTF-8 text where `encoding` is `utf-8`; else base64. */
  readonly body: string;
  readonly encoding: "utf-8" | "base64";
  readonly bytes: Uint8Array;
  /** True: the upstream sent more than Gate stores, or the connection broke. */
  readonly truncated: boolean;
  readonly receivedAt: string;
  /** Digest of `bytes`, in lower-case hexadecimal. */
  readonly sha256: string;
}

/** The request that Gate sends, for principals who may see the payload. */
export interface SentRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The slot of the injected credential; null: Gate injects none. */
  readonly credential_in: { readonly in: "header" | "query"; readonly name: string } | null;
  /** The idempotency header that Gate adds, by which the provider recognises a repeat. */
  readonly repeat_header: readonly [name: string, value: string] | null;
  /** `agent`: the agent's repeat of the request carries its own credential. */
  readonly sent_by: "gate" | "agent";
}

export interface IntentList extends Answer {
  readonly intents: readonly Intent[];
  readonly count: number;
}

export interface AuditTrail extends Answer {
  readonly auditTrail: readonly LedgerEvent[];
}

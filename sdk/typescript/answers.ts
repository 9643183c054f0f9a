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

/**
 * A response. Every member can be read under its camelCase and its snake_case name; one of them is printed, and copied by a
 * spread.
 */
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
  readonly remedy: string | null;
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
  /** The signed order (JWS), for `verifyOrder`. */
  readonly order: string | null;
  readonly claimed_at: string | null;
  readonly claim_expires_at: string | null;
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

/** One line of a list. */
export interface IntentRow {
  readonly id: string;
  readonly intentId: string;
  readonly status: IntentStatus;
  readonly state: string;
  readonly sender_agent_id: string;
  readonly destination: string;
  readonly policy_id: string;
  readonly reason_code: string;
  readonly created_at: string;
  readonly [member: string]: unknown;
}

export interface IntentList extends Answer {
  readonly intents: readonly IntentRow[];
  readonly count: number;
  /** `after` of the following page; null: this is the last one. */
  readonly next: string | null;
}

/** What the worker reported of a write, for the agent that proposed it. */
export interface WriteResult extends Answer {
  readonly intentId: string;
  readonly state: string;
  readonly outcome: "succeeded" | "failed" | "indeterminate";
  /** JSON; null: the report had none. */
  readonly result: unknown;
  readonly reported_at: string | null;
  readonly executed_at: string | null;
}

export interface AuditTrail extends Answer {
  readonly auditTrail: readonly LedgerEvent[];
}

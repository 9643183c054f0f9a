// Made of schemas/openapi.json by scripts/generate-sdk-types.ts. Do not edit.

/** Every route that answers with JSON, by method and path. */
export interface Routes {
  /** Propose a write. */
  readonly "POST /v1/intents": {
    readonly query?: {
      /** `true`: evaluate only, and create no intent. */
      readonly dry_run?: "true" | "false";
    };
    readonly body: Proposal;
    readonly answer: Proposed | Rehearsed;
  };
  /** List intents. */
  readonly "GET /v1/intents": {
    readonly query?: {
      /** Statuses or states, separated by commas; `decided`: all but pending. Alias `state`. */
      readonly status?: string;
      /** An agent's id. Alias `agent_id`. */
      readonly agent?: string;
      /** A policy's id. Alias `policy_id`. */
      readonly policy?: string;
      readonly destination?: string;
      /** A person who voted or decided. */
      readonly person?: string;
      /** A day in UTC; empty: any. */
      readonly day?: string | "";
      /** Words to search for. */
      readonly q?: string;
      /** A group of the queue. */
      readonly group?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly since?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly until?: string;
      /** The `next` of the page before. */
      readonly after?: string;
      /** At most 200 are returned; 50 if absent. */
      readonly limit?: number;
    };
    readonly answer: Intents;
  };
  /** Propose a write. */
  readonly "POST /v1/propose": {
    readonly query?: {
      /** `true`: evaluate only, and create no intent. */
      readonly dry_run?: "true" | "false";
    };
    readonly body: Proposal;
    readonly answer: Proposed | Rehearsed;
  };
  /** List intents. */
  readonly "GET /v1/proposals": {
    readonly query?: {
      /** Statuses or states, separated by commas; `decided`: all but pending. Alias `state`. */
      readonly status?: string;
      /** An agent's id. Alias `agent_id`. */
      readonly agent?: string;
      /** A policy's id. Alias `policy_id`. */
      readonly policy?: string;
      readonly destination?: string;
      /** A person who voted or decided. */
      readonly person?: string;
      /** A day in UTC; empty: any. */
      readonly day?: string | "";
      /** Words to search for. */
      readonly q?: string;
      /** A group of the queue. */
      readonly group?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly since?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly until?: string;
      /** The `next` of the page before. */
      readonly after?: string;
      /** At most 200 are returned; 50 if absent. */
      readonly limit?: number;
    };
    readonly answer: Proposals;
  };
  /** Read an intent. */
  readonly "GET /v1/intents/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly query?: {
      /** Counts earlier intents that are alike; people get it anyway. */
      readonly seen_before?: "true" | "false";
    };
    readonly answer: Intent;
  };
  /** Read an intent. */
  readonly "GET /v1/proposals/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly query?: {
      /** Counts earlier intents that are alike; people get it anyway. */
      readonly seen_before?: "true" | "false";
    };
    readonly answer: Intent;
  };
  /** Read an intent's ledger entries. */
  readonly "GET /v1/intents/{id}/audit": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: AuditTrail;
  };
  /** Read an intent's ledger entries. */
  readonly "GET /v1/audit/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: AuditTrail;
  };
  /** Read a decision. */
  readonly "GET /v1/intents/{id}/decision": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: Decision;
  };
  /** Export an intent's evidence. */
  readonly "GET /v1/intents/{id}/evidence": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: Evidence;
  };
  /** Read the upstream's response to a write. */
  readonly "GET /v1/intents/{id}/response": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly query?: {
      readonly format?: "json" | "raw";
    };
    readonly answer: UpstreamResponse | unknown;
  };
  /** Read what the executor reported. */
  readonly "GET /v1/intents/{id}/result": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: {
      readonly intentId: string;
      readonly intent_id: string;
      readonly status: Status;
      readonly state: State;
      readonly execution_id: string;
      readonly outcome: "succeeded" | "failed" | "indeterminate";
      /** The JSON value that was reported; null: none. */
      readonly result: unknown;
      readonly reported_at: string | null;
      readonly executed_at: string | null;
    };
  };
  /** Wait for a decision. */
  readonly "GET /v1/intents/{id}/wait": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly query?: {
      /** Seconds; 30 if absent. */
      readonly timeout?: number;
    };
    readonly answer: Waited;
  };
  /** Withdraw a pending intent. */
  readonly "POST /v1/intents/{id}/withdraw": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Vote;
    readonly answer: StatusSummary;
  };
  /** Count reads through the proxy. */
  readonly "GET /v1/reads": {
    readonly query?: {
      /** For people: one agent's. */
      readonly agent?: string;
    };
    readonly answer: Reads;
  };
  /** Approve an intent. */
  readonly "POST /v1/intents/{id}/approve": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Vote;
    readonly answer: Approved;
  };
  /** Approve an intent. */
  readonly "POST /v1/approve": {
    readonly body: NamedVote;
    readonly answer: Approved;
  };
  /** Reject an intent. */
  readonly "POST /v1/intents/{id}/reject": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Vote;
    readonly answer: Rejected;
  };
  /** Reject an intent. */
  readonly "POST /v1/reject": {
    readonly body: NamedVote;
    readonly answer: Rejected;
  };
  /** Take an approval back. */
  readonly "POST /v1/intents/{id}/cancel-approval": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Vote;
    readonly answer: Cancelled;
  };
  /** Revoke an intent. */
  readonly "POST /v1/intents/{id}/revoke": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Vote;
    readonly answer: StatusSummary;
  };
  /** Say what became of an indeterminate write. */
  readonly "POST /v1/intents/{id}/resolve": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: Resolution;
    readonly answer: StatusSummary;
  };
  /** Erase an intent's payload and texts. */
  readonly "POST /v1/intents/{id}/erase": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: Erasure;
    readonly answer: Erased;
  };
  /** Edit a pending intent's payload. */
  readonly "POST /v1/intents/{id}/edit": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: PayloadEdit;
    readonly answer: Edited;
  };
  /** List what waits for a decision. */
  readonly "GET /v1/approvals": {
    readonly query?: {
      /** Statuses or states, separated by commas; `decided`: all but pending. Alias `state`. */
      readonly status?: string;
      /** An agent's id. Alias `agent_id`. */
      readonly agent?: string;
      /** A policy's id. Alias `policy_id`. */
      readonly policy?: string;
      readonly destination?: string;
      /** A person who voted or decided. */
      readonly person?: string;
      /** A day in UTC; empty: any. */
      readonly day?: string | "";
      /** Words to search for. */
      readonly q?: string;
      /** A group of the queue. */
      readonly group?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly since?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly until?: string;
      /** The `next` of the page before. */
      readonly after?: string;
      /** At most 200 are returned; 50 if absent. */
      readonly limit?: number;
      /** `true`: only what the caller may decide. */
      readonly mine?: "true" | "false";
    };
    readonly answer: Queue;
  };
  /** Group what waits for a decision. */
  readonly "GET /v1/approvals/groups": {
    readonly query?: {
      /** Statuses or states, separated by commas; `decided`: all but pending. Alias `state`. */
      readonly status?: string;
      /** An agent's id. Alias `agent_id`. */
      readonly agent?: string;
      /** A policy's id. Alias `policy_id`. */
      readonly policy?: string;
      readonly destination?: string;
      /** A person who voted or decided. */
      readonly person?: string;
      /** A day in UTC; empty: any. */
      readonly day?: string | "";
      /** Words to search for. */
      readonly q?: string;
      /** A group of the queue. */
      readonly group?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly since?: string;
      /** ISO 8601, or milliseconds since the epoch. */
      readonly until?: string;
    };
    readonly answer: QueueGroups;
  };
  /** Decide several intents. */
  readonly "POST /v1/approvals/batch": {
    readonly body: Batch;
    readonly answer: BatchResults;
  };
  /** Read the case of an approval link. */
  readonly "GET /v1/approval-links/{token}": {
    readonly path: {
      /** The link's or the download's token. */
      readonly token: string;
    };
    readonly answer: LinkedCase;
  };
  /** Approve through a link. */
  readonly "POST /v1/approval-links/{token}/approve": {
    readonly path: {
      /** The link's or the download's token. */
      readonly token: string;
    };
    readonly body?: VoteByLink;
    readonly answer: Approved;
  };
  /** Reject through a link. */
  readonly "POST /v1/approval-links/{token}/reject": {
    readonly path: {
      /** The link's or the download's token. */
      readonly token: string;
    };
    readonly body?: VoteByLink;
    readonly answer: Rejected;
  };
  /** Approve in advance. */
  readonly "POST /v1/standing-approvals": {
    readonly body: StandingApprovalRequest;
    readonly answer: StandingApproval;
  };
  /** List standing approvals. */
  readonly "GET /v1/standing-approvals": {
    readonly query?: {
      /** The `next` of the page before. */
      readonly after?: string;
    };
    readonly answer: StandingApprovals;
  };
  /** Revoke a standing approval. */
  readonly "POST /v1/standing-approvals/{id}/revoke": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Revocation;
    readonly answer: RevokedMandate;
  };
  /** Let another reviewer give your vote. */
  readonly "POST /v1/delegations": {
    readonly body: DelegationRequest;
    readonly answer: Delegation;
  };
  /** List delegations. */
  readonly "GET /v1/delegations": {
    readonly query?: {
      /** The `next` of the page before. */
      readonly after?: string;
    };
    readonly answer: Delegations;
  };
  /** Revoke a delegation. */
  readonly "POST /v1/delegations/{id}/revoke": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: Revocation;
    readonly answer: RevokedMandate;
  };
  /** Order the execution of an approved intent. */
  readonly "POST /v1/intents/{id}/execute": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: OrderRequest;
    readonly answer: Order;
  };
  /** Read an order. */
  readonly "GET /v1/executions/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: Order;
  };
  /** Claim an order. */
  readonly "POST /v1/executions/{id}/claim": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: OrderToken;
    readonly answer: Order;
  };
  /** Extend a claim. */
  readonly "POST /v1/executions/{id}/heartbeat": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body?: OrderToken;
    readonly answer: Heartbeat;
  };
  /** Report an outcome. */
  readonly "POST /v1/executions/{id}/report": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: Report;
    readonly answer: Order;
  };
  /** Order a download of the payload. */
  readonly "POST /v1/deliver": {
    readonly body: DeliveryRequest;
    readonly answer: DeliveryOrder;
  };
  /** Download a payload. */
  readonly "GET /v1/download/{token}": {
    readonly path: {
      /** The link's or the download's token. */
      readonly token: string;
    };
    readonly answer: {
      readonly proposalId: string;
      readonly intentId: string;
      readonly destination: string;
      readonly policy: string;
      readonly deliveredAt: string;
      readonly payloadHash: string | null;
    };
  };
  /** Register an agent, a runner or a person's key. */
  readonly "POST /v1/agents/register": {
    readonly body: Registration;
    readonly answer: RegisteredPrincipal;
  };
  /** List principals. */
  readonly "GET /v1/agents": {
    readonly query?: {
      /** The `next` of the page before. */
      readonly after?: string;
    };
    readonly answer: Principals;
  };
  /** Read a principal. */
  readonly "GET /v1/agents/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: PrincipalInFull;
  };
  /** Refuse a key until it is reactivated. */
  readonly "POST /v1/agents/{id}/suspend": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: StatusChanged;
  };
  /** Refuse a key for ever. */
  readonly "POST /v1/agents/{id}/revoke": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: StatusChanged;
  };
  /** Accept a suspended key again. */
  readonly "POST /v1/agents/{id}/reactivate": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: StatusChanged;
  };
  /** Replace a key. */
  readonly "POST /v1/agents/{id}/rotate-key": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: RotatedKey;
  };
  /** Set the key that verifies a worker's reports. */
  readonly "POST /v1/agents/{id}/report-key": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: ReportKeyRequest;
    readonly answer: ReportKey;
  };
  /** Assign another role. */
  readonly "POST /v1/agents/{id}/role": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly body: RoleChange;
    readonly answer: RoleChanged;
  };
  /** Unlink a person's account of an issuer. */
  readonly "POST /v1/agents/{id}/unlink-identity": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: UnlinkedIdentity;
  };
  /** List the kill switches that are engaged. */
  readonly "GET /v1/switches": {
    readonly answer: KillSwitches;
  };
  /** Engage a kill switch. */
  readonly "POST /v1/switches": {
    readonly body: SwitchRequest;
    readonly answer: EngagedSwitch;
  };
  /** Lift a kill switch. */
  readonly "POST /v1/switches/lift": {
    readonly body: SwitchTarget;
    readonly answer: LiftedSwitch;
  };
  /** List the ids of the policies. */
  readonly "GET /v1/policies": {
    readonly answer: PolicyIds;
  };
  /** Get a nonce for a vote. */
  readonly "GET /v1/nonce": {
    readonly answer: Nonce;
  };
  /** Count intents. */
  readonly "GET /v1/metrics": {
    readonly answer: Metrics;
  };
  /** Check that every credential can be fetched. */
  readonly "POST /v1/vault/check": {
    readonly answer: VaultCheck;
  };
  /** Evaluate what waits under changed rules. */
  readonly "POST /v1/recheck": {
    readonly query?: {
      /** `true`: say what would change, and change nothing. */
      readonly dry_run?: "true" | "false";
    };
    readonly body?: RecheckRequest;
    readonly answer: RecheckPreview | RecheckSweep;
  };
  /** Record that the data were restored from a backup. */
  readonly "POST /v1/restore": {
    readonly body?: RestoreRequest;
    readonly answer: Restored;
  };
  /** Register an endpoint for events. */
  readonly "POST /v1/webhooks": {
    readonly body: WebhookRequest;
    readonly answer: RegisteredWebhook;
  };
  /** List webhooks. */
  readonly "GET /v1/webhooks": {
    readonly answer: Webhooks;
  };
  /** Register an address for the decision of one intent. */
  readonly "POST /v1/webhooks/register": {
    readonly body: IntentWebhookRequest;
    readonly answer: IntentWebhook;
  };
  /** Read a webhook. */
  readonly "GET /v1/webhooks/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: Webhook;
  };
  /** Delete a webhook. */
  readonly "DELETE /v1/webhooks/{id}": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: DeletedWebhook;
  };
  /** Replace a webhook's secret. */
  readonly "POST /v1/webhooks/{id}/rotate-secret": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: RotatedSecret;
  };
  /** Send a test event. */
  readonly "POST /v1/webhooks/{id}/test": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly answer: TestSent;
  };
  /** List a webhook's deliveries. */
  readonly "GET /v1/webhooks/{id}/deliveries": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
    };
    readonly query?: {
      /** The `next` of the page before. */
      readonly after?: string;
      /** 50 if absent. */
      readonly limit?: number;
    };
    readonly answer: Deliveries;
  };
  /** Send a delivery again. */
  readonly "POST /v1/webhooks/{id}/deliveries/{delivery}/replay": {
    readonly path: {
      /** The record's id. */
      readonly id: string;
      /** The delivery's id. */
      readonly delivery: string;
    };
    readonly answer: Delivery;
  };
  /** Is Gate up?. */
  readonly "GET /health": {
    readonly answer: Health;
  };
  /** Discover a deployment. */
  readonly "GET /.well-known/gate": {
    readonly answer: Discovery;
  };
  /** Discover a deployment in the words of A2H. */
  readonly "GET /.well-known/a2h": {
    readonly answer: {
      readonly a2h_supported: readonly string[];
      readonly auth: {
        readonly methods: readonly string[];
      };
      readonly channels: readonly string[];
      readonly evidence_factors: readonly string[];
      readonly max_ttl_sec: number;
      readonly replay_protection: {
        /** A business key is used up for ever. */
        readonly idempotency_window_sec: null;
        readonly timestamp_tolerance_sec: number;
        readonly nonce_endpoint: string;
        readonly nonce_ttl_sec: number;
        readonly single_use_approval_links: boolean;
      };
      readonly webhooks: {
        readonly supported: boolean;
        readonly retry_attempts: number;
        readonly timeout_sec: number;
      };
    };
  };
  /** Read Gate's public keys. */
  readonly "GET /.well-known/jwks.json": {
    readonly answer: Jwks;
  };
  /** Read this document. */
  readonly "GET /openapi.json": {
    readonly answer: Readonly<Record<string, unknown>>;
  };
  /** Read the newest intents without personal data. */
  readonly "GET /v1/public/feed": {
    readonly answer: Feed;
  };
  /** Prove that one checkpoint extends another. */
  readonly "GET /log/proof/consistency": {
    readonly query: {
      /** The earlier size. */
      readonly old: number;
      /** The later size; the last checkpoint's if absent. */
      readonly new?: number;
    };
    readonly answer: ConsistencyProof;
  };
  /** Prove that an entry is in the log. */
  readonly "GET /log/proof/inclusion": {
    readonly query?: {
      /** An intent's id, or another chain's name. */
      readonly intent?: string;
      readonly seq?: number;
      readonly index?: number;
      /** Of the tree; the last checkpoint's if absent. */
      readonly size?: number;
    };
    readonly answer: InclusionProof;
  };
  /** Read how far sealing is. */
  readonly "GET /log/health": {
    readonly query?: {
      /** `false`: seal nothing, and read only. `true` if absent. */
      readonly seal?: "true" | "false";
    };
    readonly answer: LogHealth;
  };
  /** Open a session with a person's key. */
  readonly "POST /v1/session": {
    readonly body: SessionRequest;
    readonly answer: Session;
  };
  /** Read who the caller is. */
  readonly "GET /v1/session": {
    readonly answer: Session;
  };
  /** Receive a click in Slack. */
  readonly "POST /slack/interactions": {
    readonly answer: {
      readonly response_action: "errors";
      readonly errors: Readonly<Record<string, string>>;
    };
  };
  /** Receive a person's decision from an approval provider. */
  readonly "POST /v1/approval-callbacks/{provider}": {
    readonly path: {
      /** The provider's id in gate.yaml. */
      readonly provider: string;
    };
    readonly body: ProviderDecision;
    readonly answer: Approved | Rejected;
  };
  /** Send a GET through the reverse proxy. */
  readonly "GET /{prefix}/{path}": {
    readonly path: {
      /** A destination's prefix in gate.yaml. */
      readonly prefix: string;
      /** The upstream's path, slashes included. */
      readonly path: string;
    };
    readonly answer: PendingWrite;
  };
  /** Send a POST through the reverse proxy. */
  readonly "POST /{prefix}/{path}": {
    readonly path: {
      /** A destination's prefix in gate.yaml. */
      readonly prefix: string;
      /** The upstream's path, slashes included. */
      readonly path: string;
    };
    readonly answer: PendingWrite;
  };
  /** Send a PUT through the reverse proxy. */
  readonly "PUT /{prefix}/{path}": {
    readonly path: {
      /** A destination's prefix in gate.yaml. */
      readonly prefix: string;
      /** The upstream's path, slashes included. */
      readonly path: string;
    };
    readonly answer: PendingWrite;
  };
  /** Send a PATCH through the reverse proxy. */
  readonly "PATCH /{prefix}/{path}": {
    readonly path: {
      /** A destination's prefix in gate.yaml. */
      readonly prefix: string;
      /** The upstream's path, slashes included. */
      readonly path: string;
    };
    readonly answer: PendingWrite;
  };
  /** Send a DELETE through the reverse proxy. */
  readonly "DELETE /{prefix}/{path}": {
    readonly path: {
      /** A destination's prefix in gate.yaml. */
      readonly prefix: string;
      /** The upstream's path, slashes included. */
      readonly path: string;
    };
    readonly answer: PendingWrite;
  };
}

export type ApprovalRequirements = {
  /** Distinct persons in all. */
  readonly require: number;
  readonly quorums: readonly {
    readonly policy: string;
    readonly require: number;
    /** With `people`: who may vote. Both empty: every reviewer. */
    readonly groups: readonly string[];
    readonly people: readonly string[];
  }[];
  /** With `people`: who may vote. Both empty: every reviewer. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly excludeProposer: boolean;
  readonly excludeOwner: boolean;
  readonly minAssurance: Assurance;
  /** What the proposal itself asked for. */
  readonly demandedAssurance?: Assurance;
  /** Distinct persons whose rejections are final. */
  readonly rejections: number;
};

export type Approved = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly approvalState: "waiting_input" | "answered";
  readonly approvedAt: string | null;
  /** Votes that count so far. */
  readonly votes: number;
  /** Persons who must approve. */
  readonly requiredApprovals: number;
  /** Ids of the persons whose votes count. */
  readonly votedBy: readonly string[];
  /** Always null: kept for clients of earlier versions. */
  readonly deliveryToken: null;
  readonly autoDeliver: false;
  /** Gate sends the write itself. */
  readonly gate_exec: boolean;
  readonly approvalEvidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
};

/** How a person proved who they are, weakest first. */
export type Assurance = "link" | "slack" | "key" | "sso" | "passkey";

export type AuditEvent = {
  readonly id: string;
  readonly intent_id: string;
  readonly proposal_id: string;
  /** 1, 2, 3 … without gaps. */
  readonly seq: number;
  readonly event_type: string;
  /** A principal's id, or `gate`. */
  readonly actor: string;
  readonly created_at: string;
  /** The entry's body: codes, numbers and commitments. */
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly note: string | null;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly prev_hash: string;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly entry_hash: string;
};

export type AuditTrail = {
  readonly intentId: string;
  readonly proposalId: string;
  readonly events: readonly AuditEvent[];
  /** The same as `events`. */
  readonly auditTrail: readonly AuditEvent[];
  readonly count: number;
  readonly approval_evidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type Batch = {
  /** The votes. */
  readonly decisions: readonly BatchVote[];
};

export type BatchResults = {
  /** In the order of `decisions`. */
  readonly results: readonly ({
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    readonly approvalState: "waiting_input" | "answered";
    readonly approvedAt: string | null;
    /** Votes that count so far. */
    readonly votes: number;
    /** Persons who must approve. */
    readonly requiredApprovals: number;
    /** Ids of the persons whose votes count. */
    readonly votedBy: readonly string[];
    /** Always null: kept for clients of earlier versions. */
    readonly deliveryToken: null;
    readonly autoDeliver: false;
    /** Gate sends the write itself. */
    readonly gate_exec: boolean;
    readonly approvalEvidence: {
      readonly protocol: "a2h.v1";
      readonly interaction_id: string;
      readonly request_jws: null;
      /** Detached JWS over the members; null: not signed now. */
      readonly response_jws: string | null;
      /** The intent's `message_id`. */
      readonly responds_to: string;
      readonly decision: "APPROVE" | "REJECT";
      readonly decided_at: string;
      readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
      readonly proof: {
        readonly actor: string;
        readonly assurance: Assurance | null;
        readonly profile: {
          readonly id: string;
          readonly fields_hash: string | null;
        } | null;
        readonly delegation: {
          readonly principal_id: string;
          readonly delegate_agent_id: string;
          readonly delegation_id: string;
        } | null;
        readonly voted_by: readonly string[] | null;
      };
      /** SHA-256 as 64 hexadecimal digits. */
      readonly approved_intent_hash: string;
      /** When the approval was ordered. */
      readonly consumed_at: string | null;
    } | null;
    readonly ok: true;
  } | {
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    readonly approvalState: "waiting_input" | "answered";
    readonly reason: string | null;
    readonly approvalEvidence: {
      readonly protocol: "a2h.v1";
      readonly interaction_id: string;
      readonly request_jws: null;
      /** Detached JWS over the members; null: not signed now. */
      readonly response_jws: string | null;
      /** The intent's `message_id`. */
      readonly responds_to: string;
      readonly decision: "APPROVE" | "REJECT";
      readonly decided_at: string;
      readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
      readonly proof: {
        readonly actor: string;
        readonly assurance: Assurance | null;
        readonly profile: {
          readonly id: string;
          readonly fields_hash: string | null;
        } | null;
        readonly delegation: {
          readonly principal_id: string;
          readonly delegate_agent_id: string;
          readonly delegation_id: string;
        } | null;
        readonly voted_by: readonly string[] | null;
      };
      /** SHA-256 as 64 hexadecimal digits. */
      readonly approved_intent_hash: string;
      /** When the approval was ordered. */
      readonly consumed_at: string | null;
    } | null;
    readonly ok: true;
  } | {
    readonly intentId: string;
    readonly ok: false;
    readonly problem: VoteProblem;
  })[];
  readonly count: number;
  readonly decided: number;
  readonly refused: number;
};

export type BatchVote = {
  /** The intent's id. Aliases `intent_id`, `proposalId`. */
  readonly intentId: string;
  /** The vote. */
  readonly decision: "approve" | "reject";
  /** The `intent_digest` that the voter saw; the vote is for that version only. Aliases `intent_digest`, `intentDigest`. */
  readonly digest: string;
  /** The comment or reason, which the agent reads. Aliases `comment`, `note`. */
  readonly reason?: string | null;
  /** The person whose vote it is, under a delegation. Alias `onBehalfOfPrincipal`. */
  readonly on_behalf_of_principal?: string;
};

export type Cancelled = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly approvalState: "cancelled";
  readonly reason: string | null;
  /** Always null: kept for clients of earlier versions. */
  readonly approvalEvidence: null;
};

export type ConsistencyProof = {
  readonly old: number;
  readonly new: number;
  /** Hashes in base64. */
  readonly proof: readonly string[];
};

export type Decision = {
  readonly id: string;
  readonly intent_id: string;
  readonly status: "approved" | "pending_approval" | "blocked";
  readonly outcome: "approve" | "hold" | "block";
  readonly reason_code: string;
  readonly reason_detail: string | null;
  readonly remedy: string | null;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly risk_level: RiskLevel;
  readonly risk_factors: readonly string[];
  /** JSON text. */
  readonly policy_snapshot: string;
  readonly policies: readonly PolicyRef[];
  readonly required_approvals: number;
  readonly evaluated_at: string;
  readonly approval_evidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
  readonly facts: Facts | null;
  /** The proposal; null once it is erased. */
  readonly ask: {
    readonly destination: string;
    readonly policy: string;
    readonly action: string;
    readonly recordCount: number | null;
    readonly estimatedValueUsd: number | null;
    readonly sensitivityTags: readonly string[];
    readonly onBehalfOf: string | null;
    readonly principalId: string | null;
    readonly metadata: Readonly<Record<string, unknown>>;
    readonly profile: string | null;
    readonly expiresInMinutes: number | null;
    readonly http?: StoredHttpRequest;
    /** What the proposal asked of its approval. */
    readonly approval?: {
      readonly provider: string | null;
      readonly channel: {
        readonly type: string | null;
        readonly address: string | null;
      } | null;
      readonly level: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL" | null;
      readonly factors: readonly string[];
    };
  } | null;
  /** For people only, as the next members. */
  readonly trace?: readonly ({
    readonly policy: string;
    readonly rule: string;
    readonly line: number | null;
    /** Null as well for readers who may not see the payload. */
    readonly seen: string | null;
    readonly outcome: "approve" | "hold" | "block" | "pass" | "skip";
    readonly reasonCode: string | null;
  })[];
  readonly shadow?: readonly ({
    readonly policy: PolicyRef;
    readonly outcome: "approve" | "hold" | "block";
    readonly reasonCode: string;
    readonly trace: readonly ({
      readonly policy: string;
      readonly rule: string;
      readonly line: number | null;
      /** Null as well for readers who may not see the payload. */
      readonly seen: string | null;
      readonly outcome: "approve" | "hold" | "block" | "pass" | "skip";
      readonly reasonCode: string | null;
    })[];
  })[];
  readonly history?: {
    readonly windows: readonly ({
      readonly policy: string;
      readonly windowMs: number;
      readonly intents: number;
      readonly records: number;
      readonly valueUsdCents: number;
      readonly freesUpInMs: number | null;
    })[];
    readonly duplicateOf: {
      readonly intentId: string;
      readonly ageMs: number;
    } | null;
    readonly rejected: {
      readonly intentId: string;
      readonly ageMs: number;
    } | null;
    readonly duplicateWithinMs: number | null;
    readonly rejectedWithinMs: number | null;
  } | null;
  readonly environment?: string | null;
  readonly approval?: ApprovalRequirements;
};

export type Delegation = {
  readonly id: string;
  readonly status: "in_force" | "revoked" | "expired" | "used_up";
  readonly policy_id: string | null;
  readonly policyId: string | null;
  readonly agent_id: string | null;
  readonly agentId: string | null;
  readonly principal_id: string | null;
  readonly principalId: string | null;
  readonly max_amount_usd: number | null;
  readonly maxAmountUsd: number | null;
  /** Whose vote it gives. */
  readonly person: string;
  readonly assurance: Assurance;
  readonly created_by: string;
  readonly createdBy: string;
  readonly created_at: string;
  readonly createdAt: string;
  readonly expires_at: string;
  readonly expiresAt: string;
  readonly revoked_at: string | null;
  readonly revokedAt: string | null;
  readonly revoked_reason: string | null;
  readonly revokedReason: string | null;
  readonly destination: string | null;
  readonly delegator_principal_id: string;
  readonly delegatorPrincipalId: string;
  /** The person who may vote, as in the next members. */
  readonly delegate_person_id: string;
  readonly delegatePersonId: string;
  readonly delegate_agent_id: string;
  readonly delegateAgentId: string;
};

export type DelegationRequest = {
  /** Only under this policy. Aliases `policyId`, `policy`. */
  readonly policy_id?: string;
  /** Only for this `principal_id`. Alias `principalId`. */
  readonly principal_id?: string;
  /** Only of this agent. Alias `agentId`. */
  readonly agent_id?: string;
  /** Only up to this amount; an unknown one never passes. Alias `maxAmountUsd`. */
  readonly max_amount_usd?: number;
  /** ISO 8601, or milliseconds since the epoch; within 366 days. Alias `expiresAt`. */
  readonly expires_at?: string | number;
  /** An exact name, or `system.*`. */
  readonly destination?: string;
  /** The caller; nobody delegates another's vote. Alias `delegatorPrincipalId`. */
  readonly delegator_principal_id?: string;
  /** The reviewer's key that may vote; or `delegate_person_id`. Aliases `delegateAgentId`, `delegate_principal_id`, `delegatePrincipalId`. */
  readonly delegate_agent_id?: string;
  /** The person of gate.yaml who may vote. Alias `delegatePersonId`. */
  readonly delegate_person_id?: string;
};

export type Delegations = {
  readonly delegations: readonly Delegation[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
};

export type DeletedWebhook = {
  readonly id: string;
  readonly deleted: true;
};

export type Deliveries = {
  readonly deliveries: readonly Delivery[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
};

export type Delivery = {
  readonly id: string;
  readonly event: string;
  readonly intent_id: string | null;
  /** Of the ledger entry; null for a test. */
  readonly seq: number | null;
  readonly state: "pending" | "delivered" | "failed" | "moot";
  readonly attempts: number;
  /** HTTP status of the last attempt. */
  readonly status: number | null;
  readonly problem: string | null;
  readonly created_at: string;
  readonly next_attempt_at: string | null;
  readonly delivered_at: string | null;
};

export type DeliveryOrder = {
  /** Serves the payload once. */
  readonly url: string | null;
  readonly deliveryToken: string | null;
  readonly expiresAt: string;
  readonly intentId: string;
};

export type DeliveryRequest = {
  /** The intent's id. Aliases `proposalId`, `intent_id`. */
  readonly intentId: string;
};

export type Discovery = {
  readonly name: "zehrava-gate";
  readonly version: string;
  readonly api: "v1";
  readonly endpoints: {
    readonly propose: string;
    readonly execute: string;
    readonly report: string;
    readonly audit: string;
  };
  readonly execution_modes: readonly string[];
  readonly statuses: readonly ("blocked" | "pending_approval" | "approved" | "expired" | "scheduled" | "delivered" | "succeeded" | "failed" | "duplicate_blocked")[];
  readonly max_payload_bytes: number;
  readonly authentication: "bearer";
  readonly log: LogKeys;
  readonly gate_supported: readonly string[];
  readonly auth: {
    readonly methods: readonly string[];
  };
  readonly approval_channels: readonly string[];
  readonly approval_providers: readonly string[];
  readonly approval_provider_capabilities: Readonly<Record<string, readonly string[]>>;
  readonly evidence_factors: readonly string[];
  readonly max_execution_ttl_sec: number;
  readonly replay_protection: {
    /** A business key is used up for ever. */
    readonly idempotency_window_sec: null;
    readonly timestamp_tolerance_sec: number;
    readonly nonce_endpoint: string;
    readonly nonce_ttl_sec: number;
    readonly single_use_approval_links: boolean;
  };
  readonly webhooks: {
    readonly supported: boolean;
    readonly retry_attempts: number;
    readonly timeout_sec: number;
  };
  readonly approval_callback_endpoint: string;
  readonly policy_features: readonly string[];
  readonly policies_available: number;
};

export type Edited = {
  readonly predecessor: {
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    readonly successor_id: string | null;
  };
  readonly successor: {
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    /** Stable; docs/reason-codes.md says when each is sent. */
    readonly reason_code: string;
    readonly reasonCode: string;
    /** One sentence. */
    readonly reason: string;
    /** The smallest change that would pass, where naming it is safe. */
    readonly remedy: string | null;
    readonly blockReason: string | null;
    /** Ids of the policies in force. */
    readonly policies: readonly string[];
    readonly holdReason: string | null;
    /** What a vote is for: votes name it. */
    readonly intent_digest: string;
    readonly payload_hash: string | null;
    readonly expiresAt: string;
    readonly requiredApprovals: number;
    /** From 0 to 1, in hundredths. */
    readonly riskScore: number;
    /** From 0 to 1, in hundredths. */
    readonly risk_score: number;
    readonly riskLevel: RiskLevel;
    readonly risk_level: RiskLevel;
    readonly riskFactors: readonly string[];
    readonly risk_factors: readonly string[];
    readonly approvalState: "waiting_input" | "answered" | null;
    readonly profile: string | null;
    /** A sentence with the profile's fields; absent in a replayed answer of an older Gate. */
    readonly profileSummary?: string | null;
    readonly standingApprovalId: string | null;
    /** Null in a replayed answer of an older Gate only. */
    readonly messageId: string | null;
    /** Always null: kept for clients of earlier versions. */
    readonly approvalLinkToken: null;
    /** Where held, as the next three. */
    readonly approvalInteractionId: string | null;
    readonly approvalProvider: string | null;
    readonly requiredApprovalFactors: readonly string[];
    readonly assuranceLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL" | null;
    readonly predecessor_id: string | null;
  };
  /** Null: `approve` was not asked for, or the successor is not pending. */
  readonly approval: {
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    readonly approvalState: "waiting_input" | "answered";
    readonly approvedAt: string | null;
    /** Votes that count so far. */
    readonly votes: number;
    /** Persons who must approve. */
    readonly requiredApprovals: number;
    /** Ids of the persons whose votes count. */
    readonly votedBy: readonly string[];
    /** Always null: kept for clients of earlier versions. */
    readonly deliveryToken: null;
    readonly autoDeliver: false;
    /** Gate sends the write itself. */
    readonly gate_exec: boolean;
    readonly approvalEvidence: {
      readonly protocol: "a2h.v1";
      readonly interaction_id: string;
      readonly request_jws: null;
      /** Detached JWS over the members; null: not signed now. */
      readonly response_jws: string | null;
      /** The intent's `message_id`. */
      readonly responds_to: string;
      readonly decision: "APPROVE" | "REJECT";
      readonly decided_at: string;
      readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
      readonly proof: {
        readonly actor: string;
        readonly assurance: Assurance | null;
        readonly profile: {
          readonly id: string;
          readonly fields_hash: string | null;
        } | null;
        readonly delegation: {
          readonly principal_id: string;
          readonly delegate_agent_id: string;
          readonly delegation_id: string;
        } | null;
        readonly voted_by: readonly string[] | null;
      };
      /** SHA-256 as 64 hexadecimal digits. */
      readonly approved_intent_hash: string;
      /** When the approval was ordered. */
      readonly consumed_at: string | null;
    } | null;
    readonly ok: true;
  } | {
    readonly intentId: string;
    /** The same as `intentId`. */
    readonly proposalId: string;
    readonly status: Status;
    readonly state: State;
    readonly approvalState: "waiting_input" | "answered";
    readonly reason: string | null;
    readonly approvalEvidence: {
      readonly protocol: "a2h.v1";
      readonly interaction_id: string;
      readonly request_jws: null;
      /** Detached JWS over the members; null: not signed now. */
      readonly response_jws: string | null;
      /** The intent's `message_id`. */
      readonly responds_to: string;
      readonly decision: "APPROVE" | "REJECT";
      readonly decided_at: string;
      readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
      readonly proof: {
        readonly actor: string;
        readonly assurance: Assurance | null;
        readonly profile: {
          readonly id: string;
          readonly fields_hash: string | null;
        } | null;
        readonly delegation: {
          readonly principal_id: string;
          readonly delegate_agent_id: string;
          readonly delegation_id: string;
        } | null;
        readonly voted_by: readonly string[] | null;
      };
      /** SHA-256 as 64 hexadecimal digits. */
      readonly approved_intent_hash: string;
      /** When the approval was ordered. */
      readonly consumed_at: string | null;
    } | null;
    readonly ok: true;
  } | {
    readonly ok: false;
    readonly problem: VoteProblem;
  } | null;
};

export type EngagedSwitch = {
  readonly scope: "agent" | "destination" | "everything";
  /** Null for `everything`. */
  readonly target: string | null;
  readonly engaged: true;
  readonly version: number;
  readonly reason: "incident" | "suspected_compromise" | "wrong_behaviour" | "upstream_outage" | "maintenance" | "drill" | "other";
  readonly ticket: string | null;
  /** Id of the principal that engaged it. */
  readonly actor: string;
  readonly since: string;
  /** False: it was engaged already. */
  readonly changed: boolean;
  readonly warning?: string;
};

export type Entry = {
  readonly intent: string;
  readonly seq: number;
  readonly event: string;
  readonly actor: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** RFC 8785 text. */
  readonly body: string;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly prev: string;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly hash: string;
};

export type Erased = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly erased_at: string | null;
};

export type Erasure = {
  /** Why. */
  readonly reason: string;
};

export type Evidence = {
  readonly format: "gate-evidence/v1";
  readonly intent: string;
  readonly erased: boolean;
  readonly entries: readonly Entry[];
  readonly log: {
    /** A C2SP signed note. */
    readonly checkpoint: string;
    readonly inclusion: readonly {
      readonly seq: number;
      readonly index: number;
      readonly proof: readonly string[];
    }[];
  } | null;
  readonly keys: {
    readonly vkeys: readonly string[];
    readonly jwks: {
      readonly keys: readonly {
        readonly kty?: string;
        readonly crv?: string;
        readonly x?: string;
        readonly kid?: string;
        readonly alg: "EdDSA";
        readonly use: "sig";
      }[];
    };
  };
  /** For people only. */
  readonly policies: readonly {
    readonly id: string;
    /** SHA-256 as 64 hexadecimal digits. */
    readonly hash: string;
    readonly text: string;
  }[];
  readonly decision: {
    readonly outcome: string;
    readonly reason_code: string;
  };
  /** Null: erased, or the reader may not see the payload. */
  readonly disclosed: {
    readonly salt: string;
    readonly payload: {
      readonly digest: string | null;
      readonly name: string | null;
      readonly base64: string | null;
    };
    /** Canonical JSON of the request that Gate sends. */
    readonly request?: string;
    readonly notes: readonly ({
      readonly seq: number;
      readonly kind: "note" | "result" | "facts" | "proof";
      readonly text: string;
    })[];
  } | null;
  readonly orders: readonly {
    readonly order: string;
    readonly jws: string;
  }[];
  readonly names: readonly {
    readonly id: string;
    readonly name: string;
  }[];
};

export type Facts = {
  readonly payload: "none" | "content" | "reference";
  readonly type: string | null;
  readonly declaredType: string | null;
  readonly typeContradiction: boolean;
  readonly decodable: boolean;
  readonly bytes: number;
  readonly records: {
    readonly declared: number | null;
    readonly measured: number | null;
    /** The larger of the two. */
    readonly effective: number | null;
    readonly uncertain: boolean;
  };
  readonly valueUsdCents: {
    readonly declared: number | null;
    readonly measured: number | null;
  };
  readonly money: "none" | "measured" | "incomplete" | "foreign_currency";
  /** In minor units. */
  readonly totals: readonly {
    readonly currency: string;
    readonly minor: number;
  }[];
  readonly recipients: number | null;
  /** Why facts are unknown. */
  readonly doubts?: {
    readonly records?: {
      readonly because: "type_contradiction" | "charset" | "guessed_type" | "query_and_body" | "csv_delimiter" | "csv_quotes" | "csv_escapes" | "csv_line_ends" | "form_separator" | "too_many_fields" | "similar_name" | "duplicate_field" | "file_field" | "transfer_encoding" | "uncountable_format" | "uncountable_part" | "uncountable_field" | "not_at_path" | "ambiguous_number" | "unreadable_amount" | "unreadable_currency";
      /** The different numbers that readers find. */
      readonly readings: readonly number[];
    };
    readonly money?: {
      readonly because: "type_contradiction" | "charset" | "guessed_type" | "query_and_body" | "csv_delimiter" | "csv_quotes" | "csv_escapes" | "csv_line_ends" | "form_separator" | "too_many_fields" | "similar_name" | "duplicate_field" | "file_field" | "transfer_encoding" | "uncountable_format" | "uncountable_part" | "uncountable_field" | "not_at_path" | "ambiguous_number" | "unreadable_amount" | "unreadable_currency";
      /** The different numbers that readers find. */
      readonly readings: readonly number[];
    };
    readonly recipients?: {
      readonly because: "type_contradiction" | "charset" | "guessed_type" | "query_and_body" | "csv_delimiter" | "csv_quotes" | "csv_escapes" | "csv_line_ends" | "form_separator" | "too_many_fields" | "similar_name" | "duplicate_field" | "file_field" | "transfer_encoding" | "uncountable_format" | "uncountable_part" | "uncountable_field" | "not_at_path" | "ambiguous_number" | "unreadable_amount" | "unreadable_currency";
      /** The different numbers that readers find. */
      readonly readings: readonly number[];
    };
    readonly content?: {
      readonly because: "type_contradiction" | "charset" | "guessed_type" | "query_and_body" | "csv_delimiter" | "csv_quotes" | "csv_escapes" | "csv_line_ends" | "form_separator" | "too_many_fields" | "similar_name" | "duplicate_field" | "file_field" | "transfer_encoding" | "uncountable_format" | "uncountable_part" | "uncountable_field" | "not_at_path" | "ambiguous_number" | "unreadable_amount" | "unreadable_currency";
      /** The different numbers that readers find. */
      readonly readings: readonly number[];
    };
  };
};

export type Feed = {
  readonly proposals: readonly {
    readonly destination: string;
    readonly policy: string;
    readonly policy_id: string;
    readonly status: Status;
    readonly risk_level: RiskLevel;
    readonly created_at: string;
  }[];
  readonly count: number;
  /** The one agent that the feed is limited to. */
  readonly agent: string | null;
};

export type Health = {
  readonly status: "ok";
  readonly service: "zehrava-gate";
  readonly version: string;
  readonly proxy: {
    readonly enabled: true;
  };
};

export type Heartbeat = {
  readonly executionId: string;
  readonly execution_id: string;
  readonly intent_id: string;
  /** 1 for the first order of the intent. */
  readonly attempt: number;
  readonly mode: "runner_exec" | "gate_exec" | "forward" | "external_pull";
  readonly destination: string;
  readonly action: string;
  /** Where the payload is read, or the name of one that Gate has not seen. */
  readonly payload_ref: string | null;
  readonly payload_hash: string | null;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly intent_digest: string;
  /** For the order's holder only; 15 minutes. */
  readonly execution_token: string | null;
  /** The same as a JWS signed by Gate, to be verified offline. */
  readonly order: string | null;
  /** For the provider: the same for every attempt. */
  readonly idempotency_key: string;
  readonly retry_policy: {
    readonly max_attempts: number;
    readonly backoff_seconds: number;
  };
  readonly status: "scheduled" | "claimed" | "indeterminate" | "succeeded" | "failed" | "revoked" | "expired";
  readonly issued_at: string;
  readonly expires_at: string;
  readonly claimed_at: string | null;
  readonly claim_expires_at: string | null;
  readonly reported_at: string | null;
  /** As the executor states it; else when it reported. */
  readonly executed_at: string | null;
  readonly proof: "verified" | "none" | null;
  /** The JSON value that the executor reported; null: none. */
  readonly result: unknown;
  readonly approval_evidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
  /** The switch that asks the worker to stop; null: none. */
  readonly kill_switch: {
    readonly scope: "agent" | "destination" | "everything";
    readonly target: string | null;
  } | null;
};

export type HttpRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  /** Where Gate injects the credential. */
  readonly credential_in: {
    readonly in: "header" | "query";
    readonly name: string;
  } | null;
  /** The header by which the provider detects a repeat. */
  readonly repeat_header: readonly [string, string] | null;
  readonly sent_by: "gate" | "agent";
};

export type InclusionProof = {
  readonly index: number;
  readonly size: number;
  /** Base64. */
  readonly leaf_hash: string;
  /** Hashes in base64. */
  readonly proof: readonly string[];
};

export type Intent = {
  readonly id: string;
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly sender_agent_id: string;
  readonly destination: string;
  readonly action: string;
  /** The policy that the agent named. */
  readonly policy_id: string;
  /** The policies in force. */
  readonly policies: readonly PolicyRef[];
  readonly reason_code: string;
  readonly reason: string | null;
  readonly remedy: string | null;
  /** A person's reason, or the policy's; null once approved. */
  readonly block_reason: string | null;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly risk_level: RiskLevel;
  readonly risk_factors: readonly string[];
  /** The larger of declared and measured. */
  readonly estimated_records: number | null;
  readonly declared_records: number | null;
  readonly measured_records: number | null;
  readonly unknown: readonly ({
    readonly fact: "records" | "money" | "recipients" | "content";
    readonly because: string;
    readonly readings: readonly number[];
    readonly text: string;
  })[];
  readonly estimated_value_usd: number | null;
  readonly sensitivity_tags: readonly string[] | null;
  readonly on_behalf_of: string | null;
  readonly idempotency_key: string | null;
  readonly principal_id: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly profile_id: string | null;
  readonly profile_fields_hash: string | null;
  readonly message_id: string;
  /** The name of a payload that Gate has not seen. */
  readonly payload_path: string | null;
  readonly payload_kind: "none" | "content" | "reference" | null;
  readonly payload_name: string | null;
  readonly payload_type: string | null;
  readonly payload_bytes: number | null;
  readonly payload_hash: string | null;
  /** What a vote is for: votes name it. */
  readonly intent_digest: string;
  /** Null where Gate does not send the write, or the reader may not see it. */
  readonly http: HttpRequest | null;
  readonly erased_at: string | null;
  readonly restored_at: string | null;
  readonly silence_not_counted: "approvers_not_notified" | "gate_was_down" | null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  /** Null once decided, or where the hold has no end. */
  readonly decide_by: string | null;
  readonly reminders_at: string | null;
  readonly execute_by: string | null;
  readonly approved_at: string | null;
  /** A person's id, `policy` or `timeout`. */
  readonly decided_by: string | null;
  readonly predecessor_id: string | null;
  /** The intent that replaced this one when a reviewer edited it. */
  readonly successor_id: string | null;
  readonly edited_by: string | null;
  /** Who wrote the payload. */
  readonly author: string;
  readonly required_approvals: number;
  readonly approval: ApprovalRequirements;
  readonly votes: readonly ({
    readonly person: string;
    /** Differs only under a delegation. */
    readonly acting: string;
    readonly assurance: Assurance;
    readonly mandate: string | null;
    readonly at: string;
  })[];
  readonly rejections: readonly ({
    readonly event: "rejection_vote_recorded" | "rejected" | "cancelled" | "revoked";
    readonly person: string;
    readonly acting: string;
    readonly reason: string | null;
    readonly at: string;
  })[];
  readonly approval_state: "waiting_input" | "answered" | "expired" | "cancelled" | "failed";
  readonly standing_approval_id: string | null;
  readonly has_approval_link: false;
  readonly manifest: null;
  readonly approval_link_expires_at: null;
  readonly approval_link_used_at: null;
  readonly approval_evidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
  readonly approval_interactions: readonly ({
    readonly id: string;
    readonly intentId: string;
    readonly provider: string;
    readonly providerInteractionId: null;
    readonly messageId: string;
    readonly state: "waiting_input" | "answered" | "expired" | "cancelled";
    readonly principalId: string | null;
    readonly channelType: string | null;
    readonly channelAddressRedacted: string | null;
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approvedIntentHash: string;
    readonly requiredFactors: readonly string[];
    readonly assuranceLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL";
    readonly evidence: {
      readonly protocol: "a2h.v1";
      readonly interaction_id: string;
      readonly request_jws: null;
      /** Detached JWS over the members; null: not signed now. */
      readonly response_jws: string | null;
      /** The intent's `message_id`. */
      readonly responds_to: string;
      readonly decision: "APPROVE" | "REJECT";
      readonly decided_at: string;
      readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
      readonly proof: {
        readonly actor: string;
        readonly assurance: Assurance | null;
        readonly profile: {
          readonly id: string;
          readonly fields_hash: string | null;
        } | null;
        readonly delegation: {
          readonly principal_id: string;
          readonly delegate_agent_id: string;
          readonly delegation_id: string;
        } | null;
        readonly voted_by: readonly string[] | null;
      };
      /** SHA-256 as 64 hexadecimal digits. */
      readonly approved_intent_hash: string;
      /** When the approval was ordered. */
      readonly consumed_at: string | null;
    } | null;
    readonly createdAt: string;
    readonly expiresAt: string;
    readonly answeredAt: string | null;
  })[];
  /** The current order, without its secrets. */
  readonly execution: Order | null;
  readonly auditTrail: readonly AuditEvent[];
  /** For people, and with `?seen_before=true`; null: it can't be read now. */
  readonly seen_before?: SeenBefore | null;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type IntentRow = {
  readonly id: string;
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly message_id: string;
  readonly sender_agent_id: string;
  readonly agent_name: string | null;
  readonly destination: string;
  readonly action: string;
  /** The policy that the agent named. */
  readonly policy_id: string;
  /** Ids of the policies in force. */
  readonly policies: readonly string[];
  readonly reason_code: string;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly risk_level: RiskLevel;
  readonly estimated_records: number | null;
  readonly value_usd: number | null;
  readonly estimated_value_usd: number | null;
  /** In the intent only: lists hold no free text. */
  readonly payload_path: null;
  /** In the intent only: lists hold no free text. */
  readonly payload_hash: null;
  readonly payload_type: string | null;
  /** In the intent only: lists hold no free text. */
  readonly block_reason: null;
  /** In the intent only: lists hold no free text. */
  readonly on_behalf_of: null;
  /** In the intent only: lists hold no free text. */
  readonly idempotency_key: null;
  /** In the intent only: lists hold no free text. */
  readonly sensitivity_tags: null;
  readonly profile_id: string | null;
  /** In the intent only: lists hold no free text. */
  readonly profile_fields_hash: null;
  readonly approval_state: "waiting_input" | "answered" | "expired" | "cancelled" | "failed";
  readonly required_approvals: number;
  readonly standing_approval_id: string | null;
  readonly has_approval_link: false;
  readonly approval_link_expires_at: null;
  readonly approval_link_used_at: null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  readonly approved_at: string | null;
  /** A person's id, `policy` or `timeout`; an agent's, if it withdrew it. */
  readonly decided_by: string | null;
};

export type IntentWebhook = {
  readonly registered: true;
  readonly webhookId: string;
  readonly intentId: string;
  readonly url: string;
  /** Only where the request named none. */
  readonly secret?: string | null;
  /** In a replayed response: why the secret is missing. */
  readonly detail?: string;
};

export type IntentWebhookRequest = {
  /** The intent's id. Aliases `intent_id`, `proposalId`, `proposal_id`. */
  readonly intentId: string;
  /** A public https address. */
  readonly url: string;
  /** Signs what is sent; Gate makes one if absent. */
  readonly secret?: string | null;
};

export type Intents = {
  readonly intents: readonly IntentRow[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type Jwks = {
  readonly keys: readonly {
    readonly kty?: string;
    readonly crv?: string;
    readonly x?: string;
    readonly kid?: string;
    readonly alg?: string;
    readonly use?: string;
  }[];
};

export type KillSwitch = {
  readonly scope: "agent" | "destination" | "everything";
  /** Null for `everything`. */
  readonly target: string | null;
  readonly engaged: true;
  readonly version: number;
  readonly reason: "incident" | "suspected_compromise" | "wrong_behaviour" | "upstream_outage" | "maintenance" | "drill" | "other";
  readonly ticket: string | null;
  /** Id of the principal that engaged it. */
  readonly actor: string;
  readonly since: string;
};

export type KillSwitches = {
  readonly switches: readonly KillSwitch[];
  readonly count: number;
};

export type LiftedSwitch = {
  readonly scope: "agent" | "destination" | "everything";
  /** Null for `everything`. */
  readonly target: string | null;
  readonly engaged: false;
  readonly version: number;
  /** False: it was not engaged. */
  readonly changed: boolean;
};

export type LinkedCase = {
  readonly intentId: string;
  readonly messageId: string;
  /** Without personal data, as the next two. */
  readonly destination: string;
  readonly action: string;
  readonly policy: string;
  /** From 0 to 1, in hundredths. */
  readonly riskScore: number;
  readonly riskLevel: RiskLevel;
  readonly approvalState: "waiting_input";
  readonly expiresAt: string;
};

export type LogFault = {
  readonly reason: "row_missing" | "row_out_of_place" | "other_epoch" | "malformed" | "too_large" | "entry_edited" | "mac_wrong" | "entry_missing" | "entry_repeated" | "chain_broken" | "sealed_row_missing" | "sealed_row_changed" | "restore_unfinished" | "restored_unchecked" | "checkpoint_ahead" | "checkpoint_conflict";
  readonly row: number | null;
  readonly chain: string | null;
  readonly seq: number | null;
  readonly since: string;
};

export type LogHealth = {
  readonly status: "sealed" | "behind" | "stopped";
  /** Rows in the ledger; null: not known now. */
  readonly rows: number | null;
  readonly sealed: number;
  readonly checkpoint: {
    readonly size: number;
    readonly root: string;
    readonly signed_at: string;
  } | null;
  readonly fault: LogFault | null;
  readonly past_faults: readonly ({
    readonly reason: "row_missing" | "row_out_of_place" | "other_epoch" | "malformed" | "too_large" | "entry_edited" | "mac_wrong" | "entry_missing" | "entry_repeated" | "chain_broken" | "sealed_row_missing" | "sealed_row_changed" | "restore_unfinished" | "restored_unchecked" | "checkpoint_ahead" | "checkpoint_conflict";
    readonly row: number | null;
    readonly chain: string | null;
    readonly seq: number | null;
    readonly since: string;
    readonly until: string;
  })[];
};

export type LogKeys = {
  readonly origin: string | null;
  /** C2SP signed-note key. */
  readonly vkey: string | null;
  /** Every key that ever signed, newest first. */
  readonly vkeys: readonly string[];
  readonly checkpoint: "/log/checkpoint";
};

export type Metrics = {
  readonly actions_attempted: number;
  readonly actions_blocked: number;
  readonly actions_pending: number;
  readonly actions_approved: number;
  readonly actions_scheduled: number;
  readonly actions_succeeded: number;
  readonly actions_failed: number;
  readonly actions_expired: number;
  readonly actions_indeterminate: number;
  readonly duplicate_actions: number;
  readonly policy_violations: number;
  readonly avg_approval_latency_ms: number | null;
  readonly period: "all_time";
};

export type NamedVote = {
  /** The comment or reason, which the agent reads. Aliases `comment`, `note`. */
  readonly reason?: string | null;
  /** From `GET /v1/nonce`; works once. */
  readonly nonce?: string;
  /** When the person decided: ISO 8601 or milliseconds since the epoch, within five minutes. Alias `decidedAt`. */
  readonly decided_at?: number | string;
  /** The `intent_digest` that the voter saw; the vote is for that version only. Aliases `intent_digest`, `intentDigest`, `approved_intent_hash`. */
  readonly digest?: string;
  /** The person whose vote it is, under a delegation. Alias `onBehalfOfPrincipal`. */
  readonly on_behalf_of_principal?: string;
  /** The intent's id. Aliases `intentId`, `intent_id`. */
  readonly proposalId: string;
};

export type Nonce = {
  /** Works once, in a vote. */
  readonly nonce: string;
  readonly expiresAt: string;
};

export type Order = {
  readonly executionId: string;
  readonly execution_id: string;
  readonly intent_id: string;
  /** 1 for the first order of the intent. */
  readonly attempt: number;
  readonly mode: "runner_exec" | "gate_exec" | "forward" | "external_pull";
  readonly destination: string;
  readonly action: string;
  /** Where the payload is read, or the name of one that Gate has not seen. */
  readonly payload_ref: string | null;
  readonly payload_hash: string | null;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly intent_digest: string;
  /** For the order's holder only; 15 minutes. */
  readonly execution_token: string | null;
  /** The same as a JWS signed by Gate, to be verified offline. */
  readonly order: string | null;
  /** For the provider: the same for every attempt. */
  readonly idempotency_key: string;
  readonly retry_policy: {
    readonly max_attempts: number;
    readonly backoff_seconds: number;
  };
  readonly status: "scheduled" | "claimed" | "indeterminate" | "succeeded" | "failed" | "revoked" | "expired";
  readonly issued_at: string;
  readonly expires_at: string;
  readonly claimed_at: string | null;
  readonly claim_expires_at: string | null;
  readonly reported_at: string | null;
  /** As the executor states it; else when it reported. */
  readonly executed_at: string | null;
  readonly proof: "verified" | "none" | null;
  /** The JSON value that the executor reported; null: none. */
  readonly result: unknown;
  readonly approval_evidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
};

export type OrderRequest = {
  /** Who writes: a worker, or whoever downloads the payload. */
  readonly mode?: "runner_exec" | "external_pull";
};

export type OrderToken = {
  /** The order's token, beside the worker's own key. Alias `executionToken`, or the header `X-Gate-Execution-Token`. */
  readonly execution_token?: string;
};

export type PayloadEdit = {
  /** A text, an object or a list. A text that is only a file's name is a reference: Gate has not seen the content. */
  readonly payload?: string | Readonly<Record<string, unknown>> | readonly unknown[];
  /** The file's name, which says its type. Alias `payloadName`. */
  readonly payload_name?: string;
  /** The payload's media type. Alias `payloadMediaType`. */
  readonly payload_media_type?: string;
  /** Of `payload`: bytes are sent as `base64`. Alias `payloadEncoding`. */
  readonly payload_encoding?: "base64" | "utf-8";
  /** Names a payload that Gate does not see. Alias `payloadReference`. */
  readonly payload_reference?: {
    /** The file's name. */
    readonly name: string;
    /** SHA-256 of the bytes, in hexadecimal. */
    readonly sha256?: string;
    /** The number of records. */
    readonly rows?: number;
  };
  /** Declared records; can only make the decision stricter. Aliases `record_count`, `estimated_records`, `estimatedRecords`. */
  readonly recordCount?: number | string;
  /** Declared value in US dollars; can only make the decision stricter. Alias `estimated_value_usd`. */
  readonly estimatedValueUsd?: number;
  /** `true`: the editor also approves the successor, where the policy lets them. */
  readonly approve?: boolean;
  /** The comment or reason, which the agent reads. Aliases `comment`, `note`. */
  readonly reason: string | null;
  /** From `GET /v1/nonce`; works once. */
  readonly nonce?: string;
  /** When the person decided: ISO 8601 or milliseconds since the epoch, within five minutes. Alias `decidedAt`. */
  readonly decided_at?: number | string;
  /** The `intent_digest` that the voter saw; the vote is for that version only. Aliases `intent_digest`, `intentDigest`, `approved_intent_hash`. */
  readonly digest: string;
  /** The person whose vote it is, under a delegation. Alias `onBehalfOfPrincipal`. */
  readonly on_behalf_of_principal?: string;
};

export type PendingWrite = {
  readonly status: "pending_approval" | "scheduled";
  readonly state: State;
  readonly intentId: string;
  readonly intent_id: string;
  readonly message: string;
  readonly problem?: "credential_unavailable" | "request_not_sent";
  readonly retryAfterSeconds: number;
  /** Where the upstream's response is read once there is one. */
  readonly responseUrl: string;
  readonly expiresAt: string;
};

export type PolicyIds = {
  readonly policies: readonly string[];
};

export type PolicyRef = {
  readonly id: string;
  /** SHA-256 of the policy file. */
  readonly hash: string;
  /** SHA-256 of what the file says, whatever its comments. */
  readonly meaning?: string;
};

export type Principal = {
  readonly id: string;
  readonly agent_id: string;
  readonly agentId: string;
  readonly name: string;
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
  /** Of a human's key: the person whose votes it gives. */
  readonly person: string | null;
  /** Of an agent: the person or group that answers for it. */
  readonly owner: string | null;
  readonly status: "active" | "suspended" | "revoked";
  readonly framework: string | null;
  readonly environment: string | null;
  /** The Ed25519 key that verifies its reports, base64url. */
  readonly report_key: string | null;
  readonly risk_tier: string;
  readonly riskTier: string;
  /** `["*"]`: no limit of its own. */
  readonly allowed_policies: readonly string[];
  /** `["*"]`: no limit of its own. */
  readonly allowed_destinations: readonly string[];
  readonly created_at: string;
};

export type PrincipalInFull = {
  readonly id: string;
  readonly agent_id: string;
  readonly agentId: string;
  readonly name: string;
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
  /** Of a human's key: the person whose votes it gives. */
  readonly person: string | null;
  /** Of an agent: the person or group that answers for it. */
  readonly owner: string | null;
  readonly status: "active" | "suspended" | "revoked";
  readonly framework: string | null;
  readonly environment: string | null;
  /** The Ed25519 key that verifies its reports, base64url. */
  readonly report_key: string | null;
  readonly risk_tier: string;
  readonly riskTier: string;
  /** `["*"]`: no limit of its own. */
  readonly allowed_policies: readonly string[];
  /** `["*"]`: no limit of its own. */
  readonly allowed_destinations: readonly string[];
  readonly created_at: string;
  readonly metadata: Readonly<Record<string, unknown>>;
};

export type Principals = {
  readonly agents: readonly Principal[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
};

/** Stable, for programs; docs/errors.md says when each is sent. */
export type ProblemCode = "agent_inactive" | "agent_not_found" | "agent_unknown" | "already_answered" | "already_claimed" | "already_delivered" | "already_rejected" | "already_reported" | "already_revoked" | "approval_lapsed" | "approval_stale" | "blocked_by_rules" | "assurance_too_low" | "attempts_exhausted" | "body_timeout" | "claim_required" | "content_coding_refused" | "credential_changed" | "credential_unavailable" | "cross_origin" | "delegation_not_found" | "delivery_not_found" | "destination_not_allowed" | "destination_not_proxied" | "digest_mismatch" | "edit_blocked" | "edit_not_allowed" | "edit_unchanged" | "email_invalid" | "email_missing" | "email_unverified" | "execution_not_found" | "execution_token_required" | "forbidden" | "headers_refused" | "host_not_allowed" | "idempotency_in_flight" | "idempotency_key_reused" | "identity_already_linked" | "incomplete_body" | "intent_expired" | "intent_not_found" | "intent_revoked" | "interaction_expired" | "interaction_mismatch" | "interaction_not_found" | "interaction_not_pending" | "invalid_channel" | "invalid_execution_token" | "invalid_host" | "invalid_idempotency_key" | "invalid_json" | "invalid_key" | "invalid_link" | "invalid_name" | "invalid_principal" | "invalid_proof" | "invalid_provider" | "invalid_request" | "invalid_signature" | "invalid_token" | "keys_unavailable" | "kill_switch_engaged" | "large_bodies_busy" | "ledger_unavailable" | "link_already_used" | "link_expired" | "log_stopped" | "log_unavailable" | "method_not_allowed" | "method_refused" | "name_taken" | "navigation_refused" | "no_payload" | "no_response" | "no_result" | "not_eligible" | "not_found" | "not_restored" | "not_runner" | "not_sealed" | "nothing_to_deliver" | "order_expired" | "order_superseded" | "outcome_unknown" | "path_refused" | "payload_too_large" | "person_unknown" | "principal_revoked" | "proof_required" | "proposer_inactive" | "provider_mismatch" | "reason_required" | "replay_rejected" | "request_mismatch" | "request_not_sent" | "responds_to_mismatch" | "response_withheld" | "restore_time_invalid" | "restoring" | "result_too_large" | "retry_later" | "self_approval_forbidden" | "sign_in_required" | "too_many_mandates" | "too_many_requests" | "too_many_switches" | "too_many_webhooks" | "unauthorized" | "unavailable" | "unsupported_factor" | "unsupported_media_type" | "upgrade_refused" | "upstream_failed" | "upstream_timeout" | "userinfo_unavailable" | "vote_not_counted" | "webhook_not_found" | "webhook_not_in_use" | "write_blocked" | "wrong_executor" | "wrong_state";

export type Proposal = {
  /** A text, an object or a list. A text that is only a file's name is a reference: Gate has not seen the content. */
  readonly payload?: string | Readonly<Record<string, unknown>> | readonly unknown[] | null;
  /** The file's name, which says its type. Alias `payloadName`. */
  readonly payload_name?: string;
  /** The payload's media type. Alias `payloadMediaType`. */
  readonly payload_media_type?: string;
  /** Of `payload`: bytes are sent as `base64`. Alias `payloadEncoding`. */
  readonly payload_encoding?: "base64" | "utf-8";
  /** Names a payload that Gate does not see. Alias `payloadReference`. */
  readonly payload_reference?: {
    /** The file's name. */
    readonly name: string;
    /** SHA-256 of the bytes, in hexadecimal. */
    readonly sha256?: string;
    /** The number of records. */
    readonly rows?: number;
  };
  /** `system.action`, for example `salesforce.import`. Alias `action`. */
  readonly destination: string;
  /** The policy that the agent names; those of gate.yaml apply in any case. Aliases `policy_id`, `policyId`. */
  readonly policy: string;
  /** A label for people; the destination if absent. */
  readonly action?: string;
  /** Declared records; can only make the decision stricter. Aliases `record_count`, `estimated_records`, `estimatedRecords`. */
  readonly recordCount?: number | string | null;
  /** Declared value in US dollars; can only make the decision stricter. Alias `estimated_value_usd`. */
  readonly estimatedValueUsd?: number | null;
  /** What is in the payload, for example `pii`. Alias `sensitivity_tags`. */
  readonly sensitivityTags?: readonly string[] | null;
  /** For whom the agent writes; text for people. Alias `on_behalf_of`. */
  readonly onBehalfOf?: string | null;
  /** An opaque id of the person or account that the write concerns. Alias `principal_id`. */
  readonly principalId?: string | null;
  /** Names the write for ever: a repeat is answered with 409 and the first intent's id. Alias `idempotency_key`. */
  readonly idempotencyKey?: string | null;
  /** Time for a decision: `90s`, `30m`, `2h`, `1d`; a bare number is hours. Only shortens the policy's. Alias `expires_in`. */
  readonly expiresIn?: string | number;
  /** Free members, from which policies read `environment`, `scope` and fields of profiles. */
  readonly metadata?: Readonly<Record<string, unknown>> | null;
  /** A typed action profile, such as `email.send.v1`. */
  readonly profile?: string;
  /** `proposer`: the caller runs the write itself, and is refused where another one does. */
  readonly executor?: "proposer";
  /** `dashboard`, or a channel that gate.yaml asks about this destination. Alias `approval_provider`. */
  readonly approvalProvider?: string;
  /** Where the provider may reach a person; shown only. Alias `approval_channel`. */
  readonly approvalChannel?: {
    /** For example `sms`. */
    readonly type?: string;
    /** Stored without all but its last characters. */
    readonly address?: string;
  };
  /** The least assurance of a vote; only raises the policy's. */
  readonly assurance?: {
    /** `LOW`, `MEDIUM`, `HIGH` or `CRITICAL`. */
    readonly level?: string;
    /** For example `manual.dashboard.v1`. */
    readonly required_factors?: readonly string[];
  };
};

export type Proposals = {
  readonly proposals: readonly IntentRow[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type Proposed = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  /** Stable; docs/reason-codes.md says when each is sent. */
  readonly reason_code: string;
  readonly reasonCode: string;
  /** One sentence. */
  readonly reason: string;
  /** The smallest change that would pass, where naming it is safe. */
  readonly remedy: string | null;
  readonly blockReason: string | null;
  /** Ids of the policies in force. */
  readonly policies: readonly string[];
  readonly holdReason: string | null;
  /** What a vote is for: votes name it. */
  readonly intent_digest: string;
  readonly payload_hash: string | null;
  readonly expiresAt: string;
  readonly requiredApprovals: number;
  /** From 0 to 1, in hundredths. */
  readonly riskScore: number;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly riskLevel: RiskLevel;
  readonly risk_level: RiskLevel;
  readonly riskFactors: readonly string[];
  readonly risk_factors: readonly string[];
  readonly approvalState: "waiting_input" | "answered" | null;
  readonly profile: string | null;
  /** A sentence with the profile's fields; absent in a replayed answer of an older Gate. */
  readonly profileSummary?: string | null;
  readonly standingApprovalId: string | null;
  /** Null in a replayed answer of an older Gate only. */
  readonly messageId: string | null;
  /** Always null: kept for clients of earlier versions. */
  readonly approvalLinkToken: null;
  /** Where held, as the next three. */
  readonly approvalInteractionId: string | null;
  readonly approvalProvider: string | null;
  readonly requiredApprovalFactors: readonly string[];
  readonly assuranceLevel: "LOW" | "MEDIUM" | "HIGH" | "CRITICAL" | null;
};

export type ProviderDecision = {
  /** The intent's id. */
  readonly intent_id: string;
  /** The id of Gate's request. */
  readonly gate_approval_interaction_id: string;
  /** The id of the message that was answered. */
  readonly responds_to?: string;
  /** What the person decided. */
  readonly decision: "APPROVE" | "DECLINE" | "REJECT";
  /** When: ISO 8601 or milliseconds since the epoch, within five minutes. */
  readonly decided_at?: number | string;
  /** The `intent_digest` that the person saw. */
  readonly approved_intent_hash?: string;
  /** Not read. */
  readonly evidence?: Readonly<Record<string, unknown>> | null;
  /** The comment or reason, which the agent reads. */
  readonly reason?: string | null;
};

export type Queue = {
  readonly approvals: readonly QueueRow[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type QueueGroups = {
  readonly groups: readonly ({
    readonly group: string;
    readonly count: number;
    readonly sender_agent_id: string;
    readonly destination: string;
    readonly policy_id: string;
    readonly policies: readonly string[];
    readonly estimated_records: number | null;
    readonly value_usd: number | null;
    readonly oldest: string;
    readonly next_deadline: string | null;
  })[];
  readonly count: number;
  /** Names of the ids in this response, as far as the reader may look them up. */
  readonly names: Readonly<Record<string, string>>;
};

export type QueueRow = {
  readonly id: string;
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly message_id: string;
  readonly sender_agent_id: string;
  readonly agent_name: string | null;
  readonly destination: string;
  readonly action: string;
  /** The policy that the agent named. */
  readonly policy_id: string;
  /** Ids of the policies in force. */
  readonly policies: readonly string[];
  readonly reason_code: string;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly risk_level: RiskLevel;
  readonly estimated_records: number | null;
  readonly value_usd: number | null;
  readonly estimated_value_usd: number | null;
  /** In the intent only: lists hold no free text. */
  readonly payload_path: null;
  /** In the intent only: lists hold no free text. */
  readonly payload_hash: null;
  readonly payload_type: string | null;
  /** In the intent only: lists hold no free text. */
  readonly block_reason: null;
  /** In the intent only: lists hold no free text. */
  readonly on_behalf_of: null;
  /** In the intent only: lists hold no free text. */
  readonly idempotency_key: null;
  /** In the intent only: lists hold no free text. */
  readonly sensitivity_tags: null;
  readonly profile_id: string | null;
  /** In the intent only: lists hold no free text. */
  readonly profile_fields_hash: null;
  readonly approval_state: "waiting_input" | "answered" | "expired" | "cancelled" | "failed";
  readonly required_approvals: number;
  readonly standing_approval_id: string | null;
  readonly has_approval_link: false;
  readonly approval_link_expires_at: null;
  readonly approval_link_used_at: null;
  readonly created_at: string;
  readonly updated_at: string;
  readonly expires_at: string;
  readonly approved_at: string | null;
  /** A person's id, `policy` or `timeout`; an agent's, if it withdrew it. */
  readonly decided_by: string | null;
  /** Null: it waits without a deadline. */
  readonly decide_by: string | null;
  /** Equal for intents that can be decided alike. */
  readonly group: string | null;
  readonly votes: number;
  /** With `people`: who may vote. Both empty: every reviewer. */
  readonly groups: readonly string[];
  readonly people: readonly string[];
  readonly min_assurance: string | null;
  /** Recipients that no notification reached; null: not known now. */
  readonly undelivered: readonly ({
    readonly to: string;
    readonly person: string | null;
    readonly why: string;
    /** False: Gate has given up. */
    readonly trying: boolean;
  })[] | null;
};

export type Reads = {
  readonly reads: readonly {
    readonly day: string;
    readonly agent_id: string;
    readonly destination: string;
    readonly count: number;
  }[];
};

export type RecheckPreview = {
  /** Cases that this call looked at. */
  readonly checked: number;
  readonly changed: number;
  readonly cases: readonly ({
    readonly intentId: string;
    readonly state: "pending_approval" | "approved";
    readonly becomes: "held" | "blocked" | "approved";
    readonly reason_code: string;
  })[];
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
};

export type RecheckRequest = {
  /** With `dry_run`: these policies, in place of those in force. */
  readonly policies?: readonly {
    /** The policy's id. */
    readonly id: string;
    /** Its file. */
    readonly text: string;
  }[];
  /** The text of a gate.yaml beside them; null: none. */
  readonly registry?: string | null;
  /** The `next` of the call before. */
  readonly after?: string;
};

export type RecheckSweep = {
  readonly state: "started" | "running" | "done";
  /** Digest of the rules that waiting intents are evaluated under. */
  readonly rules: string;
  readonly checked: number;
};

export type RegisteredPrincipal = {
  readonly id: string;
  readonly agent_id: string;
  readonly agentId: string;
  readonly name: string;
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
  /** Of a human's key: the person whose votes it gives. */
  readonly person: string | null;
  /** Of an agent: the person or group that answers for it. */
  readonly owner: string | null;
  readonly status: "active" | "suspended" | "revoked";
  readonly framework: string | null;
  readonly environment: string | null;
  /** The Ed25519 key that verifies its reports, base64url. */
  readonly report_key: string | null;
  readonly risk_tier: string;
  readonly riskTier: string;
  /** `["*"]`: no limit of its own. */
  readonly allowed_policies: readonly string[];
  /** `["*"]`: no limit of its own. */
  readonly allowed_destinations: readonly string[];
  readonly created_at: string;
  /** Shown once: null in a replayed response. */
  readonly apiKey: string | null;
  /** Shown once: null in a replayed response. */
  readonly api_key: string | null;
  readonly warning?: string;
  /** In a replayed response: why the key is missing. */
  readonly detail?: string;
};

export type RegisteredWebhook = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  /** `standard`: Standard Webhooks. `contract`: one intent's decision, once. */
  readonly form: "standard" | "contract";
  readonly intent_id: string | null;
  readonly registered_by: string;
  readonly created_at: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
  /** Shown once: null in a replayed response. */
  readonly secret: string | null;
  /** In a replayed response: why the secret is missing. */
  readonly detail?: string;
};

export type Registration = {
  /** Unique, and not easily confused with another principal's. */
  readonly name: string;
  /** A key has one role. */
  readonly role?: "agent" | "reviewer" | "runner" | "auditor" | "admin";
  /** Of a human's key: a person of gate.yaml, or another key of theirs. Alias `person_id`. */
  readonly person?: string;
  /** Of an agent: the person or group that answers for it, who can't decide on its intents. */
  readonly owner?: string;
  /** The only policies it may name; absent or `["*"]`: all. Alias `allowed_policies`. */
  readonly allowedPolicies?: readonly string[];
  /** The only destinations it may name; absent or `["*"]`: all. Alias `allowed_destinations`. */
  readonly allowedDestinations?: readonly string[];
  /** Selects the `environments` of policies. */
  readonly environment?: string;
  /** For people. */
  readonly framework?: string;
  /** For people. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** For people. Alias `risk_tier`. */
  readonly riskTier?: string;
};

export type Rehearsed = {
  readonly dryRun: true;
  readonly intentId: null;
  readonly status: "approved" | "pending_approval" | "blocked";
  /** Stable; docs/reason-codes.md says when each is sent. */
  readonly reason_code: string;
  readonly reasonCode: string;
  /** One sentence. */
  readonly reason: string;
  /** The smallest change that would pass, where naming it is safe. */
  readonly remedy: string | null;
  readonly blockReason: string | null;
  /** Ids of the policies in force. */
  readonly policies: readonly string[];
  /** From 0 to 1, in hundredths. */
  readonly riskScore: number;
  /** From 0 to 1, in hundredths. */
  readonly risk_score: number;
  readonly riskLevel: RiskLevel;
  readonly risk_level: RiskLevel;
  readonly riskFactors: readonly string[];
  readonly risk_factors: readonly string[];
};

export type Rejected = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  readonly approvalState: "waiting_input" | "answered";
  readonly reason: string | null;
  readonly approvalEvidence: {
    readonly protocol: "a2h.v1";
    readonly interaction_id: string;
    readonly request_jws: null;
    /** Detached JWS over the members; null: not signed now. */
    readonly response_jws: string | null;
    /** The intent's `message_id`. */
    readonly responds_to: string;
    readonly decision: "APPROVE" | "REJECT";
    readonly decided_at: string;
    readonly factor: "manual.dashboard.v1" | "link.single_use.v1" | "timeout.auto_approve_if_low_risk.v1";
    readonly proof: {
      readonly actor: string;
      readonly assurance: Assurance | null;
      readonly profile: {
        readonly id: string;
        readonly fields_hash: string | null;
      } | null;
      readonly delegation: {
        readonly principal_id: string;
        readonly delegate_agent_id: string;
        readonly delegation_id: string;
      } | null;
      readonly voted_by: readonly string[] | null;
    };
    /** SHA-256 as 64 hexadecimal digits. */
    readonly approved_intent_hash: string;
    /** When the approval was ordered. */
    readonly consumed_at: string | null;
  } | null;
};

export type Report = {
  /** What became of the write. */
  readonly status: "succeeded" | "failed" | "indeterminate";
  /** Any JSON value. Aliases `report`, `worker_report`. */
  readonly result?: unknown;
  /** When it was executed: ISO 8601 or milliseconds since the epoch. Alias `executedAt`. */
  readonly executed_at?: number | string;
  /** With `failed`: the agent may order again. */
  readonly retryable?: boolean;
  /** The same report as a JWS, signed with the worker's registered key. Alias `signed_report`. */
  readonly proof?: string;
  /** The order's token, beside the worker's own key. Alias `executionToken`, or the header `X-Gate-Execution-Token`. */
  readonly execution_token?: string;
};

export type ReportKey = {
  readonly agent_id: string;
  readonly agentId: string;
  /** RFC 8037. */
  readonly report_key: {
    readonly kty: "OKP";
    readonly crv: "Ed25519";
    readonly x: string;
  } | null;
};

export type ReportKeyRequest = {
  /** RFC 8037; null removes the registered key. */
  readonly jwk: {
    /** Always `OKP`. */
    readonly kty: "OKP";
    /** Always `Ed25519`. */
    readonly crv: "Ed25519";
    /** The public key, base64url. */
    readonly x: string;
  } | null;
};

export type Resolution = {
  /** Whether the write happened. */
  readonly outcome: "executed" | "not_executed";
  /** How that is known. */
  readonly note: string;
};

export type RestoreRequest = {
  /** The newest checkpoint that the operator has. */
  readonly checkpoint?: string;
  /** The `next` of the call before. */
  readonly after?: string;
};

export type Restored = {
  readonly restored_at: string | null;
  /** Intents that this call settled. */
  readonly settled: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
  /** The tree head that sealing goes on from. */
  readonly checkpoint: {
    readonly size: number;
    readonly root: string;
  } | null;
};

export type Revocation = {
  /** Why; for the mandate's list. Aliases `comment`, `note`. */
  readonly reason?: string | null;
};

export type RevokedMandate = {
  readonly id: string;
  readonly revoked: true;
  readonly status: "revoked";
  readonly revoked_at: string;
  readonly revokedAt: string;
  readonly reason: string | null;
};

export type RiskLevel = "low" | "medium" | "high" | "critical";

export type RoleChange = {
  /** The new role. */
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
};

export type RoleChanged = {
  readonly agent_id: string;
  readonly agentId: string;
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
};

export type RotatedKey = {
  readonly agent_id: string;
  readonly agentId: string;
  /** Shown once: null in a replayed response. */
  readonly apiKey: string | null;
  /** Shown once: null in a replayed response. */
  readonly api_key: string | null;
  /** In a replayed response: why the key is missing. */
  readonly detail?: string;
};

export type RotatedSecret = {
  readonly id: string;
  /** Shown once: null in a replayed response. */
  readonly secret: string | null;
  /** In a replayed response: why the secret is missing. */
  readonly detail?: string;
};

export type SeenBefore = {
  /** Of the same payload to the same destination. */
  readonly payload: {
    /** 1 is the first run. */
    readonly nth: number;
    readonly earlier: number;
    /** True: there are more than were counted. */
    readonly more: boolean;
    /** How many are in each state now. */
    readonly states: Readonly<Record<string, number>>;
    readonly latest: readonly ({
      readonly id: string;
      readonly state: string;
      readonly sender_agent_id: string;
      readonly reason_code: string;
      readonly decided_by: string | null;
      readonly created_at: string;
      readonly updated_at: string;
    })[];
  } | null;
  /** Of the same type and field names, by the same agent. */
  readonly shape: {
    /** 1 is the first run. */
    readonly nth: number;
    readonly earlier: number;
    /** True: there are more than were counted. */
    readonly more: boolean;
    /** How many are in each state now. */
    readonly states: Readonly<Record<string, number>>;
    readonly latest: readonly ({
      readonly id: string;
      readonly state: string;
      readonly sender_agent_id: string;
      readonly reason_code: string;
      readonly decided_by: string | null;
      readonly created_at: string;
      readonly updated_at: string;
    })[];
  } | null;
  /** Of the same agent. */
  readonly agent: {
    /** 1 is the first run. */
    readonly nth: number;
    readonly earlier: number;
    /** True: there are more than were counted. */
    readonly more: boolean;
    /** How many are in each state now. */
    readonly states: Readonly<Record<string, number>>;
    readonly latest: readonly ({
      readonly id: string;
      readonly state: string;
      readonly sender_agent_id: string;
      readonly reason_code: string;
      readonly decided_by: string | null;
      readonly created_at: string;
      readonly updated_at: string;
    })[];
  } | null;
};

export type Session = {
  readonly principal_id: string;
  readonly name: string;
  readonly role: "agent" | "reviewer" | "runner" | "auditor" | "admin";
  readonly person: string | null;
  readonly groups: readonly string[];
  readonly assurance: Assurance;
  readonly via: "key" | "token" | "session";
  /** When the session ends; null without one. */
  readonly expires_at: string | null;
};

export type SessionRequest = {
  /** A reviewer's, auditor's or admin's key. */
  readonly key: string;
};

export type StandingApproval = {
  readonly id: string;
  readonly status: "in_force" | "revoked" | "expired" | "used_up";
  readonly policy_id: string | null;
  readonly policyId: string | null;
  readonly agent_id: string | null;
  readonly agentId: string | null;
  readonly principal_id: string | null;
  readonly principalId: string | null;
  readonly max_amount_usd: number | null;
  readonly maxAmountUsd: number | null;
  /** Whose vote it gives. */
  readonly person: string;
  readonly assurance: Assurance;
  readonly created_by: string;
  readonly createdBy: string;
  readonly created_at: string;
  readonly createdAt: string;
  readonly expires_at: string;
  readonly expiresAt: string;
  readonly revoked_at: string | null;
  readonly revokedAt: string | null;
  readonly revoked_reason: string | null;
  readonly revokedReason: string | null;
  readonly destination: string;
  readonly max_records: number | null;
  readonly maxRecords: number | null;
  readonly daily_limit_usd: number | null;
  readonly dailyLimitUsd: number | null;
  readonly uses: number | null;
  readonly used: number;
};

export type StandingApprovalRequest = {
  /** Only under this policy. Aliases `policyId`, `policy`. */
  readonly policy_id?: string;
  /** Only for this `principal_id`. Alias `principalId`. */
  readonly principal_id?: string;
  /** Only of this agent. Alias `agentId`. */
  readonly agent_id?: string;
  /** Only up to this amount; an unknown one never passes. Alias `maxAmountUsd`. */
  readonly max_amount_usd?: number;
  /** ISO 8601, or milliseconds since the epoch; within 366 days. Alias `expiresAt`. */
  readonly expires_at?: string | number;
  /** An exact name, or `system.*`. */
  readonly destination: string;
  /** Only up to so many records. Alias `maxRecords`. */
  readonly max_records?: number;
  /** Within any 24 hours. Alias `dailyLimitUsd`. */
  readonly daily_limit_usd?: number;
  /** How many intents it may approve. */
  readonly uses?: number;
};

export type StandingApprovals = {
  /** The same as `standing_approvals`. */
  readonly standingApprovals: readonly StandingApproval[];
  readonly standing_approvals: readonly StandingApproval[];
  readonly count: number;
  /** Send it as `after` for the next page; null: there is none. */
  readonly next: string | null;
};

/** The exact state. */
export type State = "blocked" | "pending_approval" | "approved" | "rejected" | "expired" | "cancelled" | "withdrawn" | "revoked" | "scheduled" | "claimed" | "succeeded" | "failed" | "indeterminate";

/** What clients poll for; `state` is exact. */
export type Status = "blocked" | "pending_approval" | "approved" | "expired" | "scheduled" | "delivered" | "succeeded" | "failed";

export type StatusChanged = {
  readonly agent_id: string;
  readonly agentId: string;
  readonly status: "active" | "suspended" | "revoked";
};

export type StatusSummary = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
};

export type StoredHttpRequest = {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly slot: {
    readonly in: "header" | "query";
    readonly name: string;
  } | null;
  readonly idempotencyHeader: string | null;
  /** Keyed digest of the agent's account. */
  readonly credential?: string;
  readonly fromTemplate?: true;
};

export type SwitchRequest = {
  /** What it stops. */
  readonly scope: "agent" | "destination" | "everything";
  /** An agent's id, or a destination's exact name or `system.*`; absent for `everything`. */
  readonly target?: string;
  /** Why. */
  readonly reason: "incident" | "suspected_compromise" | "wrong_behaviour" | "upstream_outage" | "maintenance" | "drill" | "other";
  /** An id in an issue tracker. */
  readonly ticket?: string;
  /** Engages it for a destination that is not known yet. */
  readonly force?: boolean;
};

export type SwitchTarget = {
  /** What it stops. */
  readonly scope: "agent" | "destination" | "everything";
  /** As it was engaged. */
  readonly target?: string | null;
};

export type TestSent = {
  readonly id: string;
  readonly delivery_id: string;
};

export type UnlinkedIdentity = {
  readonly agent_id: string;
  readonly agentId: string;
  readonly unlinked: boolean;
};

export type UpstreamResponse = {
  readonly intent_id: string;
  /** The upstream's status. */
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Of `body`. */
  readonly encoding: "utf-8" | "base64";
  readonly truncated: boolean;
  readonly received_at: string;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly sha256: string;
};

export type VaultCheck = {
  readonly credentials: readonly {
    readonly name: string;
    /** Where the secret is; never the secret. */
    readonly ref: string;
    readonly ok: boolean;
    /** Of OAuth 2.0. */
    readonly grant?: string;
    readonly token_url?: string;
    /** Of an access token. */
    readonly expires_at?: string;
    readonly problem?: string;
    readonly detail?: string;
  }[];
};

export type Vote = {
  /** The comment or reason, which the agent reads. Aliases `comment`, `note`. */
  readonly reason?: string | null;
  /** From `GET /v1/nonce`; works once. */
  readonly nonce?: string;
  /** When the person decided: ISO 8601 or milliseconds since the epoch, within five minutes. Alias `decidedAt`. */
  readonly decided_at?: number | string;
  /** The `intent_digest` that the voter saw; the vote is for that version only. Aliases `intent_digest`, `intentDigest`, `approved_intent_hash`. */
  readonly digest?: string;
  /** The person whose vote it is, under a delegation. Alias `onBehalfOfPrincipal`. */
  readonly on_behalf_of_principal?: string;
};

export type VoteByLink = {
  /** The comment or reason, which the agent reads. Aliases `comment`, `note`. */
  readonly reason?: string | null;
  /** The `intent_digest` that the voter saw; the vote is for that version only. Aliases `intent_digest`, `intentDigest`, `approved_intent_hash`. */
  readonly digest?: string;
};

export type VoteProblem = {
  readonly status: number | string;
  readonly code: ProblemCode;
  readonly detail: string;
  readonly message?: string;
  readonly agent?: string;
  readonly blockReason?: string;
  readonly claim?: string;
  readonly decision?: string;
  readonly capabilities?: readonly string[];
  readonly destination?: string;
  readonly executor?: string;
  readonly header?: string;
  readonly hint?: string;
  readonly host?: string;
  readonly intent_id?: string;
  readonly intentId?: string;
  readonly intent_status?: string;
  readonly limit?: string;
  readonly limit_bytes?: number;
  /** One for each invalid field. */
  readonly messages?: readonly string[];
  readonly path?: string;
  readonly per_minute?: number;
  readonly policies?: readonly string[];
  readonly principal_status?: string;
  readonly problem?: string;
  readonly provider?: string;
  readonly reason?: string;
  readonly reason_code?: string;
  readonly remedy?: string | null;
  readonly risk_level?: string;
  readonly scope?: string;
  /** Was the request sent? */
  readonly sent?: boolean;
  readonly upstream_status?: number;
  readonly state?: string;
  readonly target?: string | null;
  readonly voted_by?: string;
  readonly voted_person?: string;
  /** Where sealing stopped. */
  readonly fault?: {
    readonly reason: string;
    readonly row: number | null;
    readonly chain: string | null;
    readonly seq: number | null;
    readonly since: string;
  };
};

export type Waited = {
  readonly intentId: string;
  /** The same as `intentId`. */
  readonly proposalId: string;
  readonly status: Status;
  readonly state: State;
  /** False: call again. */
  readonly decided: boolean;
  readonly decided_by: string | null;
  readonly approvedAt: string | null;
  /** Wait for that one instead. */
  readonly successor_id: string | null;
  readonly expires_at: string;
  readonly execute_by: string | null;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly intent_digest: string;
  readonly block_reason: string | null;
};

export type Webhook = {
  readonly id: string;
  readonly url: string;
  readonly events: readonly string[];
  readonly description: string;
  /** `standard`: Standard Webhooks. `contract`: one intent's decision, once. */
  readonly form: "standard" | "contract";
  readonly intent_id: string | null;
  readonly registered_by: string;
  readonly created_at: string;
  readonly enabled: boolean;
  readonly disabled_reason: string | null;
};

export type WebhookRequest = {
  /** A public https address. */
  readonly url: string;
  /** `*`, `intent.*`, or events such as `intent.approved`. */
  readonly events?: readonly string[];
  /** For people. */
  readonly description?: string;
};

export type Webhooks = {
  readonly webhooks: readonly Webhook[];
  readonly count: number;
};

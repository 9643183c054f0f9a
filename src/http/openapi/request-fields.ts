/** What the document says of a registered request: its name there, and a sentence for each member. */
export interface DescribedRequest {
  readonly component: string;
  /** Member to description; `a.b` for a nested one. */
  readonly fields: Readonly<Record<string, string>>;
  /** JSON Schema of members whose zod type has none. */
  readonly schemas?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const PAYLOAD = {
  payload:
    "A text, an object or a list. A text that is only a file's name is a reference: Gate has not seen the content.",
  payload_name: "The file's name, which says its type.",
  payload_media_type: "The payload's media type.",
  payload_encoding: "Of `payload`: bytes are sent as `base64`.",
  payload_reference: "Names a payload that Gate does not see.",
  "payload_reference.name": "The file's name.",
  "payload_reference.sha256": "SHA-256 of the bytes, in hexadecimal.",
  "payload_reference.rows": "The number of records.",
  recordCount: "Declared records; can only make the decision stricter.",
  estimatedValueUsd: "Declared value in US dollars; can only make the decision stricter.",
} as const;

const PAYLOAD_SCHEMAS = {
  payload: { type: ["string", "object", "array"] },
  recordCount: {
    anyOf: [
      { type: "integer", minimum: 0, maximum: 1_000_000_000 },
      { type: "string", pattern: "^\\d{1,9}$" },
    ],
  },
} as const;

const DURATION = {
  type: ["string", "integer"],
  minimum: 1,
  maximum: 999_999_999,
  pattern: "^0*[1-9]\\d{0,8}[smhd]?$",
};

const NOTE = "The comment or reason, which the agent reads.";
const DIGEST = "The `intent_digest` that the voter saw; the vote is for that version only.";
const DELEGATOR = "The person whose vote it is, under a delegation.";

const SCOPE = {
  destination: "An exact name, or `system.*`.",
  policy_id: "Only under this policy.",
  principal_id: "Only for this `principal_id`.",
  agent_id: "Only of this agent.",
  max_amount_usd: "Only up to this amount; an unknown one never passes.",
  expires_at: "ISO 8601, or milliseconds since the epoch; within 366 days.",
} as const;

/** By the name that the request is registered under. */
export const REQUESTS: Readonly<Record<string, DescribedRequest>> = {
  "POST /v1/intents": {
    component: "Proposal",
    fields: {
      ...PAYLOAD,
      destination: "`system.action`, for example `salesforce.import`.",
      policy: "The policy that the agent names; those of gate.yaml apply in any case.",
      action: "A label for people; the destination if absent.",
      sensitivityTags: "What is in the payload, for example `pii`.",
      onBehalfOf: "For whom the agent writes; text for people.",
      principalId: "An opaque id of the person or account that the write concerns.",
      idempotencyKey: "Names the write for ever: a repeat is answered with 409 and the first intent's id.",
      expiresIn:
        "Time for a decision: `90s`, `30m`, `2h`, `1d`; a bare number is hours. Only shortens the policy's.",
      metadata: "Free members, from which policies read `environment`, `scope` and fields of profiles.",
      profile: "A typed action profile, such as `email.send.v1`.",
      executor: "`proposer`: the caller runs the write itself, and is refused where another one does.",
      approvalProvider: "`dashboard`, or a channel that gate.yaml asks about this destination.",
      approvalChannel: "Where the provider may reach a person; shown only.",
      "approvalChannel.type": "For example `sms`.",
      "approvalChannel.address": "Stored without all but its last characters.",
      assurance: "The least assurance of a vote; only raises the policy's.",
      "assurance.level": "`LOW`, `MEDIUM`, `HIGH` or `CRITICAL`.",
      "assurance.required_factors": "For example `manual.dashboard.v1`.",
    },
    schemas: { ...PAYLOAD_SCHEMAS, metadata: { type: "object" }, expiresIn: DURATION },
  },
  "POST /v1/standing-approvals/:id/revoke": {
    component: "Revocation",
    fields: { reason: "Why; for the mandate's list." },
  },
  "POST /v1/intents/:id/edit": {
    component: "PayloadEdit",
    fields: {
      ...PAYLOAD,
      approve: "`true`: the editor also approves the successor, where the policy lets them.",
    },
    schemas: PAYLOAD_SCHEMAS,
  },
  "POST /v1/intents/:id/approve": {
    component: "Vote",
    fields: {
      reason: NOTE,
      nonce: "From `GET /v1/nonce`; works once.",
      decided_at: "When the person decided: ISO 8601 or milliseconds since the epoch, within five minutes.",
      digest: DIGEST,
      on_behalf_of_principal: DELEGATOR,
    },
  },
  "POST /v1/approval-links/:token/approve": {
    component: "VoteByLink",
    fields: { reason: NOTE, digest: DIGEST },
  },
  "POST /v1/approvals/batch: a decision": {
    component: "BatchVote",
    fields: {
      intentId: "The intent's id.",
      decision: "The vote.",
      digest: DIGEST,
      reason: NOTE,
      on_behalf_of_principal: DELEGATOR,
    },
  },
  "POST /v1/approvals/batch": {
    component: "Batch",
    fields: { decisions: "The votes." },
    schemas: {
      decisions: {
        type: "array",
        minItems: 1,
        maxItems: 100,
        items: { $ref: "#/components/schemas/BatchVote" },
      },
    },
  },
  "POST /v1/intents/:id/resolve": {
    component: "Resolution",
    fields: { outcome: "Whether the write happened.", note: "How that is known." },
  },
  "POST /v1/intents/:id/erase": { component: "Erasure", fields: { reason: "Why." } },
  "POST /v1/intents/:id/execute": {
    component: "OrderRequest",
    fields: { mode: "Who writes: a worker, or whoever downloads the payload." },
  },
  "POST /v1/executions/:id/report": {
    component: "Report",
    fields: {
      status: "What became of the write.",
      result: "Any JSON value.",
      executed_at: "When it was executed: ISO 8601 or milliseconds since the epoch.",
      retryable: "With `failed`: the agent may order again.",
      proof: "The same report as a JWS, signed with the worker's registered key.",
    },
  },
  "POST /v1/standing-approvals": {
    component: "StandingApprovalRequest",
    fields: {
      ...SCOPE,
      max_records: "Only up to so many records.",
      daily_limit_usd: "Within any 24 hours.",
      uses: "How many intents it may approve.",
    },
  },
  "POST /v1/delegations": {
    component: "DelegationRequest",
    fields: {
      ...SCOPE,
      delegator_principal_id: "The caller; nobody delegates another's vote.",
      delegate_agent_id: "The reviewer's key that may vote; or `delegate_person_id`.",
      delegate_person_id: "The person of gate.yaml who may vote.",
    },
  },
  "POST /v1/agents/register": {
    component: "Registration",
    fields: {
      name: "Unique, and not easily confused with another principal's.",
      role: "A key has one role.",
      person: "Of a human's key: a person of gate.yaml, or another key of theirs.",
      owner: "Of an agent: the person or group that answers for it, who can't decide on its intents.",
      allowedPolicies: 'The only policies it may name; absent or `["*"]`: all.',
      allowedDestinations: 'The only destinations it may name; absent or `["*"]`: all.',
      environment: "Selects the `environments` of policies.",
      framework: "For people.",
      metadata: "For people.",
      riskTier: "For people.",
    },
  },
  "POST /v1/agents/:id/role": { component: "RoleChange", fields: { role: "The new role." } },
  "POST /v1/agents/:id/report-key": {
    component: "ReportKeyRequest",
    fields: {
      jwk: "RFC 8037; null removes the registered key.",
      "jwk.kty": "Always `OKP`.",
      "jwk.crv": "Always `Ed25519`.",
      "jwk.x": "The public key, base64url.",
    },
  },
  "POST /v1/switches": {
    component: "SwitchRequest",
    fields: {
      scope: "What it stops.",
      target: "An agent's id, or a destination's exact name or `system.*`; absent for `everything`.",
      reason: "Why.",
      ticket: "An id in an issue tracker.",
      force: "Engages it for a destination that is not known yet.",
    },
  },
  "POST /v1/switches/lift": {
    component: "SwitchTarget",
    fields: { scope: "What it stops.", target: "As it was engaged." },
  },
  "POST /v1/webhooks": {
    component: "WebhookRequest",
    fields: {
      url: "A public https address.",
      events: "`*`, `intent.*`, or events such as `intent.approved`.",
      description: "For people.",
    },
  },
  "POST /v1/webhooks/register": {
    component: "IntentWebhookRequest",
    fields: {
      intentId: "The intent's id.",
      url: "A public https address.",
      secret: "Signs what is sent; Gate makes one if absent.",
    },
  },
  "POST /v1/recheck": {
    component: "RecheckRequest",
    fields: {
      policies: "With `dry_run`: these policies, in place of those in force.",
      "policies.id": "The policy's id.",
      "policies.text": "Its file.",
      registry: "The text of a gate.yaml beside them; null: none.",
      after: "The `next` of the call before.",
    },
  },
  "POST /v1/restore": {
    component: "RestoreRequest",
    fields: {
      checkpoint: "The newest checkpoint that the operator has.",
      after: "The `next` of the call before.",
    },
  },
  "POST /v1/session": {
    component: "SessionRequest",
    fields: { key: "A reviewer's, auditor's or admin's key." },
  },
  "POST /v1/approval-callbacks/:provider": {
    component: "ProviderDecision",
    fields: {
      intent_id: "The intent's id.",
      gate_approval_interaction_id: "The id of Gate's request.",
      responds_to: "The id of the message that was answered.",
      decision: "What the person decided.",
      decided_at: "When: ISO 8601 or milliseconds since the epoch, within five minutes.",
      approved_intent_hash: "The `intent_digest` that the person saw.",
      evidence: "Not read.",
      reason: NOTE,
    },
  },
};

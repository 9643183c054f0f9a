/** A value that stands for a mistake: NaN and a missing variable are `null` in JSON. */
export type Probe = "null" | '""' | "[]" | "{}";

/** A field that a request may leave out. */
export interface FieldRow {
  /** What leaving it out permits, compared with giving it. */
  readonly absent: string;
  /** The value that an absent field has. */
  readonly default?: unknown;
  /** Probes that are accepted, and why each permits no more than leaving the field out. */
  readonly takes?: Partial<Record<Probe, string>>;
  /** Fields without which the request can't leave this one out. */
  readonly beside?: Readonly<Record<string, unknown>>;
}

interface RequestRows {
  /** A valid request with every container that an optional field is in. */
  readonly base: Readonly<Record<string, unknown>>;
  readonly fields: Readonly<Record<string, FieldRow>>;
}

const CLIENT =
  "the contract's Python client sends null for what it leaves out; the field can only make a decision stricter";

/** Free text, whose absence can only be refused. */
const COMMENT: FieldRow = {
  absent: "nothing more: a rejection without a reason says that none was given, or is refused by its policy",
  takes: { null: "no text", '""': "an empty text; where a reason is required it is refused as missing" },
};

const DIGEST: FieldRow = {
  absent: "a vote for whatever the intent is, which is the version it was proposed as",
};

const PAYLOAD: FieldRow = {
  absent: "no content, which is measured as unknown",
  takes: {
    '""': "an empty content, measured",
    "[]": "a list of no records, measured",
    "{}": "a record, measured",
  },
};

const PAYLOAD_FIELDS: Readonly<Record<string, FieldRow>> = {
  payload: PAYLOAD,
  payload_name: { absent: "the type is recognised from the content" },
  payload_media_type: {
    absent: "the type is recognised from the content",
    takes: { '""': "no type, recognised from the content" },
  },
  payload_encoding: { absent: "the text is the content" },
  payload_reference: { absent: "no reference" },
  "payload_reference.sha256": { absent: "a reference to unknown bytes" },
  "payload_reference.rows": { absent: "an unknown number of records, which holds" },
};

const SHA = "a".repeat(64);
const DESTINATION_SCOPE: Readonly<Record<string, FieldRow>> = {
  policy_id: { absent: "every policy" },
  principal_id: { absent: "every principal" },
  agent_id: { absent: "every agent" },
  max_amount_usd: { absent: "every amount" },
  expires_at: { absent: "30 days for a standing approval, 7 for a delegation" },
};

/** Every request that a route parses, with a row for each field that it may leave out. */
export const REQUESTS: Readonly<Record<string, RequestRows>> = {
  "POST /v1/agents/register": {
    base: { name: "x" },
    fields: {
      role: { absent: "an agent, the role that can only propose", default: "agent" },
      person: { absent: "a person of its own" },
      owner: { absent: "nobody answers for the agent" },
      allowedPolicies: { absent: "every policy", takes: { "[]": "no policy at all" } },
      allowedDestinations: { absent: "every destination", takes: { "[]": "no destination at all" } },
      environment: { absent: "the environment of the deployment" },
      framework: { absent: "no information for people" },
      metadata: { absent: "no information for people", default: {}, takes: { "{}": "the same" } },
      riskTier: { absent: "the tier that changes nothing", default: "standard" },
    },
  },
  "POST /v1/agents/:id/report-key": { base: { jwk: null }, fields: {} },
  "POST /v1/agents/:id/role": { base: { role: "agent" }, fields: {} },
  "POST /v1/standing-approvals/:id/revoke": {
    base: {},
    fields: { reason: { absent: "no reason", takes: { null: "no reason", '""': "no reason" } } },
  },
  "POST /v1/switches": {
    base: { scope: "everything", reason: "incident" },
    fields: {
      target: {
        absent: "nothing: required for an agent or a destination, refused for everything",
        takes: { '""': "refused after parsing, for every scope" },
      },
      ticket: { absent: "no ticket" },
      force: { absent: "a switch that stops nothing known is refused", default: false },
    },
  },
  "POST /v1/switches/lift": {
    base: { scope: "everything" },
    fields: {
      target: {
        absent: "nothing: required for an agent or a destination, refused for everything",
        takes: {
          '""': "refused after parsing, for every scope",
          null: "as the list of switches shows `everything`; refused for the other scopes",
        },
      },
    },
  },
  "POST /v1/restore": {
    base: {},
    fields: {
      checkpoint: { absent: "nothing: the log stays stopped until one is brought" },
      after: { absent: "nothing: settles from the newest intent on" },
    },
  },
  "POST /v1/recheck": {
    base: { policies: [], registry: "" },
    fields: {
      policies: {
        absent: "nothing: a dry run by the rules in force",
        takes: { "[]": "a folder without policies" },
      },
      registry: {
        absent: "nothing: a dry run by the rules in force",
        takes: { null: "no registry, which is evaluated as none", '""': "an empty file, which is invalid" },
      },
      after: { absent: "nothing: looks from the newest intent on" },
    },
  },
  "POST /v1/webhooks": {
    base: { url: "https://hooks.example/gate" },
    fields: {
      events: { absent: "every event", default: ["*"] },
      description: { absent: "no description", default: "", takes: { '""': "the same" } },
    },
  },
  "POST /v1/webhooks/register": {
    base: { intentId: "int_1", url: "https://hooks.example/gate" },
    fields: {
      secret: {
        absent: "a secret that Gate makes, stronger than a chosen one",
        takes: { null: "the contract's clients send it for no secret of their own; Gate makes one" },
      },
    },
  },
  "GET /v1/webhooks/:id/deliveries": {
    base: {},
    fields: {
      after: { absent: "the first page", takes: { '""': "the first page" } },
      limit: { absent: "a page of 50", default: 50 },
    },
  },
  "POST /v1/intents": {
    base: {
      destination: "crm.write",
      policy: "crm",
      payload_reference: { name: "a.csv" },
      approvalChannel: { type: "email", address: "ana@example.com" },
      assurance: { level: "HIGH", required_factors: ["manual.dashboard.v1"] },
    },
    fields: {
      ...PAYLOAD_FIELDS,
      payload: { ...PAYLOAD, takes: { ...PAYLOAD.takes, null: CLIENT } },
      action: { absent: "the destination's name" },
      recordCount: { absent: "what Gate measures", takes: { null: CLIENT } },
      estimatedValueUsd: { absent: "what Gate measures", takes: { null: CLIENT } },
      sensitivityTags: { absent: "no tags", takes: { null: CLIENT, "[]": "no tags" } },
      onBehalfOf: {
        absent: "the agent for itself",
        takes: { null: "information for people", '""': "information for people" },
      },
      principalId: {
        absent: "no principal, which mandates for a principal do not match",
        takes: { null: "the same", '""': "a principal that no mandate can name" },
      },
      idempotencyKey: { absent: "a write of its own", takes: { null: CLIENT } },
      expiresIn: { absent: "the policy's time, which this can only shorten" },
      metadata: { absent: "no metadata", takes: { null: CLIENT, "{}": "the same" } },
      profile: { absent: "no profile, which can only make the decision stricter" },
      executor: { absent: "whoever the registry names" },
      approvalProvider: { absent: "the people and channels of gate.yaml, which a request does not choose" },
      approvalChannel: {
        absent: "the same",
        takes: { "{}": "a channel without an address, refused where held" },
      },
      "approvalChannel.type": { absent: "a channel of no named type, which is shown only" },
      "approvalChannel.address": {
        absent: "refused where held",
        takes: { '""': "refused where held, as one without an address" },
      },
      assurance: { absent: "the policy's own assurance", takes: { "{}": "the same" } },
      "assurance.level": { absent: "the policy's own assurance" },
      "assurance.required_factors": { absent: "the policy's own assurance", takes: { "[]": "no factors" } },
    },
  },
  "POST /v1/intents/:id/edit": {
    base: { payload_reference: { name: "a.csv" } },
    fields: {
      ...PAYLOAD_FIELDS,
      recordCount: { absent: "the number that the proposal declared" },
      estimatedValueUsd: { absent: "the amount that the proposal declared" },
      approve: { absent: "an edit without a vote", default: false },
    },
  },
  "POST /v1/intents/:id/approve": {
    base: {},
    fields: {
      reason: COMMENT,
      nonce: {
        absent: "a vote that is not protected against a replay",
      },
      decided_at: {
        absent: "a vote of any age",
      },
      digest: DIGEST,
      on_behalf_of_principal: { absent: "the caller's own vote" },
    },
  },
  "POST /v1/approvals/batch: a decision": {
    base: { intentId: "int_1", decision: "approve", digest: SHA },
    fields: { reason: COMMENT, on_behalf_of_principal: { absent: "the caller's own vote" } },
  },
  "POST /v1/approvals/batch": { base: { decisions: [{}] }, fields: {} },
  "POST /v1/approval-links/:token/approve": { base: {}, fields: { reason: COMMENT, digest: DIGEST } },
  "POST /v1/standing-approvals": {
    base: { destination: "crm.write" },
    fields: {
      ...DESTINATION_SCOPE,
      max_records: { absent: "every number of records" },
      daily_limit_usd: { absent: "every amount a day" },
      uses: { absent: "every number of uses" },
    },
  },
  "POST /v1/delegations": {
    base: { delegate_person_id: "ana" },
    fields: {
      ...DESTINATION_SCOPE,
      destination: { absent: "every destination" },
      delegator_principal_id: { absent: "the caller" },
      delegate_agent_id: { absent: "the person that is named beside it" },
      delegate_person_id: {
        absent: "the principal that is named beside it",
        beside: { delegate_agent_id: "rev_1" },
      },
    },
  },
  "POST /v1/intents/:id/resolve": { base: { outcome: "executed", note: "seen" }, fields: {} },
  "POST /v1/intents/:id/erase": { base: { reason: "asked" }, fields: {} },
  "POST /v1/intents/:id/execute": {
    base: {},
    fields: { mode: { absent: "an order for a runner", default: "runner_exec" } },
  },
  "POST /v1/executions/:id/report": {
    base: { status: "failed" },
    fields: {
      result: {
        absent: "no result",
        takes: { null: "no result", '""': "a result", "[]": "a result", "{}": "a result" },
      },
      executed_at: { absent: "no time of the write" },
      retryable: { absent: "a failure that ends the intent", default: false },
      proof: { absent: "an unsigned report" },
    },
  },
  "POST /v1/session": { base: { key: "gate_rk_x" }, fields: {} },
  "POST /v1/approval-callbacks/:provider": {
    base: { intent_id: "int_1", gate_approval_interaction_id: "x", decision: "APPROVE" },
    fields: {
      responds_to: { absent: "an answer that names no message" },
      decided_at: { absent: "a decision of any age" },
      approved_intent_hash: {
        absent: "a vote for the intent that was sent",
      },
      evidence: { absent: "ignored", takes: { null: "ignored", "{}": "ignored" } },
      reason: COMMENT,
    },
  },
  "POST /slack/interactions: block_actions": {
    base: {
      type: "block_actions",
      user: { id: "U1" },
      team: { id: "T1" },
      actions: [{ action_id: "approve", value: "x" }],
    },
    fields: {
      "user.team_id": { absent: "the channel's team" },
      team: { absent: "no team: refused without the user's", takes: { null: "Slack's word for no team" } },
      trigger_id: { absent: "no form can be opened", takes: { '""': "Slack opens no form" } },
      response_url: { absent: "nowhere to answer", takes: { '""': "nowhere to answer" } },
      "actions.value": { absent: "no reference: refused", takes: { '""': "no signed reference: refused" } },
    },
  },
  "POST /slack/interactions: view_submission": {
    base: {
      type: "view_submission",
      user: { id: "U1" },
      team: { id: "T1" },
      view: { callback_id: "x", private_metadata: "", state: { values: { b: { i: { value: "why" } } } } },
    },
    fields: {
      "user.team_id": { absent: "the channel's team" },
      team: { absent: "no team: refused without the user's", takes: { null: "Slack's word for no team" } },
      "view.state.values.*.*.value": {
        absent: "no text: a rejection needs a reason",
        takes: { null: "Slack's word for no text", '""': "no text" },
      },
    },
  },
  "POST /slack/interactions: private_metadata": {
    base: { reference: "x", responseUrl: null },
    fields: {},
  },
};

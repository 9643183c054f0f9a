/** A policy with every field. */
export const FULL = `# every field
id: x
description: All of them
owner: finance
mode: enforce
destinations: [crm.import, mail.*]
allowed_types: [csv, jsonl, txt]
require_profile: email.send.v1
field_checks:
  - { path: amount, required: true, type: number, min: 0, max: 10 }
  - { path: code, max_length: 5, pattern: "^[0-9]+$", enum: [1, a, true] }
block_if_terms: [alpha]
hold_if_terms: [beta]
block_if_pii: [email, email]
hold_if_pii: [iban]
block_duplicates_within: 90s
rate_limits: { per_agent_per_hour: 3, per_agent_per_day: 5 }
budgets: [{ window: 24h, max_records: 10, max_value_usd: 99.5, on_exceed: block }]
require_approval_for: org_wide
require_approval_if_template_error: true
max_value_usd: 1000.25
require_approval_over_value_usd: 10
cooldown_after_rejection: none
require_approval_over: 5
auto_approve_under: 5
risk: { hold_at: medium, block_at: critical }
expiry_minutes: 30
execution_window_minutes: 10
on_no_response: escalate
escalate: [{ after: 20m, to: b-team }, { after: 10m, to: a-team }]
approvers: { groups: [finance], people: [ana], require: 2, exclude_owner: false, min_assurance: sso }
edit: { allow: true }
execution: runner
retention_days: 30
environments:
  production: { require_approval: always, block_if_terms: null, auto_approve_under: 1 }
`;

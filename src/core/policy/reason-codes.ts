import type { Outcome } from "./decision.ts";

/**
 * Every reason code a decision can carry, with the outcomes it comes with. Codes are part of the wire contract:
 * they are added, never renamed. docs/reason-codes.md explains each one; a test keeps the two equal.
 */
export const REASON_CODES = {
  approved_by_policy: ["approve"],

  kill_switch: ["block"],
  agent_destination_not_allowed: ["block"],
  agent_policy_not_allowed: ["block"],
  destination_not_registered: ["block"],
  unknown_policy: ["block"],
  policy_broken: ["block"],
  executor_conflict: ["block"],
  no_request_to_send: ["block"],
  destination_not_proxied: ["block"],

  destination_not_allowed: ["block"],
  type_not_allowed: ["block"],
  type_contradicted: ["block"],
  profile_required: ["block"],
  profile_mismatch: ["block"],
  invalid_profile_payload: ["block"],
  field_check_failed: ["block"],
  blocked_term_detected: ["block"],
  blocked_pii_detected: ["block"],
  duplicate_blocked: ["block"],
  rate_limit_exceeded: ["block"],
  budget_exceeded: ["hold", "block"],
  value_over_limit: ["block"],
  recently_rejected: ["block"],
  risk_too_high: ["block"],

  header_not_listed: ["hold"],
  payload_edited: ["hold"],
  rules_changed: ["hold"],
  destination_changed: ["block"],
  payload_not_inspectable: ["hold"],
  held_term_detected: ["hold"],
  held_pii_detected: ["hold"],
  history_unavailable: ["hold"],
  budget_not_measurable: ["hold"],
  manual_review_required: ["hold"],
  org_wide_scope: ["hold"],
  template_error_detected: ["hold"],
  value_over_threshold: ["hold"],
  value_not_measured: ["hold"],
  payload_unmeasured: ["hold"],
  records_not_measured: ["hold"],
  record_threshold_exceeded: ["hold"],
  risk_needs_review: ["hold"],
  only_shadow_policies: ["hold"],
} as const satisfies Record<string, readonly Outcome[]>;

export type ReasonCode = keyof typeof REASON_CODES;

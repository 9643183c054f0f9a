import type { ReasonCode } from "../policy/reason-codes.ts";

/** Why, in a few words and without any value of the payload: lists and messages show these. */
const REASON_WORDS = {
  approved_by_policy: "every applicable policy approves it",

  kill_switch: "a kill switch is engaged",
  agent_destination_not_allowed: "the agent may not write there",
  agent_policy_not_allowed: "the agent may not name this policy",
  destination_not_registered: "the destination is not registered",
  unknown_policy: "the policy does not exist",
  policy_broken: "the policy's file has errors",
  executor_conflict: "the policies name different executors",
  no_request_to_send: "there is no request to send",
  destination_not_proxied: "another executor carries this out",

  destination_not_allowed: "the policy does not list the destination",
  type_not_allowed: "the payload's type is not allowed",
  type_contradicted: "the payload is not of its declared type",
  profile_required: "it is no typed action",
  profile_mismatch: "it is another typed action",
  invalid_profile_payload: "the typed action's fields are not valid",
  field_check_failed: "a field fails its check",
  blocked_term_detected: "a blocked term is in the payload",
  blocked_pii_detected: "blocked personal data is in the payload",
  duplicate_blocked: "the same write was proposed shortly before",
  rate_limit_exceeded: "the agent's rate limit is reached",
  budget_exceeded: "it is over the budget",
  value_over_limit: "the amount is over the maximum",
  recently_rejected: "a person rejected the same write shortly before",
  risk_too_high: "the risk is too high",

  header_not_listed: "the request has headers that Gate does not know",
  payload_edited: "a reviewer edited the payload",
  rules_changed: "the rules changed while it waited",
  destination_changed: "the destination changed while it waited",
  payload_not_inspectable: "the payload can't be inspected",
  held_term_detected: "a term that needs review is in the payload",
  held_pii_detected: "personal data that needs review is in the payload",
  history_unavailable: "the counters could not be read",
  budget_not_measurable: "what it uses of the budget is unknown",
  manual_review_required: "a person decides each of these",
  org_wide_scope: "it concerns the whole organisation",
  template_error_detected: "a placeholder was not filled in",
  value_over_threshold: "the amount is over the limit for review",
  value_not_measured: "the amount is unknown",
  payload_unmeasured: "only the payload's name was sent",
  records_not_measured: "the number of records is unknown",
  record_threshold_exceeded: "more records than pass without review",
  risk_needs_review: "the risk needs a person's review",
  only_shadow_policies: "only policies in shadow mode apply",
} as const satisfies Record<ReasonCode, string>;

/** A code that a newer version stored is shown with blanks. */
export function reasonWords(code: string): string {
  return Object.hasOwn(REASON_WORDS, code) ? REASON_WORDS[code as ReasonCode] : code.replaceAll("_", " ");
}

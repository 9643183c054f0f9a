/**
 * Gate's operational log events: a stable code to alert on, and its message. `docs/logging.md` explains each, and what
 * an operator does about it.
 */
export const LOG_EVENTS = {
  answer_not_stored: "idempotent response not stored",
  approval_batch_item_failed: "batch decision failed",
  case_unreadable: "case not read for a list",
  counter_update_failed: "counter update failed",
  credential_unavailable: "credential not fetched",
  deadline_failed: "deadline not applied",
  deliveries_unreadable: "deliveries not read",
  decision: "proposal evaluated",
  delivery_planning_failed: "notifications not planned",
  delivery_run_failed: "notifications not delivered",
  delivery_settling_failed: "delivery result not stored",
  dispatcher_wake_failed: "dispatcher not woken",
  earlier_intents_unreadable: "earlier intents not counted",
  evidence_not_signed: "approval evidence not signed",
  ledger_flush_failed: "ledger flush failed",
  ledger_group_refused: "ledger refused a batch of several intents",
  ledger_read_failed: "ledger not read",
  log_keys_unreadable: "log keys not read",
  log_sealing_failed: "log not sealed",
  log_sealing_stopped: "log sealing stopped",
  log_count_failed: "ledger rows not counted",
  log_wake_failed: "log sealer not woken",
  notification_failed: "notification failed",
  notification_worker_failed: "notification worker not started",
  proposer_unconfirmed: "proposer's key and kill switches not read again",
  queue_send_failed: "queue send failed",
  recheck_failed: "case not evaluated again",
  recheck_sweep_failed: "what waits not evaluated again",
  request: "request answered",
  roster_not_recorded: "people and issuers of gate.yaml not recorded",
  sign_in_refused: "sign-in refused",
  silence_unconfirmed: "silence of approvers not confirmed",
  slack_form_failed: "Slack form not opened",
  slack_response_failed: "Slack did not accept a response",
  slack_vote_failed: "vote from Slack failed",
  standing_approvals_failed: "standing approvals not applied",
  unhandled_error: "unhandled error",
  write_not_sent: "write not sent",
  write_outcome_unknown: "write sent, no response",
} as const;

export type LogEvent = keyof typeof LOG_EVENTS;

/**
 * One structured log line. Details are ids, codes and error texts, never a payload, a secret, a URL's query or a
 * header.
 *
 * @param details members beside `event` and `message`
 */
export function logLine(
  event: LogEvent,
  details: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return { event, message: LOG_EVENTS[event], ...details };
}

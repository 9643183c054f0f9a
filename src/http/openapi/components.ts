import type { z } from "zod";
import { RECHECK_PREVIEW, RECHECK_SWEEP, RESTORED, VAULT_CHECK } from "../api/admin/operations-schema.ts";
import { METRICS, NONCE, POLICY_IDS } from "../api/admin/overview-schema.ts";
import * as principal from "../api/admin/principal-schema.ts";
import * as killSwitch from "../api/admin/switch-schema.ts";
import * as webhook from "../api/admin/webhook-schema.ts";
import { EDITED } from "../api/approvals/edit-schema.ts";
import { LINKED_CASE } from "../api/approvals/link-schema.ts";
import * as mandate from "../api/approvals/mandate-schema.ts";
import { BATCH_RESULTS, QUEUE, QUEUE_GROUPS, QUEUE_ROW } from "../api/approvals/queue-schema.ts";
import { DELIVERY_ORDER, HEARTBEAT, ORDER } from "../api/executions/order-schema.ts";
import { APPROVAL_REQUIREMENTS, POLICY_REF } from "../api/intents/approval-schema.ts";
import { AUDIT_EVENT, AUDIT_TRAIL } from "../api/intents/audit-schema.ts";
import { DECISION } from "../api/intents/decision-schema.ts";
import { ENTRY, EVIDENCE } from "../api/intents/evidence-schema.ts";
import { FACTS } from "../api/intents/facts-schema.ts";
import {
  HTTP_REQUEST,
  READS,
  STORED_HTTP_REQUEST,
  UPSTREAM_RESPONSE,
} from "../api/intents/http-write-schema.ts";
import { INTENT_ROW, INTENTS, PROPOSALS } from "../api/intents/intent-row-schema.ts";
import { SHOWN_INTENT } from "../api/intents/intent-schema.ts";
import { DUPLICATE, PROPOSED, REHEARSED } from "../api/intents/propose-schema.ts";
import { SEEN_BEFORE } from "../api/intents/seen-before-schema.ts";
import { WAITED } from "../api/intents/wait-schema.ts";
import * as log from "../api/public/log-schema.ts";
import { DISCOVERY, FEED, HEALTH, JWKS } from "../api/public/public-schema.ts";
import * as decision from "../api/shared/decision-schema.ts";
import { ASSURANCE, RISK_LEVEL, STATE, STATUS } from "../api/shared/fields-schema.ts";
import { CODE, PROBLEM, VOTE_PROBLEM } from "../problem/problem-schema.ts";
import { PENDING_WRITE } from "../proxy/pending-schema.ts";
import { SESSION } from "../sign-in/session-schema.ts";

/** The names of responses, and of what they are made of, which generated clients have as types. */
export const ANSWERS: Readonly<Record<string, z.ZodType>> = {
  ApprovalRequirements: APPROVAL_REQUIREMENTS,
  Approved: decision.APPROVED,
  Assurance: ASSURANCE,
  AuditEvent: AUDIT_EVENT,
  AuditTrail: AUDIT_TRAIL,
  BatchResults: BATCH_RESULTS,
  Cancelled: decision.CANCELLED,
  ConsistencyProof: log.CONSISTENCY,
  Decision: DECISION,
  Delegation: mandate.DELEGATION,
  Delegations: mandate.DELEGATIONS,
  DeletedWebhook: webhook.DELETED_WEBHOOK,
  Deliveries: webhook.DELIVERIES,
  Delivery: webhook.DELIVERY,
  DeliveryOrder: DELIVERY_ORDER,
  Discovery: DISCOVERY,
  Duplicate: DUPLICATE,
  Edited: EDITED,
  EngagedSwitch: killSwitch.ENGAGED_SWITCH,
  Entry: ENTRY,
  Erased: decision.ERASED,
  Evidence: EVIDENCE,
  Facts: FACTS,
  Feed: FEED,
  Health: HEALTH,
  Heartbeat: HEARTBEAT,
  HttpRequest: HTTP_REQUEST,
  InclusionProof: log.INCLUSION,
  Intent: SHOWN_INTENT,
  IntentRow: INTENT_ROW,
  IntentWebhook: webhook.INTENT_WEBHOOK,
  Intents: INTENTS,
  Jwks: JWKS,
  KillSwitch: killSwitch.SWITCH,
  KillSwitches: killSwitch.SWITCHES,
  LiftedSwitch: killSwitch.LIFTED_SWITCH,
  LinkedCase: LINKED_CASE,
  LogFault: log.FAULT,
  LogHealth: log.LOG_HEALTH,
  LogKeys: log.LOG,
  Metrics: METRICS,
  Nonce: NONCE,
  Order: ORDER,
  PendingWrite: PENDING_WRITE,
  PolicyIds: POLICY_IDS,
  PolicyRef: POLICY_REF,
  Principal: principal.PRINCIPAL,
  PrincipalInFull: principal.PRINCIPAL_IN_FULL,
  Principals: principal.PRINCIPALS,
  Problem: PROBLEM,
  ProblemCode: CODE,
  Proposals: PROPOSALS,
  Proposed: PROPOSED,
  Queue: QUEUE,
  QueueGroups: QUEUE_GROUPS,
  QueueRow: QUEUE_ROW,
  Reads: READS,
  RecheckPreview: RECHECK_PREVIEW,
  RecheckSweep: RECHECK_SWEEP,
  RegisteredPrincipal: principal.REGISTERED,
  RegisteredWebhook: webhook.REGISTERED_WEBHOOK,
  Rehearsed: REHEARSED,
  Rejected: decision.REJECTED,
  ReportKey: principal.REPORT_KEY_SET,
  Restored: RESTORED,
  RevokedMandate: mandate.REVOKED_MANDATE,
  RiskLevel: RISK_LEVEL,
  RoleChanged: principal.ROLE_CHANGED,
  RotatedKey: principal.ROTATED_KEY,
  RotatedSecret: webhook.ROTATED_SECRET,
  SeenBefore: SEEN_BEFORE,
  Session: SESSION,
  StandingApproval: mandate.STANDING_APPROVAL,
  StandingApprovals: mandate.STANDING_APPROVALS,
  State: STATE,
  Status: STATUS,
  StatusChanged: principal.STATUS_CHANGED,
  StatusSummary: decision.STATUS_SUMMARY,
  StoredHttpRequest: STORED_HTTP_REQUEST,
  TestSent: webhook.TEST_SENT,
  UnlinkedIdentity: principal.UNLINKED,
  UpstreamResponse: UPSTREAM_RESPONSE,
  VaultCheck: VAULT_CHECK,
  VoteProblem: VOTE_PROBLEM,
  Waited: WAITED,
  Webhook: webhook.WEBHOOK,
  Webhooks: webhook.WEBHOOKS,
};

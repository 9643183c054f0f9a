import { z } from "zod";
import { EDITED } from "../../api/approvals/edit-schema.ts";
import { BATCH_RESULTS, QUEUE, QUEUE_GROUPS } from "../../api/approvals/queue-schema.ts";
import { APPROVED, CANCELLED, ERASED, REJECTED, STATUS_SUMMARY } from "../../api/shared/decision-schema.ts";
import { LIST_QUERY } from "../../api/shared/list-query-schema.ts";
import { ADMIN, json, PEOPLE, REVIEWER, type Operation } from "../operation.ts";

const DECISION = "POST /v1/intents/:id/approve";

const NAMED = z.object({
  proposalId: z.string().min(1).describe("The intent's id. Aliases `intentId`, `intent_id`."),
});

type Vote = Omit<Operation, "path" | "id">;

const approve: Vote = {
  method: "POST",
  tag: "Approvals",
  summary: "Approve an intent",
  access: REVIEWER,
  request: { parsed: [DECISION] },
  replies: { 200: json(APPROVED, "The vote counts; `status` says whether it was the last one needed.") },
  problems: {
    400: ["invalid_request"],
    403: ["assurance_too_low", "delegation_not_found", "not_eligible", "self_approval_forbidden"],
    404: ["intent_not_found"],
    409: [
      "already_answered",
      "already_rejected",
      "approval_stale",
      "blocked_by_rules",
      "digest_mismatch",
      "kill_switch_engaged",
      "proposer_inactive",
      "replay_rejected",
      "vote_not_counted",
    ],
    410: ["intent_expired"],
  },
};

const reject: Vote = {
  ...approve,
  summary: "Reject an intent",
  description: "A reason is required. Rejecting an approved intent that nobody has claimed revokes it.",
  replies: { 200: json(REJECTED, "The vote counts.") },
  problems: {
    400: ["invalid_request", "reason_required"],
    403: ["assurance_too_low", "delegation_not_found", "not_eligible", "self_approval_forbidden"],
    404: ["intent_not_found"],
    409: ["already_answered", "digest_mismatch", "replay_rejected", "wrong_state"],
    410: ["intent_expired"],
  },
};

export const APPROVAL_OPERATIONS: readonly Operation[] = [
  { ...approve, path: "/v1/intents/:id/approve", id: "approveIntent" },
  {
    ...approve,
    path: "/v1/approve",
    id: "approve",
    description: "The same as `POST /v1/intents/{id}/approve`.",
    request: { name: "NamedVote", parsed: [DECISION], more: NAMED, isRequired: true },
  },
  { ...reject, path: "/v1/intents/:id/reject", id: "rejectIntent" },
  {
    ...reject,
    path: "/v1/reject",
    id: "reject",
    description: "The same as `POST /v1/intents/{id}/reject`.",
    request: { name: "NamedVote", parsed: [DECISION], more: NAMED, isRequired: true },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/cancel-approval",
    id: "cancelApproval",
    tag: "Approvals",
    summary: "Take an approval back",
    description: "A pending intent becomes `cancelled`, an approved or ordered one `revoked`.",
    access: REVIEWER,
    request: { parsed: [DECISION] },
    replies: { 200: json(CANCELLED, "Cancelled or revoked.") },
    problems: {
      400: ["invalid_request"],
      403: ["not_eligible", "self_approval_forbidden"],
      404: ["intent_not_found"],
      409: ["already_answered", "replay_rejected", "wrong_state"],
      410: ["intent_expired"],
    },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/revoke",
    id: "revokeIntent",
    tag: "Approvals",
    summary: "Revoke an intent",
    description: "For every reviewer and admin, because it only makes Gate stricter.",
    access: ["reviewer", "admin"],
    request: { parsed: [DECISION] },
    replies: { 200: json(STATUS_SUMMARY, "Revoked.") },
    problems: {
      400: ["invalid_request"],
      404: ["intent_not_found"],
      409: ["already_answered", "replay_rejected", "wrong_state"],
    },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/resolve",
    id: "resolveIntent",
    tag: "Approvals",
    summary: "Say what became of an indeterminate write",
    access: ["reviewer", "admin"],
    request: { parsed: ["POST /v1/intents/:id/resolve"], isRequired: true },
    replies: { 200: json(STATUS_SUMMARY, "Resolved.") },
    problems: {
      400: ["invalid_request"],
      403: ["not_eligible", "self_approval_forbidden"],
      404: ["intent_not_found"],
      409: ["wrong_state"],
    },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/erase",
    id: "eraseIntent",
    tag: "Operations",
    summary: "Erase an intent's payload and texts",
    description: "The ledger's entries stay, and every proof still verifies.",
    access: ADMIN,
    request: { parsed: ["POST /v1/intents/:id/erase"], isRequired: true },
    replies: { 200: json(ERASED, "Erased.") },
    problems: { 400: ["invalid_request"], 404: ["intent_not_found"], 409: ["wrong_state"] },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/edit",
    id: "editIntent",
    tag: "Approvals",
    summary: "Edit a pending intent's payload",
    description: "Where the policy allows it. The edited payload is a new intent, which needs its own votes.",
    access: REVIEWER,
    request: {
      name: "PayloadEdit",
      parsed: ["POST /v1/intents/:id/edit", DECISION],
      required: ["digest", "reason"],
      isRequired: true,
    },
    replies: { 200: json(EDITED, "The intent and its successor.") },
    problems: {
      400: ["invalid_request", "reason_required"],
      403: ["assurance_too_low", "edit_not_allowed", "not_eligible", "self_approval_forbidden"],
      404: ["intent_not_found"],
      409: [
        "already_answered",
        "approval_stale",
        "digest_mismatch",
        "kill_switch_engaged",
        "proposer_inactive",
        "replay_rejected",
      ],
      410: ["intent_expired"],
      422: ["edit_blocked", "edit_unchanged"],
      503: ["ledger_unavailable"],
    },
  },
  {
    method: "GET",
    path: "/v1/approvals",
    id: "listApprovals",
    tag: "Approvals",
    summary: "List what waits for a decision",
    access: PEOPLE,
    query: LIST_QUERY.extend({
      mine: z.enum(["true", "false"]).optional().describe("`true`: only what the caller may decide."),
    }),
    replies: { 200: json(QUEUE, "A page.") },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "GET",
    path: "/v1/approvals/groups",
    id: "listApprovalGroups",
    tag: "Approvals",
    summary: "Group what waits for a decision",
    access: PEOPLE,
    query: LIST_QUERY.omit({ after: true, limit: true }),
    replies: { 200: json(QUEUE_GROUPS, "At most 200 groups.") },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "POST",
    path: "/v1/approvals/batch",
    id: "decideBatch",
    tag: "Approvals",
    summary: "Decide several intents",
    description: "Each vote is cast on its own: one that is refused leaves the others.",
    access: REVIEWER,
    request: { parsed: ["POST /v1/approvals/batch"], isRequired: true },
    replies: { 200: json(BATCH_RESULTS, "A result for each decision.") },
    problems: { 400: ["invalid_request"] },
  },
];

import { LINKED_CASE } from "../../api/approvals/link-schema.ts";
import { APPROVED, REJECTED } from "../../api/shared/decision-schema.ts";
import { json, type Operation } from "../operation.ts";

const byLink: Omit<Operation, "path" | "id" | "method" | "summary" | "replies"> = {
  tag: "Approvals",
  access: "in_path",
  problems: {
    404: ["invalid_link"],
    409: ["already_answered", "digest_mismatch"],
    410: ["intent_expired", "link_already_used", "link_expired"],
  },
};

const voteByLink: Omit<Operation, "path" | "id" | "summary" | "replies"> = {
  ...byLink,
  method: "POST",
  description:
    "The vote of the person the link was sent to; with a reviewer's key or session, that reviewer's.",
  request: { parsed: ["POST /v1/approval-links/:token/approve"] },
};

export const APPROVAL_LINK_OPERATIONS: readonly Operation[] = [
  {
    ...byLink,
    method: "GET",
    path: "/v1/approval-links/:token",
    id: "getLinkedCase",
    summary: "Read the case of an approval link",
    description: "Without personal data. Changes nothing, because mail filters follow links too.",
    replies: { 200: json(LINKED_CASE, "The case.") },
  },
  {
    ...voteByLink,
    path: "/v1/approval-links/:token/approve",
    id: "approveByLink",
    summary: "Approve through a link",
    replies: { 200: json(APPROVED, "The vote counts.") },
    problems: {
      ...byLink.problems,
      401: ["sign_in_required"],
      403: ["assurance_too_low", "forbidden", "not_eligible", "self_approval_forbidden"],
      409: [
        "already_answered",
        "approval_stale",
        "digest_mismatch",
        "kill_switch_engaged",
        "proposer_inactive",
      ],
    },
  },
  {
    ...voteByLink,
    path: "/v1/approval-links/:token/reject",
    id: "rejectByLink",
    summary: "Reject through a link",
    replies: { 200: json(REJECTED, "The vote counts.") },
    problems: {
      ...byLink.problems,
      400: ["invalid_request", "reason_required"],
      401: ["sign_in_required"],
      403: ["assurance_too_low", "forbidden", "not_eligible", "self_approval_forbidden"],
      409: ["already_answered", "digest_mismatch", "wrong_state"],
    },
  },
];

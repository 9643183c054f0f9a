import {
  DELEGATION,
  DELEGATIONS,
  REVOKED_MANDATE,
  STANDING_APPROVAL,
  STANDING_APPROVALS,
} from "../../api/approvals/mandate-schema.ts";
import { AFTER_QUERY } from "../../api/shared/list-query-schema.ts";
import { json, PEOPLE, REVIEWER, type Operation } from "../operation.ts";

const revoke: Omit<Operation, "path" | "id" | "summary"> = {
  method: "POST",
  tag: "Mandates",
  access: REVIEWER,
  request: { parsed: ["POST /v1/standing-approvals/:id/revoke"] },
  replies: { 200: json(REVOKED_MANDATE, "Revoked: it gives no vote any more.") },
  problems: { 400: ["invalid_request"], 404: ["not_found"], 409: ["already_revoked"] },
};

export const MANDATE_OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/v1/standing-approvals",
    id: "createStandingApproval",
    tag: "Mandates",
    summary: "Approve in advance",
    description: "One vote of the caller for each intent that it covers, until it expires.",
    access: REVIEWER,
    request: { parsed: ["POST /v1/standing-approvals"], isRequired: true },
    replies: { 201: json(STANDING_APPROVAL, "The standing approval.") },
    problems: { 400: ["invalid_request"], 409: ["too_many_mandates"] },
  },
  {
    method: "GET",
    path: "/v1/standing-approvals",
    id: "listStandingApprovals",
    tag: "Mandates",
    summary: "List standing approvals",
    access: PEOPLE,
    query: AFTER_QUERY,
    replies: { 200: json(STANDING_APPROVALS, "At most 200.") },
  },
  {
    ...revoke,
    path: "/v1/standing-approvals/:id/revoke",
    id: "revokeStandingApproval",
    summary: "Revoke a standing approval",
  },
  {
    method: "POST",
    path: "/v1/delegations",
    id: "createDelegation",
    tag: "Mandates",
    summary: "Let another reviewer give your vote",
    access: REVIEWER,
    request: { parsed: ["POST /v1/delegations"], isRequired: true },
    replies: { 201: json(DELEGATION, "The delegation.") },
    problems: { 400: ["invalid_request"], 409: ["too_many_mandates"] },
  },
  {
    method: "GET",
    path: "/v1/delegations",
    id: "listDelegations",
    tag: "Mandates",
    summary: "List delegations",
    access: PEOPLE,
    query: AFTER_QUERY,
    replies: { 200: json(DELEGATIONS, "At most 200.") },
  },
  { ...revoke, path: "/v1/delegations/:id/revoke", id: "revokeDelegation", summary: "Revoke a delegation" },
];

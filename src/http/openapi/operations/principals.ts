import {
  PRINCIPAL_IN_FULL,
  PRINCIPALS,
  REGISTERED,
  REPORT_KEY_SET,
  ROLE_CHANGED,
  ROTATED_KEY,
  STATUS_CHANGED,
  UNLINKED,
} from "../../api/admin/principal-schema.ts";
import { AFTER_QUERY } from "../../api/shared/list-query-schema.ts";
import { ADMIN, EVERY_ROLE, json, PEOPLE, type Operation } from "../operation.ts";

const change: Omit<Operation, "path" | "id" | "summary" | "replies"> = {
  method: "POST",
  tag: "Principals",
  access: ADMIN,
  problems: { 404: ["agent_not_found"] },
};

const status: Omit<Operation, "path" | "id" | "summary"> = {
  ...change,
  replies: { 200: json(STATUS_CHANGED, "Its status.") },
  problems: { 404: ["agent_not_found"], 409: ["principal_revoked"] },
};

export const PRINCIPAL_OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/v1/agents/register",
    id: "registerPrincipal",
    tag: "Principals",
    summary: "Register an agent, a runner or a person's key",
    access: ADMIN,
    request: { parsed: ["POST /v1/agents/register"], isRequired: true },
    replies: { 201: json(REGISTERED, "The principal, with its key, which is shown once.") },
    problems: { 400: ["invalid_name", "invalid_request"], 409: ["name_taken"] },
  },
  {
    method: "GET",
    path: "/v1/agents",
    id: "listPrincipals",
    tag: "Principals",
    summary: "List principals",
    access: PEOPLE,
    query: AFTER_QUERY,
    replies: { 200: json(PRINCIPALS, "At most 200.") },
  },
  {
    method: "GET",
    path: "/v1/agents/:id",
    id: "getPrincipal",
    tag: "Principals",
    summary: "Read a principal",
    description: "Agents and runners read themselves only.",
    access: EVERY_ROLE,
    replies: { 200: json(PRINCIPAL_IN_FULL, "The principal.") },
    problems: { 404: ["agent_not_found"] },
  },
  {
    ...status,
    path: "/v1/agents/:id/suspend",
    id: "suspendPrincipal",
    summary: "Refuse a key until it is reactivated",
    access: ["reviewer", "admin"],
  },
  {
    ...status,
    path: "/v1/agents/:id/revoke",
    id: "revokePrincipal",
    summary: "Refuse a key for ever",
    access: ["reviewer", "admin"],
    problems: { 404: ["agent_not_found"] },
  },
  {
    ...status,
    path: "/v1/agents/:id/reactivate",
    id: "reactivatePrincipal",
    summary: "Accept a suspended key again",
  },
  {
    ...change,
    path: "/v1/agents/:id/rotate-key",
    id: "rotateKey",
    summary: "Replace a key",
    replies: { 200: json(ROTATED_KEY, "The new key, which is shown once.") },
  },
  {
    ...change,
    path: "/v1/agents/:id/report-key",
    id: "setReportKey",
    summary: "Set the key that verifies a worker's reports",
    request: { parsed: ["POST /v1/agents/:id/report-key"], isRequired: true },
    replies: { 200: json(REPORT_KEY_SET, "The key; null: it signs none.") },
    problems: { 400: ["invalid_request"], 404: ["agent_not_found"] },
  },
  {
    ...change,
    path: "/v1/agents/:id/role",
    id: "setRole",
    summary: "Assign another role",
    request: { parsed: ["POST /v1/agents/:id/role"], isRequired: true },
    replies: { 200: json(ROLE_CHANGED, "Its role.") },
    problems: { 400: ["invalid_request"], 404: ["agent_not_found"] },
  },
  {
    ...change,
    path: "/v1/agents/:id/unlink-identity",
    id: "unlinkIdentity",
    summary: "Unlink a person's account of an issuer",
    replies: { 200: json(UNLINKED, "Whether there was one.") },
  },
];

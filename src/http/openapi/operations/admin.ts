import { z } from "zod";
import { RECHECK_PREVIEW, RECHECK_SWEEP, RESTORED, VAULT_CHECK } from "../../api/admin/operations-schema.ts";
import { METRICS, NONCE, POLICY_IDS } from "../../api/admin/overview-schema.ts";
import { ENGAGED_SWITCH, LIFTED_SWITCH, SWITCHES } from "../../api/admin/switch-schema.ts";
import { ADMIN, EVERY_ROLE, json, PEOPLE, type Operation } from "../operation.ts";

export const ADMIN_OPERATIONS: readonly Operation[] = [
  {
    method: "GET",
    path: "/v1/switches",
    id: "listSwitches",
    tag: "Kill switches",
    summary: "List the kill switches that are engaged",
    access: PEOPLE,
    replies: { 200: json(SWITCHES, "All of them.") },
  },
  {
    method: "POST",
    path: "/v1/switches",
    id: "engageSwitch",
    tag: "Kill switches",
    summary: "Engage a kill switch",
    access: ["reviewer", "admin"],
    request: { parsed: ["POST /v1/switches"], isRequired: true },
    replies: { 200: json(ENGAGED_SWITCH, "It is engaged.") },
    problems: { 400: ["invalid_request"], 409: ["too_many_switches"] },
  },
  {
    method: "POST",
    path: "/v1/switches/lift",
    id: "liftSwitch",
    tag: "Kill switches",
    summary: "Lift a kill switch",
    access: ADMIN,
    request: { parsed: ["POST /v1/switches/lift"], isRequired: true },
    replies: { 200: json(LIFTED_SWITCH, "It is not engaged.") },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "GET",
    path: "/v1/policies",
    id: "listPolicies",
    tag: "Operations",
    summary: "List the ids of the policies",
    access: EVERY_ROLE,
    replies: { 200: json(POLICY_IDS, "The ids.") },
  },
  {
    method: "GET",
    path: "/v1/nonce",
    id: "issueNonce",
    tag: "Approvals",
    summary: "Get a nonce for a vote",
    access: EVERY_ROLE,
    replies: { 200: json(NONCE, "The nonce.") },
  },
  {
    method: "GET",
    path: "/v1/metrics",
    id: "getMetrics",
    tag: "Operations",
    summary: "Count intents",
    description: "Agents count their own.",
    access: EVERY_ROLE,
    replies: { 200: json(METRICS, "The counts.") },
  },
  {
    method: "POST",
    path: "/v1/vault/check",
    id: "checkVault",
    tag: "Operations",
    summary: "Check that every credential can be fetched",
    access: ADMIN,
    replies: { 200: json(VAULT_CHECK, "A result for each; no secret.") },
  },
  {
    method: "POST",
    path: "/v1/recheck",
    id: "recheck",
    tag: "Operations",
    summary: "Evaluate what waits under changed rules",
    access: ADMIN,
    query: z.object({
      dry_run: z
        .enum(["true", "false"])
        .optional()
        .describe("`true`: say what would change, and change nothing."),
    }),
    request: { parsed: ["POST /v1/recheck"] },
    replies: {
      200: json(z.union([RECHECK_PREVIEW, RECHECK_SWEEP]), "What would change; else how far it is."),
    },
    problems: { 400: ["invalid_request"] },
  },
  {
    method: "POST",
    path: "/v1/restore",
    id: "recordRestore",
    tag: "Operations",
    summary: "Record that the data were restored from a backup",
    description: "Repeat with `next` as `after` until that is null.",
    access: ADMIN,
    request: { parsed: ["POST /v1/restore"] },
    replies: { 200: json(RESTORED, "How far it is.") },
    problems: { 400: ["invalid_request"], 409: ["not_restored", "restore_time_invalid"] },
  },
];

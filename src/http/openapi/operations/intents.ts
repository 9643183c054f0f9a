import { z } from "zod";
import { AUDIT_TRAIL } from "../../api/intents/audit-schema.ts";
import { DECISION } from "../../api/intents/decision-schema.ts";
import { EVIDENCE } from "../../api/intents/evidence-schema.ts";
import { READS, UPSTREAM_RESPONSE } from "../../api/intents/http-write-schema.ts";
import { INTENTS, PROPOSALS } from "../../api/intents/intent-row-schema.ts";
import { SHOWN_INTENT } from "../../api/intents/intent-schema.ts";
import { DUPLICATE, PROPOSED, REHEARSED } from "../../api/intents/propose-schema.ts";
import { RESULT } from "../../api/intents/result-schema.ts";
import { WAITED } from "../../api/intents/wait-schema.ts";
import { STATUS_SUMMARY } from "../../api/shared/decision-schema.ts";
import { LIST_QUERY } from "../../api/shared/list-query-schema.ts";
import { AGENT, EVERY_ROLE, json, text, type Operation } from "../operation.ts";

const FLAG = z.enum(["true", "false"]).optional();

const propose: Omit<Operation, "path" | "id" | "description"> = {
  method: "POST",
  tag: "Intents",
  summary: "Propose a write",
  access: AGENT,
  query: z.object({ dry_run: FLAG.describe("`true`: evaluate only, and create no intent.") }),
  request: { parsed: ["POST /v1/intents"], required: ["destination", "policy"], isRequired: true },
  replies: {
    200: json(z.union([PROPOSED, REHEARSED]), "The decision: `approved`, `pending_approval` or `blocked`."),
    409: json(DUPLICATE, "The same write was proposed before."),
  },
  problems: {
    400: [
      "invalid_request",
      "invalid_principal",
      "invalid_provider",
      "invalid_channel",
      "unsupported_factor",
    ],
    403: ["not_runner"],
    409: ["proof_required", "wrong_executor"],
  },
};

const list: Omit<Operation, "path" | "id" | "replies"> = {
  method: "GET",
  tag: "Intents",
  summary: "List intents",
  description: "Agents see their own, runners those of destinations that name them. Newest first.",
  access: EVERY_ROLE,
  query: LIST_QUERY,
  problems: { 400: ["invalid_request"] },
};

const read: Omit<Operation, "path" | "id" | "summary" | "replies"> = {
  method: "GET",
  tag: "Intents",
  access: EVERY_ROLE,
  problems: { 404: ["intent_not_found"] },
};

const show: Omit<Operation, "path" | "id"> = {
  ...read,
  summary: "Read an intent",
  query: z.object({
    seen_before: FLAG.describe("Counts earlier intents that are alike; people get it anyway."),
  }),
  replies: { 200: json(SHOWN_INTENT, "The intent.") },
  problems: { ...read.problems, 400: ["invalid_request"] },
};

const audit: Omit<Operation, "path" | "id"> = {
  ...read,
  summary: "Read an intent's ledger entries",
  replies: { 200: json(AUDIT_TRAIL, "The entries, in order.") },
};

const BYTES = text("application/octet-stream", "The bytes.", {
  "X-Payload-Digest": "SHA-256 of the payload.",
});

export const INTENT_OPERATIONS: readonly Operation[] = [
  { ...propose, path: "/v1/intents", id: "proposeIntent" },
  { ...propose, path: "/v1/propose", id: "propose", description: "The same as `POST /v1/intents`." },
  { ...list, path: "/v1/intents", id: "listIntents", replies: { 200: json(INTENTS, "A page.") } },
  { ...list, path: "/v1/proposals", id: "listProposals", replies: { 200: json(PROPOSALS, "A page.") } },
  { ...show, path: "/v1/intents/:id", id: "getIntent" },
  {
    ...show,
    path: "/v1/proposals/:id",
    id: "getProposal",
    description: "The same as `GET /v1/intents/{id}`.",
  },
  { ...audit, path: "/v1/intents/:id/audit", id: "getIntentAudit" },
  {
    ...audit,
    path: "/v1/audit/:id",
    id: "getAudit",
    description: "The same as `GET /v1/intents/{id}/audit`.",
  },
  {
    ...read,
    path: "/v1/intents/:id/decision",
    id: "getIntentDecision",
    summary: "Read a decision",
    description: "Why the policies decided so. Agents and runners get no trace.",
    replies: { 200: json(DECISION, "The decision.") },
  },
  {
    ...read,
    path: "/v1/intents/:id/evidence",
    id: "getIntentEvidence",
    summary: "Export an intent's evidence",
    description: "One file with everything needed to verify the intent offline with Gate's public key.",
    replies: { 200: json(EVIDENCE, "The bundle.") },
  },
  {
    ...read,
    path: "/v1/intents/:id/payload",
    id: "getIntentPayload",
    summary: "Read a payload",
    replies: { 200: BYTES },
    problems: { 403: ["not_eligible"], 404: ["intent_not_found", "no_payload"] },
  },
  {
    ...read,
    path: "/v1/intents/:id/response",
    id: "getIntentResponse",
    summary: "Read the upstream's response to a write",
    description: "JSON where `Accept` or `format` asks for it, else the body as it came.",
    query: z.object({ format: z.enum(["json", "raw"]).optional() }),
    replies: {
      200: {
        description: "The stored response.",
        content: {
          "application/json": z.union([
            UPSTREAM_RESPONSE,
            z.unknown().describe("With the raw body: whatever JSON the upstream sent."),
          ]),
          "application/octet-stream": null,
          "application/x-ndjson": null,
          "text/csv": null,
          "text/plain": null,
        },
        headers: {
          "X-Gate-Upstream-Status": "The upstream's status; with the raw body only, as the next two.",
          "X-Gate-Truncated": "`true`: the body was longer.",
          "X-Gate-Response-Digest": "SHA-256 of the body.",
        },
      },
    },
    problems: {
      400: ["invalid_request"],
      403: ["not_eligible"],
      404: ["intent_not_found", "no_response"],
    },
  },
  {
    ...read,
    path: "/v1/intents/:id/result",
    id: "getIntentResult",
    summary: "Read what the executor reported",
    description: "For the agent that proposed the intent.",
    access: AGENT,
    replies: { 200: json(RESULT, "The report of the current order.") },
    problems: { 404: ["intent_not_found", "no_result"] },
  },
  {
    ...read,
    path: "/v1/intents/:id/wait",
    id: "waitForIntent",
    summary: "Wait for a decision",
    description: "Returns once the intent is decided, or its state after `timeout`.",
    query: z.object({ timeout: z.int().min(0).max(60).optional().describe("Seconds; 30 if absent.") }),
    replies: { 200: json(WAITED, "The state, decided or not.") },
    problems: { 400: ["invalid_request"], 404: ["intent_not_found"] },
  },
  {
    method: "POST",
    path: "/v1/intents/:id/withdraw",
    id: "withdrawIntent",
    tag: "Intents",
    summary: "Withdraw a pending intent",
    access: AGENT,
    request: { parsed: ["POST /v1/intents/:id/approve"] },
    replies: { 200: json(STATUS_SUMMARY, "Withdrawn.") },
    problems: {
      400: ["invalid_request"],
      404: ["intent_not_found"],
      409: ["already_answered", "replay_rejected", "wrong_state"],
    },
  },
  {
    method: "GET",
    path: "/v1/reads",
    id: "listReads",
    tag: "Intents",
    summary: "Count reads through the proxy",
    access: ["agent", "reviewer", "auditor", "admin"],
    query: z.object({ agent: z.string().optional().describe("For people: one agent's.") }),
    replies: { 200: json(READS, "Counts by day, agent and destination.") },
  },
];

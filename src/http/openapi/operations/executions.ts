import { z } from "zod";
import { DELIVERY_ORDER, DELIVERY_RECEIPT, HEARTBEAT, ORDER } from "../../api/executions/order-schema.ts";
import { AGENT, EVERY_ROLE, json, type Operation } from "../operation.ts";

const TOKEN = z.object({
  execution_token: z
    .string()
    .optional()
    .describe(
      "The order's token, beside the worker's own key. Alias `executionToken`, or the header `X-Gate-Execution-Token`.",
    ),
});

const byWorker: Omit<Operation, "path" | "id" | "summary"> = {
  method: "POST",
  tag: "Executions",
  access: "execution_token",
  request: { name: "OrderToken", more: TOKEN },
  replies: { 200: json(ORDER, "The order.") },
  problems: {
    401: ["execution_token_required", "invalid_execution_token"],
    403: ["not_runner"],
    404: ["execution_not_found"],
    409: [],
    410: ["order_expired"],
  },
};

export const EXECUTION_OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/v1/intents/:id/execute",
    id: "executeIntent",
    tag: "Executions",
    summary: "Order the execution of an approved intent",
    access: AGENT,
    request: { parsed: ["POST /v1/intents/:id/execute"] },
    replies: {
      200: json(ORDER, "The order that was issued before."),
      201: json(ORDER, "The order, with its token."),
    },
    problems: {
      400: ["invalid_request"],
      404: ["intent_not_found"],
      409: [
        "approval_lapsed",
        "approval_stale",
        "attempts_exhausted",
        "blocked_by_rules",
        "kill_switch_engaged",
        "wrong_executor",
        "wrong_state",
      ],
      410: ["intent_expired"],
      503: ["ledger_unavailable", "retry_later"],
    },
  },
  {
    method: "GET",
    path: "/v1/executions/:id",
    id: "getExecution",
    tag: "Executions",
    summary: "Read an order",
    description: "Only its holder gets the token, and only while the order is live.",
    access: EVERY_ROLE,
    replies: { 200: json(ORDER, "The order.") },
    problems: { 404: ["execution_not_found"] },
  },
  {
    ...byWorker,
    path: "/v1/executions/:id/claim",
    id: "claimExecution",
    summary: "Claim an order",
    description: "From here on the write may happen: of several workers one gets the claim.",
    problems: {
      ...byWorker.problems,
      409: ["already_claimed", "approval_stale", "kill_switch_engaged", "order_superseded", "wrong_state"],
      503: ["ledger_unavailable"],
    },
  },
  {
    ...byWorker,
    path: "/v1/executions/:id/heartbeat",
    id: "extendClaim",
    summary: "Extend a claim",
    replies: { 200: json(HEARTBEAT, "The order, and the switch that asks the worker to stop.") },
    problems: { ...byWorker.problems, 409: ["order_superseded", "wrong_state"] },
  },
  {
    ...byWorker,
    path: "/v1/executions/:id/report",
    id: "reportExecution",
    summary: "Report an outcome",
    description: "Once. A report on an order that was revoked meanwhile is recorded, and gets 409.",
    request: { name: "Report", parsed: ["POST /v1/executions/:id/report"], more: TOKEN, isRequired: true },
    problems: {
      ...byWorker.problems,
      400: ["invalid_proof", "invalid_request"],
      409: [
        "already_reported",
        "claim_required",
        "intent_revoked",
        "order_superseded",
        "proof_required",
        "wrong_state",
      ],
      413: ["result_too_large"],
    },
  },
  {
    method: "POST",
    path: "/v1/deliver",
    id: "deliver",
    tag: "Executions",
    summary: "Order a download of the payload",
    access: AGENT,
    request: {
      name: "DeliveryRequest",
      more: z.object({
        intentId: z.string().describe("The intent's id. Aliases `proposalId`, `intent_id`."),
      }),
      isRequired: true,
    },
    replies: { 200: json(DELIVERY_ORDER, "Where the payload is downloaded, once.") },
    problems: {
      400: ["invalid_request"],
      404: ["intent_not_found"],
      409: ["approval_stale", "kill_switch_engaged", "nothing_to_deliver", "wrong_executor", "wrong_state"],
      410: ["intent_expired"],
      503: ["ledger_unavailable"],
    },
  },
  {
    method: "GET",
    path: "/v1/download/:token",
    id: "download",
    tag: "Executions",
    summary: "Download a payload",
    description: "Works once: the download is the claim.",
    access: "in_path",
    replies: {
      200: {
        description: "The payload; a receipt where Gate knows its name only.",
        content: { "application/octet-stream": null, "application/json": DELIVERY_RECEIPT },
        headers: { "X-Payload-Digest": "SHA-256 of the payload." },
      },
    },
    problems: {
      404: ["delivery_not_found"],
      405: ["method_not_allowed"],
      409: ["approval_stale", "kill_switch_engaged", "wrong_state"],
      410: ["already_delivered", "order_expired"],
      503: ["ledger_unavailable"],
    },
  },
];

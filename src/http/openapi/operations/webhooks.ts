import { z } from "zod";
import {
  DELETED_WEBHOOK,
  DELIVERIES,
  DELIVERY,
  INTENT_WEBHOOK,
  REGISTERED_WEBHOOK,
  ROTATED_SECRET,
  TEST_SENT,
  WEBHOOK,
  WEBHOOKS,
} from "../../api/admin/webhook-schema.ts";
import { ADMIN, json, type Operation } from "../operation.ts";

type Common = Pick<Operation, "tag" | "access" | "problems">;

const common: Common = { tag: "Webhooks", access: ADMIN };
const named: Common = { ...common, problems: { 404: ["webhook_not_found"] } };

export const WEBHOOK_OPERATIONS: readonly Operation[] = [
  {
    ...common,
    method: "POST",
    path: "/v1/webhooks",
    id: "createWebhook",
    summary: "Register an endpoint for events",
    request: { parsed: ["POST /v1/webhooks"], isRequired: true },
    replies: { 201: json(REGISTERED_WEBHOOK, "The webhook, with its secret, which is shown once.") },
    problems: { 400: ["invalid_request"], 409: ["too_many_webhooks"] },
  },
  {
    ...common,
    method: "GET",
    path: "/v1/webhooks",
    id: "listWebhooks",
    summary: "List webhooks",
    replies: { 200: json(WEBHOOKS, "All of them.") },
  },
  {
    ...common,
    method: "POST",
    path: "/v1/webhooks/register",
    id: "registerIntentWebhook",
    summary: "Register an address for the decision of one intent",
    access: ["agent", "reviewer", "admin"],
    request: { parsed: ["POST /v1/webhooks/register"], isRequired: true },
    replies: { 200: json(INTENT_WEBHOOK, "It replaces an earlier one of the intent.") },
    problems: { 400: ["invalid_request"], 404: ["intent_not_found"] },
  },
  {
    ...named,
    method: "GET",
    path: "/v1/webhooks/:id",
    id: "getWebhook",
    summary: "Read a webhook",
    replies: { 200: json(WEBHOOK, "The webhook.") },
  },
  {
    ...named,
    method: "DELETE",
    path: "/v1/webhooks/:id",
    id: "deleteWebhook",
    summary: "Delete a webhook",
    replies: { 200: json(DELETED_WEBHOOK, "Deleted, with what it was still to be sent.") },
  },
  {
    ...named,
    method: "POST",
    path: "/v1/webhooks/:id/rotate-secret",
    id: "rotateWebhookSecret",
    summary: "Replace a webhook's secret",
    replies: { 200: json(ROTATED_SECRET, "The new secret, which is shown once.") },
  },
  {
    ...named,
    method: "POST",
    path: "/v1/webhooks/:id/test",
    id: "testWebhook",
    summary: "Send a test event",
    replies: { 202: json(TEST_SENT, "It is being sent.") },
    problems: { 404: ["webhook_not_found"], 409: ["webhook_not_in_use"] },
  },
  {
    ...named,
    method: "GET",
    path: "/v1/webhooks/:id/deliveries",
    id: "listDeliveries",
    summary: "List a webhook's deliveries",
    query: z.object({
      after: z.string().max(128).optional().describe("The `next` of the page before."),
      limit: z.int().min(1).max(200).optional().describe("50 if absent."),
    }),
    replies: { 200: json(DELIVERIES, "A page, newest first.") },
    problems: { 400: ["invalid_request"], 404: ["webhook_not_found"] },
  },
  {
    ...named,
    method: "POST",
    path: "/v1/webhooks/:id/deliveries/:delivery/replay",
    id: "replayDelivery",
    summary: "Send a delivery again",
    replies: { 202: json(DELIVERY, "It is being sent.") },
    problems: { 404: ["delivery_not_found", "webhook_not_found"] },
  },
];

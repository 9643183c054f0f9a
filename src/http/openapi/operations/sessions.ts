import { z } from "zod";
import { APPROVED, REJECTED } from "../../api/shared/decision-schema.ts";
import { SESSION } from "../../sign-in/session-schema.ts";
import { EVERY_ROLE, json, type Operation } from "../operation.ts";

export const SESSION_OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/v1/session",
    id: "openSession",
    tag: "Sessions",
    summary: "Open a session with a person's key",
    access: "public",
    request: { parsed: ["POST /v1/session"], isRequired: true },
    replies: {
      200: { ...json(SESSION, "The session."), headers: { "Set-Cookie": "The session's cookie." } },
    },
    problems: { 400: ["invalid_request"], 401: ["invalid_key"], 403: ["forbidden"] },
  },
  {
    method: "GET",
    path: "/v1/session",
    id: "getSession",
    tag: "Sessions",
    summary: "Read who the caller is",
    access: EVERY_ROLE,
    replies: { 200: json(SESSION, "The caller.") },
  },
  {
    method: "DELETE",
    path: "/v1/session",
    id: "closeSession",
    tag: "Sessions",
    summary: "End the session",
    access: "session",
    replies: { 204: { description: "There is no session any more.", content: {} } },
  },
];

export const CALLBACK_OPERATIONS: readonly Operation[] = [
  {
    method: "POST",
    path: "/slack/interactions",
    id: "receiveSlackInteraction",
    tag: "Callbacks",
    summary: "Receive a click in Slack",
    access: "slack_signature",
    request: {
      type: "application/x-www-form-urlencoded",
      more: z.object({ payload: z.string().describe("Slack's interaction, as JSON.") }),
      isRequired: true,
    },
    replies: {
      200: {
        description: "Received; what Slack shows is sent to it. JSON: the form's errors.",
        content: {
          "application/json": z.object({
            response_action: z.literal("errors"),
            errors: z.record(z.string(), z.string()),
          }),
        },
      },
    },
    problems: { 400: ["invalid_request"], 401: ["invalid_signature"], 503: ["credential_unavailable"] },
  },
  {
    method: "POST",
    path: "/v1/approval-callbacks/:provider",
    id: "receiveProviderDecision",
    tag: "Callbacks",
    summary: "Receive a person's decision from an approval provider",
    access: "provider_signature",
    headers: {
      "X-Gate-Provider-Delivery-ID": "Equal for a repeat of the same delivery; the signature if absent.",
    },
    request: { parsed: ["POST /v1/approval-callbacks/:provider"], isRequired: true },
    replies: { 200: json(z.union([APPROVED, REJECTED]), "The vote counts.") },
    problems: {
      400: ["invalid_request"],
      401: ["invalid_signature"],
      403: [
        "agent_inactive",
        "person_unknown",
        "not_eligible",
        "self_approval_forbidden",
        "assurance_too_low",
      ],
      404: ["interaction_not_found", "intent_not_found"],
      409: [
        "interaction_mismatch",
        "interaction_not_pending",
        "already_rejected",
        "approval_stale",
        "blocked_by_rules",
        "digest_mismatch",
        "kill_switch_engaged",
        "proposer_inactive",
        "vote_not_counted",
        "provider_mismatch",
        "replay_rejected",
        "responds_to_mismatch",
      ],
      410: ["intent_expired", "interaction_expired"],
      503: ["credential_unavailable"],
    },
  },
];

import { z } from "zod";
import { publicAddress, type AddressProblem } from "../../../core/base/public-address.ts";
import { eventName, isEventFilter } from "../../../app/notifications/events.ts";
import type { DeliveryRecord, Webhook } from "../../../ports/notifications.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import { requestSchema } from "../shared/request-schema.ts";
import type { Answer } from "../shared/answer.ts";
import type { DELIVERY, WEBHOOK } from "./webhook-schema.ts";

const MAX_EVENTS = 50;

const MAX_PAGE = 200;
const DEFAULT_PAGE = 50;

const ADDRESS_PROBLEM_TEXT = {
  malformed: "a URL such as https://example.com/gate",
  credentials: "no user and password in it",
  not_https: "https only",
  local_address: "a public address: nothing is sent to private, loopback, link-local or other local ones",
} as const satisfies Record<AddressProblem, string>;

const url = z.string("a URL such as https://example.com/gate").superRefine((written, context) => {
  const address = publicAddress(written);
  if (!address.ok) context.addIssue({ code: "custom", message: ADDRESS_PROBLEM_TEXT[address.error] });
});

const REGISTRATION_FIELDS = z.object({
  url,
  events: z
    .array(z.string().refine(isEventFilter, "`*`, `intent.*`, or an event such as `intent.approved`"))
    .min(1, "at least one event")
    .max(MAX_EVENTS)
    .default(["*"]),
  description: z.string().max(500).default(""),
});

export const REGISTRATION = requestSchema("POST /v1/webhooks", REGISTRATION_FIELDS, { others: "refused" });

const CONTRACT_FIELDS = z.object({
  intentId: z.string("the intent's id").min(1, "the intent's id"),
  url,
  secret: z.string().min(1, "not empty").max(512, "512 characters at most").nullish(),
});

/** The contract's registration, which ignores unknown members. */
export const CONTRACT_REGISTRATION = requestSchema("POST /v1/webhooks/register", CONTRACT_FIELDS, {
  aliases: { intentId: ["intent_id", "proposalId", "proposal_id"] },
});

/** In the query, where nothing is null. */
export const DELIVERIES_PAGE = requestSchema(
  "GET /v1/webhooks/:id/deliveries",
  z.object({
    after: z.string().max(128).optional(),
    limit: z.coerce.number().int().min(1).max(MAX_PAGE).default(DEFAULT_PAGE),
  }),
);

export function webhookView(webhook: Webhook): Answer<typeof WEBHOOK> {
  const { id, url: address, events, description, form, intent, principal, createdAt, disabled } = webhook;
  return {
    id,
    url: address,
    events,
    description,
    form,
    intent_id: intent,
    registered_by: principal,
    created_at: iso(createdAt),
    enabled: disabled === null,
    disabled_reason: disabled,
  };
}

export function deliveryView(record: DeliveryRecord): Answer<typeof DELIVERY> {
  const { id, kind, event, intent, seq, state, attempts, lastStatus, lastProblem, at, nextAt, deliveredAt } =
    record;
  return {
    id,
    event: kind === "test" ? "gate.test" : eventName(event ?? ""),
    intent_id: intent === "" ? null : intent,
    seq: kind === "test" ? null : seq,
    state,
    attempts,
    status: lastStatus,
    problem: lastProblem,
    created_at: iso(at),
    next_attempt_at: isoOrNull(nextAt),
    delivered_at: isoOrNull(deliveredAt),
  };
}

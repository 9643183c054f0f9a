import type { Names } from "../../../app/identity/names.ts";
import { z } from "zod";
import { deadlineOf, type IntentRow } from "../../../core/intent/read-model.ts";
import { isJsonObject, type JsonObject } from "../../../core/base/json.ts";
import type { DeliveryKind, DeliveryRecord } from "../../../ports/notifications.ts";
import { requirementsOf } from "../../../app/approvals/voter-queue.ts";
import { intentRowView } from "../intents/intent-view.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { iso, isoOrNull } from "../../../core/base/iso-time.ts";
import type { PendingGroup } from "../../../ports/intent-index.ts";
import type { Answer } from "../shared/answer.ts";
import type { QUEUE_GROUPS, QUEUE_ROW } from "./queue-schema.ts";

/** Notifications that request a decision; the others report one. */
const DECISION_REQUESTS: readonly DeliveryKind[] = ["held", "reminder", "escalation"];

/** More than a person marks at once, and each vote costs a call to an object. */
const MAX_BATCH = 100;

const DECISION_FIELDS = z.object({
  intentId: z.string("the intent's id").min(1).max(64),
  decision: z.enum(["approve", "reject"], "approve or reject"),
  // Required here, because people stop reading in a batch: each vote names the version that it is for.
  digest: z.string("the intent_digest you saw").regex(/^[0-9a-f]{64}$/, "the intent_digest you saw"),
  reason: z.string().max(4096).nullish(),
  on_behalf_of_principal: z.string().trim().min(1).max(256).optional(),
});

const DECISION_ALIASES = {
  intentId: ["intent_id", "proposalId"],
  digest: ["intent_digest", "intentDigest"],
  reason: ["comment", "note"],
  on_behalf_of_principal: ["onBehalfOfPrincipal"],
} as const;

const DECISION = requestSchema("POST /v1/approvals/batch: a decision", DECISION_FIELDS, {
  aliases: DECISION_ALIASES,
  others: "refused",
});

const BATCH = requestSchema(
  "POST /v1/approvals/batch",
  z.object({ decisions: z.array(z.custom<JsonObject>(isJsonObject, "an object")).min(1).max(MAX_BATCH) }),
  { others: "refused" },
);

/** The items of a batch; one invalid item refuses the whole batch before any vote is cast. */
export function parseBatch(body: JsonObject) {
  return parseRequest(BATCH, body).decisions.map((item, at) => {
    const {
      intentId: id,
      decision,
      digest,
      reason,
      on_behalf_of_principal: onBehalfOf,
    } = parseRequest(DECISION, item, `decisions.${at}.`);
    return {
      id,
      vote: { decision, digest, note: reason?.trim() ? reason : null, onBehalfOf: onBehalfOf ?? null },
    };
  });
}

/**
 * One line of the queue.
 *
 * @param deliveries notifications of these intents; null: they could not be read
 */
export function queueRowView(
  row: IntentRow,
  names: Names,
  deliveries: readonly DeliveryRecord[] | null,
): Answer<typeof QUEUE_ROW> {
  const requested = requirementsOf(row);
  return {
    ...intentRowView(row, names),
    decide_by: isoOrNull(deadlineOf(row)),
    group: row.group_key,
    required_approvals: requested?.require ?? 1,
    votes: requested?.votes ?? 0,
    groups: requested?.groups ?? [],
    people: requested?.people ?? [],
    min_assurance: requested?.min_assurance ?? null,
    undelivered:
      deliveries === null ? null : undelivered(deliveries.filter(({ intent }) => intent === row.id)),
  };
}

/** Recipients that no notification reached, with the problem of the last attempt. */
function undelivered(deliveries: readonly DeliveryRecord[]) {
  const last = new Map<string, DeliveryRecord>();
  for (const record of deliveries) {
    if (DECISION_REQUESTS.includes(record.kind)) last.set(`${record.target} ${record.person ?? ""}`, record);
  }
  const failing = [...last.values()].filter(
    ({ state, attempts }) => state === "failed" || (state === "pending" && attempts > 0),
  );
  return failing.map(({ target, person, lastProblem, state }) => ({
    to: target,
    person,
    why: lastProblem ?? "unknown",
    trying: state === "pending",
  }));
}

export function groupView(group: PendingGroup): Answer<typeof QUEUE_GROUPS>["groups"][number] {
  return {
    group: group.group,
    count: group.count,
    sender_agent_id: group.agent,
    destination: group.destination,
    policy_id: group.policy,
    policies: group.policies,
    estimated_records: group.records,
    value_usd: group.valueCents === null ? null : group.valueCents / 100,
    oldest: iso(group.oldest),
    next_deadline: isoOrNull(group.nextDeadline),
  };
}

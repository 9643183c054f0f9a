import type { Json, JsonObject } from "../base/json.ts";
import { isProfileId, profileProblems, type ProfileId } from "../policy/rules/profiles.ts";
import { counted } from "./numbers.ts";

/** A message or a memo of any length is quoted up to here. */
const MAX_QUOTED = 80;

/** One sentence of what an action of a profile does, with its fields; null: the metadata does not fit the profile. */
export function profileSummary(profile: string, metadata: JsonObject): string | null {
  if (!isProfileId(profile) || profileProblems(profile, metadata).length > 0) return null;
  return SENTENCES[profile]((name) => written(metadata[name] ?? null));
}

const SENTENCES = {
  "email.send.v1": (field) => `Send email to ${field("to")} — "${field("subject")}"`,
  "crm.import.v1": (field) =>
    `Import ${counted(Number(field("record_count")), `${field("object_type")} record`)}`,
  "payment.refund.v1": (field) => `Refund $${field("amount_usd")} — ${field("reason")}`,
  "finance.journal.v1": (field) =>
    `Post $${field("amount_usd")} to account ${field("account")} — ${field("memo")}`,
  "support.reply.v1": (field) => `Reply to ticket ${field("ticket_id")} — "${field("body")}"`,
  "social.publish.v1": (field) => `Publish on ${field("platform")} — "${field("body")}"`,
} as const satisfies Record<ProfileId, (field: (name: string) => string) => string>;

function written(value: Json): string {
  const text = Array.isArray(value) ? value.join(", ") : String(value);
  return text.length <= MAX_QUOTED ? text : `${text.slice(0, MAX_QUOTED).toWellFormed()}…`;
}

import { Validator } from "@cfworker/json-schema";
import type { Schema } from "@cfworker/json-schema";
import { digestOf } from "../../base/digest.ts";
import type { JsonObject } from "../../base/json.ts";

/*
 * Typed action profiles: what `metadata` must hold for an action of a known kind. The validator interprets the
 * schema, because workerd forbids generating code while a request is served.
 */

const TEXT: Schema = { type: "string", minLength: 1, maxLength: 100_000 };
const AMOUNT: Schema = { type: "number", exclusiveMinimum: 0, maximum: 1e12 };
const ID: Schema = {
  anyOf: [
    { type: "string", minLength: 1, maxLength: 200 },
    { type: "integer", minimum: 0 },
  ],
};
const RECIPIENTS: Schema = {
  anyOf: [TEXT, { type: "array", minItems: 1, maxItems: 10_000, items: TEXT }],
};

const SCHEMAS = {
  "email.send.v1": schema({ to: RECIPIENTS, subject: TEXT }),
  "crm.import.v1": schema({ object_type: TEXT, record_count: { type: "integer", minimum: 0 } }),
  "payment.refund.v1": schema({ amount_usd: AMOUNT, reason: TEXT }),
  "finance.journal.v1": schema({ account: ID, amount_usd: { type: "number" }, memo: TEXT }),
  "support.reply.v1": schema({ ticket_id: ID, body: TEXT }),
  "social.publish.v1": schema({ platform: TEXT, body: TEXT }),
} as const;

export type ProfileId = keyof typeof SCHEMAS;

export const PROFILE_IDS = Object.keys(SCHEMAS) as readonly ProfileId[];

const VALIDATORS: ReadonlyMap<string, Validator> = new Map(
  Object.entries(SCHEMAS).map(([id, body]) => [id, new Validator(body, "2020-12", false)]),
);

export function isProfileId(id: string): id is ProfileId {
  return VALIDATORS.has(id);
}

/** Names of the metadata fields that do not satisfy the profile, sorted; empty when it fits. Never values. */
export function profileProblems(id: ProfileId, metadata: JsonObject): readonly string[] {
  const validator = VALIDATORS.get(id);
  if (validator === undefined) return [id];
  // The validator indexes members by plain property access: without a prototype it finds own members alone.
  const result = validator.validate(Object.assign(Object.create(null), metadata));
  if (result.valid) return [];
  const required: readonly string[] = SCHEMAS[id].required;
  const named = result.errors.flatMap((error) => {
    const member = error.instanceLocation.split("/")[1];
    if (member !== undefined) return [member];
    return required.filter((name) => !Object.hasOwn(metadata, name));
  });
  return [...new Set(named)].toSorted();
}

/** SHA-256 over the RFC 8785 text of the profile's fields: the same for the same fields, whatever is beside them. */
export function profileFieldsHash(id: ProfileId, metadata: JsonObject): string {
  const fields = SCHEMAS[id].required.map((name) => [
    name,
    Object.hasOwn(metadata, name) ? metadata[name] : null,
  ]);
  return digestOf(Object.fromEntries(fields));
}

function schema(properties: Record<string, Schema>): Schema & { required: string[] } {
  return { type: "object", required: Object.keys(properties), properties };
}

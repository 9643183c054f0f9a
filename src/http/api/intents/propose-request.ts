import { z } from "zod";
import { isJsonObject, type JsonObject } from "../../../core/base/json.ts";
import type { ProposalInput } from "../../../app/proposals/proposal-input.ts";
import { refuse } from "../../problem/problem.ts";
import { APPROVAL_DEMAND_FIELDS, approvalDemandOf } from "./approval-demand-request.ts";
import { PAYLOAD_ALIASES, PAYLOAD_FIELDS, payloadOf } from "../shared/payload.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";

/** Every spelling that the contract's server, its SDKs and the product's own page use. */
const ALIASES = {
  ...PAYLOAD_ALIASES,
  destination: ["action"],
  policy: ["policy_id", "policyId"],
  sensitivityTags: ["sensitivity_tags"],
  onBehalfOf: ["on_behalf_of"],
  principalId: ["principal_id"],
  idempotencyKey: ["idempotency_key"],
  expiresIn: ["expires_in"],
  approvalProvider: ["approval_provider"],
  approvalChannel: ["approval_channel"],
} as const;

/** Destinations and labels are codes: they go on the ledger, where free text may not be. */
const CODE = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}$/;

/** More records than any payload holds; a larger number is a mistake or an attack on arithmetic. */
const MAX_RECORDS = 1_000_000_000;
const MAX_VALUE_USD = 1e12;

/** A key is a name, not a document. */
const MAX_KEY_LENGTH = 256;

/** Metadata is stored in one record with the decision, and a record of an object's storage is at most 2 MB. */
const MAX_METADATA_CHARACTERS = 256 * 1024;

const EXPIRES_IN = "a whole number with s, m, h or d, for example `30m`";

const code = z.string().regex(CODE, "letters, digits and _ . : / - only, 128 at most");
const text = z.string().max(1024);

export const recordCount = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\d{1,12}$/, "a whole number")
      .transform(Number),
  ])
  .pipe(z.number().int("a whole number").min(0, "not negative").max(MAX_RECORDS));

export const valueUsd = z
  .number("a number of US dollars, without quotes")
  .min(0, "not negative")
  .max(MAX_VALUE_USD);

const MINUTES_PER = { s: 1 / 60, m: 1, h: 60, d: 24 * 60 } as const;

/** `90s`, `15m`, `1h`, `2d`; a bare number is hours, as the contract has it. */
const minutes = z
  .union([z.string(), z.number().int()], EXPIRES_IN)
  .transform((duration) => minutesOf(String(duration)))
  .refine((wanted) => wanted > 0, EXPIRES_IN);

/** The contract's Python client sends `null` for the fields that it leaves out: these, and no others. */
const PROPOSAL = requestSchema(
  "POST /v1/intents",
  z.object({
    ...PAYLOAD_FIELDS,
    payload: PAYLOAD_FIELDS.payload.nullish(),
    destination: code,
    policy: z.string().min(1).max(128),
    action: code.optional(),
    recordCount: recordCount.nullish(),
    estimatedValueUsd: valueUsd.nullish(),
    sensitivityTags: z.array(z.string().max(64)).max(32).nullish(),
    onBehalfOf: text.nullish(),
    principalId: text.nullish(),
    idempotencyKey: z
      .string()
      .min(1, "empty: leave it out, or give 1 to 256 characters")
      .max(MAX_KEY_LENGTH, "256 characters at most")
      .nullish(),
    expiresIn: minutes.optional(),
    metadata: z
      .custom<JsonObject>(isJsonObject, "an object")
      .refine(isSmall, "too long for metadata")
      .nullish(),
    profile: z.string().min(1).max(128).optional(),
    executor: z.literal("proposer").optional(),
    ...APPROVAL_DEMAND_FIELDS,
  }),
  { aliases: ALIASES },
);

/** Parses the body of a proposal. @throws 400 for an invalid one */
export function parseProposeRequest(body: JsonObject): ProposalInput {
  const isNamed = (names: readonly string[]) => names.some((name) => (body[name] ?? null) !== null);
  if (!isNamed(["destination", ...ALIASES.destination]) || !isNamed(["policy", ...ALIASES.policy])) {
    const detail = "Both `destination` and `policy` must be given.";
    refuse({ status: 400, code: "invalid_request", detail, error: "destination and policy are required" });
  }
  refuseRehearsal(body);
  const fields = parseRequest(PROPOSAL, body);
  const principalId = fields.principalId ?? null;
  if (principalId !== null && looksPersonal(principalId)) {
    const detail = "`principal_id` must be an opaque id, not an e-mail address or a phone number.";
    refuse({ status: 400, code: "invalid_principal", detail, more: { messages: [detail] } });
  }
  return {
    key: fields.idempotencyKey ?? null,
    isRunByProposer: fields.executor === "proposer",
    payload: payloadOf({ ...fields, payload: fields.payload ?? undefined }),
    request: {
      destination: fields.destination,
      policy: fields.policy,
      action: fields.action ?? fields.destination,
      // The contract reads 0 as not declared.
      recordCount: fields.recordCount || null,
      estimatedValueUsd: fields.estimatedValueUsd ?? null,
      sensitivityTags: fields.sensitivityTags ?? [],
      onBehalfOf: fields.onBehalfOf ?? null,
      principalId,
      metadata: fields.metadata ?? {},
      profile: fields.profile ?? null,
      expiresInMinutes: fields.expiresIn ?? null,
      ...approvalDemandOf(fields),
    },
  };
}

/** Ignored as other unknown fields are, it would make a rehearsal the write itself. */
function refuseRehearsal(body: JsonObject): void {
  const written = Object.keys(body).find((name) => /^dry[\s_.-]*run$/i.test(name));
  if (written === undefined || body[written] === false) return;
  const detail = `${written}: it belongs in the query, as \`?dry_run=true\`; in the body it would be a proposal`;
  refuse({ status: 400, code: "invalid_request", detail, more: { messages: [detail] } });
}

/** 0 for a text that is no duration. */
function minutesOf(duration: string): number {
  const [, digits = "0", unit = "h"] = /^(\d{1,9})([smhd])?$/.exec(duration) ?? [];
  return Number(digits) * MINUTES_PER[unit as keyof typeof MINUTES_PER];
}

function isSmall(metadata: JsonObject): boolean {
  return JSON.stringify(metadata).length <= MAX_METADATA_CHARACTERS;
}

function looksPersonal(id: string): boolean {
  return /\S@\S/.test(id) || /^\+?[\d\s().-]{7,}$/.test(id);
}

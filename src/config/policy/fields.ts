import { z } from "zod";
import type { PolicyField } from "../../core/policy/policy.ts";
import { PROFILE_IDS } from "../../core/policy/rules/profiles.ts";
import {
  BOUNDED_DURATION,
  MAX_DURATION_MS,
  OUT_OF_BOUNDS,
  DURATION,
  editorPattern,
  wholeNumber,
  text,
  flag,
  choice,
  list,
  mapping,
  name,
  destinationPattern,
  duration,
  durationMs,
  MAX_RECORDS,
} from "../yaml/schema-types.ts";

/* The fields of a policy file and their types. */

/** More than any real list; a longer one is a generated file that needs review. */
const MAX_TERMS = 10_000;
const MAX_TERM_CHARACTERS = 500;
const MAX_VALUE_USD = 1_000_000_000_000;

const MAX_MINUTES = 366 * 24 * 60;

const TYPE = /^[a-z0-9]{1,16}$/;

const TYPE_ALIASES: ReadonlyMap<string, string> = new Map([
  ["jsonl", "ndjson"],
  ["txt", "text"],
]);

/** Dollars in the file, whole cents in the code. */
const usd = z
  .number({ error: "must be an amount in US dollars, such as 500 or 99.50" })
  .min(0, { error: "must be an amount in US dollars, 0 or more" })
  .max(MAX_VALUE_USD, { error: `must be at most ${MAX_VALUE_USD}` })
  .refine((dollars) => Math.abs(dollars * 100 - Math.round(dollars * 100)) < 1e-4, {
    error: "must not be finer than cents",
  })
  .transform((dollars) => Math.round(dollars * 100));

const term = text("a term", MAX_TERM_CHARACTERS);

const piiKind = choice(["email", "phone", "card", "ssn", "iban"]);

const riskLimit = choice(["low", "medium", "high", "critical", "never"]);

const records = (what: string) => wholeNumber(what, 0, MAX_RECORDS);

const fieldCheck = mapping(
  {
    path: text("a field's path, such as customer.email", 300),
    required: flag().optional(),
    type: choice(["string", "number", "integer", "boolean", "array", "object"]).optional(),
    min: z.number({ error: "must be a number" }).optional(),
    max: z.number({ error: "must be a number" }).optional(),
    max_length: wholeNumber("a length", 0, 10_000_000).optional(),
    pattern: text("a regular expression", 1_000).optional(),
    enum: list(
      z.union([z.string(), z.number(), z.boolean()], { error: "must be text, a number, `true` or `false`" }),
      "values",
    ).optional(),
  },
  "must be a check such as {path: amount, max: 500}",
).meta({ minProperties: 2 });

const budget = mapping(
  {
    window: z
      .string({ error: "must be a span of time such as 1h, 24h or 30d" })
      .regex(DURATION, { error: "must be a span of time such as 1h, 24h or 30d" })
      .refine((written) => durationMs(written) > 0 && durationMs(written) <= MAX_DURATION_MS, {
        error: OUT_OF_BOUNDS,
      })
      .transform((written) => ({ written, ms: durationMs(written) }))
      .meta(editorPattern(BOUNDED_DURATION, OUT_OF_BOUNDS)),
    max_intents: wholeNumber("a number of intents", 1, MAX_RECORDS).optional(),
    max_records: records("a number of records").optional(),
    max_value_usd: usd.optional(),
    on_exceed: choice(["hold", "block"]).optional(),
  },
  "must be a budget such as {window: 24h, max_records: 1000}",
).meta({ anyOf: ["max_intents", "max_records", "max_value_usd"].map((limit) => ({ required: [limit] })) });

const person = name("a person of gate.yaml");

const group = name("a group of gate.yaml");

const assurance = choice(["link", "slack", "key", "sso", "passkey"]);

/** Fields an environment may override. */
export const OVERRIDABLE = {
  destinations: list(destinationPattern, "destinations"),
  allowed_types: list(
    z
      .string({ error: "must be a type such as csv or json" })
      .regex(TYPE, { error: "must be a type such as csv or json, without a dot" })
      .transform((type) => TYPE_ALIASES.get(type) ?? type),
    "types",
  ).optional(),
  auto_approve_under: records("a number of records").optional(),
  require_approval_over: records("a number of records").optional(),
  require_approval: z.literal("always", { error: "must be `always`" }).optional(),
  require_approval_for: z.literal("org_wide", { error: "must be `org_wide`" }).optional(),
  require_approval_if_template_error: flag().optional(),
  block_if_terms: list(term, "terms", MAX_TERMS).optional(),
  hold_if_terms: list(term, "terms", MAX_TERMS).optional(),
  block_if_pii: list(piiKind, "kinds of personal data").optional(),
  hold_if_pii: list(piiKind, "kinds of personal data").optional(),
  field_checks: list(fieldCheck, "checks").optional(),
  max_value_usd: usd.optional(),
  require_approval_over_value_usd: usd.optional(),
  risk: mapping(
    { hold_at: riskLimit.optional(), block_at: riskLimit.optional() },
    "must be levels such as {hold_at: high}",
  )
    .meta({ minProperties: 1 })
    .optional(),
  rate_limits: mapping(
    {
      per_agent_per_hour: wholeNumber("a number of intents", 1, MAX_RECORDS).optional(),
      per_agent_per_day: wholeNumber("a number of intents", 1, MAX_RECORDS).optional(),
    },
    "must be limits such as {per_agent_per_hour: 100}",
  )
    .meta({ minProperties: 1 })
    .optional(),
  budgets: list(budget, "budgets", 10).optional(),
  block_duplicates_within: duration.optional(),
  cooldown_after_rejection: z
    .union([z.literal("none"), duration], { error: "must be a span of time such as 1h, or `none`" })
    .optional(),
  allow_unmeasured: flag().optional(),
  require_profile: choice(PROFILE_IDS as [string, ...string[]]).optional(),
  expiry_minutes: wholeNumber("a number of minutes", 1, MAX_MINUTES).optional(),
  execution_window_minutes: wholeNumber("a number of minutes", 1, MAX_MINUTES).optional(),
  on_no_response: choice(["reject", "defer", "escalate", "auto_approve_if_low_risk"]).optional(),
  approvers: mapping(
    {
      groups: list(group, "groups").optional(),
      people: list(person, "people").optional(),
      require: wholeNumber("a number of people", 1, 20).optional(),
      rejections: wholeNumber("a number of people", 1, 20).optional(),
      exclude_proposer: flag().optional(),
      exclude_owner: flag().optional(),
      min_assurance: assurance.optional(),
      reject_reason: choice(["required", "optional"]).optional(),
    },
    "must be rules such as {groups: [finance], require: 2}",
  )
    .meta({ minProperties: 1 })
    .optional(),
  require_approvals: wholeNumber("a number of people", 1, 20).optional(),
  edit: mapping({ allow: flag().optional(), editor_may_approve: flag().optional() }, "must be {allow: true}")
    .meta({ minProperties: 1 })
    .optional(),
  escalate: list(
    mapping(
      { after: duration, to: name("a group or person of gate.yaml") },
      "must be a step such as {after: 30m, to: finance-leads}",
    ),
    "steps",
    10,
  ).optional(),
  execution: choice(["runner", "gate", "forward"]).optional(),
  retention_days: wholeNumber("a number of days", 1, 36_500).optional(),
} as const;

export type WrittenRules = z.output<z.ZodObject<typeof OVERRIDABLE, z.core.$strict>>;

/** Rules that read the payload itself. */
export const CONTENT_FIELDS = [
  "block_if_terms",
  "hold_if_terms",
  "block_if_pii",
  "hold_if_pii",
  "field_checks",
  "require_approval_if_template_error",
] as const satisfies readonly PolicyField[];

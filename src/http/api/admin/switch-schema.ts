import { z } from "zod";
import { SWITCH_REASONS, SWITCH_SCOPES } from "../../../core/policy/kill-switch.ts";
import { TIME } from "../shared/fields-schema.ts";

const TARGET = {
  scope: z.enum(SWITCH_SCOPES),
  target: z.string().nullable().describe("Null for `everything`."),
} as const;

export const SWITCH = z.object({
  ...TARGET,
  engaged: z.literal(true),
  version: z.int(),
  reason: z.enum(SWITCH_REASONS),
  ticket: z.string().nullable(),
  actor: z.string().describe("Id of the principal that engaged it."),
  since: TIME,
});

export const SWITCHES = z.object({ switches: z.array(SWITCH), count: z.int() });

export const ENGAGED_SWITCH = SWITCH.extend({
  changed: z.boolean().describe("False: it was engaged already."),
  warning: z.string().optional(),
});

export const LIFTED_SWITCH = z.object({
  ...TARGET,
  engaged: z.literal(false),
  version: z.int(),
  changed: z.boolean().describe("False: it was not engaged."),
});

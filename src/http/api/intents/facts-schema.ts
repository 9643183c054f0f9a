import { z } from "zod";
import { DOUBT_REASONS, type DoubtReason } from "../../../core/proposal/doubt.ts";
import type { MoneyStatus } from "../../../core/proposal/facts.ts";

const DOUBT = z.object({
  because: z.enum(Object.keys(DOUBT_REASONS) as DoubtReason[]),
  readings: z.array(z.number()).describe("The different numbers that readers find."),
});

/** What Gate measured, and what the agent declared beside it. */
export const FACTS = z.object({
  payload: z.enum(["none", "content", "reference"]),
  type: z.string().nullable(),
  declaredType: z.string().nullable(),
  typeContradiction: z.boolean(),
  decodable: z.boolean(),
  bytes: z.int(),
  records: z.object({
    declared: z.number().nullable(),
    measured: z.number().nullable(),
    effective: z.number().nullable().describe("The larger of the two."),
    uncertain: z.boolean(),
  }),
  valueUsdCents: z.object({ declared: z.number().nullable(), measured: z.number().nullable() }),
  money: z.enum(["none", "measured", "incomplete", "foreign_currency"] satisfies readonly MoneyStatus[]),
  totals: z.array(z.object({ currency: z.string(), minor: z.number() })).describe("In minor units."),
  recipients: z.int().nullable(),
  doubts: z
    .object({
      records: DOUBT.optional(),
      money: DOUBT.optional(),
      recipients: DOUBT.optional(),
      content: DOUBT.optional(),
    })
    .optional()
    .describe("Why facts are unknown."),
});

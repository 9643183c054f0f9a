import { z } from "zod";
import type { Assurance } from "../../../core/identity/assurance.ts";
import { PHASES, type Status } from "../../../core/intent/phase.ts";
import type { RiskLevel } from "../../../core/policy/risk.ts";

/*
 * Members that several responses share. Schemas of responses are for the document and for tests: modules of the Worker
 * import their types only.
 */

/** ISO 8601 in UTC, with milliseconds. */
export const TIME = z.iso.datetime();

export const STATUSES = [
  "blocked",
  "pending_approval",
  "approved",
  "expired",
  "scheduled",
  "delivered",
  "succeeded",
  "failed",
] as const satisfies readonly Status[];

/** For polling; `state` is the exact one. */
export const STATUS = z.enum(STATUSES).describe("What clients poll for; `state` is exact.");

export const STATE = z.enum(PHASES).describe("The exact state.");

export const RISK_LEVEL = z.enum(["low", "medium", "high", "critical"] satisfies readonly RiskLevel[]);

export const RISK_SCORE = z.number().min(0).max(1).describe("From 0 to 1, in hundredths.");

export const ASSURANCE = z
  .enum(["link", "slack", "key", "sso", "passkey"] satisfies readonly Assurance[])
  .describe("How a person proved who they are, weakest first.");

export const SHA256 = z.string().describe("SHA-256 as 64 hexadecimal digits.");

/** Ids to the names that people call them by, as far as the reader may look them up. */
export const NAMES = z
  .record(z.string(), z.string())
  .describe("Names of the ids in this response, as far as the reader may look them up.");

export const NEXT = z
  .string()
  .nullable()
  .describe("Send it as `after` for the next page; null: there is none.");

export const SUMMARY_FIELDS = {
  intentId: z.string(),
  proposalId: z.string().describe("The same as `intentId`."),
  status: STATUS,
  state: STATE,
} as const;

import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import type { WorkerReport } from "../../../app/execution/reports.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";

/** ECMA-262, time values: the last instant that a Date holds; a later one could not be shown to a reader. */
const LAST_INSTANT = 8.64e15;

const FIELDS = z.object({
  status: z.enum(["succeeded", "failed", "indeterminate"]),
  result: z.unknown().optional(),
  executed_at: z
    .union([z.number().int().min(0).max(LAST_INSTANT), z.iso.datetime({ offset: true })], "a time")
    .optional(),
  retryable: z.boolean().default(false),
  proof: z.string().min(1).optional(),
});

const REPORT_ALIASES = {
  result: ["report", "worker_report"],
  executed_at: ["executedAt"],
  proof: ["signed_report"],
} as const;

const REPORT = requestSchema("POST /v1/executions/:id/report", FIELDS, { aliases: REPORT_ALIASES });

/** @throws 400 for an invalid report */
export function parseReport(body: JsonObject): WorkerReport {
  const { status, executed_at: time, retryable, result, proof } = parseRequest(REPORT, body);
  return { outcome: status, retryable, executedAt: instantOf(time), result, proof: proof ?? null };
}

function instantOf(time: string | number | undefined): number | null {
  if (time === undefined) return null;
  return typeof time === "number" ? time : Date.parse(time);
}

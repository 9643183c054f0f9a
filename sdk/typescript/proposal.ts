import { GateOptionError } from "./gate-error.ts";
import { knownOptions, snakeCase } from "./names.ts";
import { namesIn } from "./option-names.ts";
import { type PayloadInput, type PayloadLimits, type WirePayload, wirePayload } from "./payload.ts";
import type { ProposeOptions } from "./options.ts";

/** Options of a proposal that those of a guarded function share. */
export const SHARED_NAMES = namesIn(
  "payload destination policy recordCount estimatedRecords estimatedValueUsd sensitivityTags onBehalfOf principalId expiresIn metadata action profile runId payloadName payloadMediaType",
);

const NAMES = new Set([...SHARED_NAMES, "idempotencyKey", "payloadReference"] as const);

/** The contract mixes the two spellings on the wire. */
const CAMEL_CASE = namesIn("recordCount expiresIn runId");

/**
 * The body of a proposal.
 *
 * @param prepared the payload's members, where they are not made of the option
 * @throws {GateOptionError}
 * @throws {GateError} `payload_too_large`, `unreadable_payload`
 */
export async function proposalBody(
  options: ProposeOptions,
  limits: PayloadLimits,
  prepared?: WirePayload,
): Promise<Readonly<Record<string, unknown>>> {
  const { payload, ...rest } = knownOptions(options, NAMES);
  requireTexts(rest);
  if (payload !== undefined && rest.payloadReference !== undefined) {
    throw new GateOptionError("pass payload or payloadReference, not both");
  }
  if (rest.idempotencyKey === "") throw new GateOptionError("idempotencyKey can't be empty");
  requireCount("recordCount", rest.recordCount, true);
  requireCount("estimatedRecords", rest.estimatedRecords, true);
  requireCount("estimatedValueUsd", rest.estimatedValueUsd, false);
  const body: Record<string, unknown> =
    prepared ?? (await wirePayload(payload as PayloadInput | undefined, limits));
  // Explicit options override the values derived from the file's name.
  for (const [name, value] of Object.entries(rest)) {
    body[CAMEL_CASE.has(name as "runId") ? name : snakeCase(name)] = value;
  }
  return body;
}

/** @throws {GateOptionError} where one is missing */
export function requireTexts(options: Partial<Readonly<Record<string, unknown>>>): void {
  for (const name of ["destination", "policy"]) {
    if (typeof options[name] !== "string" || options[name] === "") {
      throw new GateOptionError(`${name} is required`);
    }
  }
}

/** A negative number is below every threshold of a policy. */
function requireCount(name: string, value: unknown, isWhole: boolean): void {
  if (typeof value !== "number") return;
  if (value < 0 || (isWhole && value % 1 > 0)) {
    throw new GateOptionError(`${name} must be a ${isWhole ? "whole number" : "number"}, not negative`);
  }
}

import { GateError } from "./gate-error.ts";
import { knownOptions } from "./names.ts";
import { MAX_PAYLOAD_BYTES, type PayloadInput, wirePayload } from "./payload.ts";
import type { ProposeOptions } from "./types.ts";

/** Each option and its name on the wire: the contract mixes the two spellings. */
const WIRE_NAMES = {
  destination: "destination",
  policy: "policy",
  recordCount: "recordCount",
  estimatedRecords: "estimated_records",
  estimatedValueUsd: "estimated_value_usd",
  sensitivityTags: "sensitivity_tags",
  idempotencyKey: "idempotency_key",
  onBehalfOf: "on_behalf_of",
  principalId: "principal_id",
  expiresIn: "expiresIn",
  metadata: "metadata",
  action: "action",
  profile: "profile",
  runId: "runId",
  payloadName: "payload_name",
  payloadMediaType: "payload_media_type",
  payloadReference: "payload_reference",
} as const;

type OptionName = keyof typeof WIRE_NAMES | "payload";

const KNOWN: ReadonlySet<OptionName> = new Set([...(Object.keys(WIRE_NAMES) as OptionName[]), "payload"]);

/**
 * The body of a proposal.
 *
 * @throws {GateError} `invalid_option`, `payload_too_large`, `unreadable_payload`
 */
export async function proposalBody(
  options: ProposeOptions,
  {
    readFiles = true,
    maxPayloadBytes = MAX_PAYLOAD_BYTES,
  }: { readFiles?: boolean; maxPayloadBytes?: number },
): Promise<Readonly<Record<string, unknown>>> {
  const { payload, ...rest } = knownOptions(options, KNOWN);
  for (const required of ["destination", "policy"] as const) {
    if (typeof rest[required] !== "string" || rest[required] === "") {
      throw new GateError(`${required} is required`, { code: "invalid_option" });
    }
  }
  if (payload !== undefined && rest.payloadReference !== undefined) {
    throw new GateError("pass payload or payloadReference, not both", { code: "invalid_option" });
  }
  const body: Record<string, unknown> = await wirePayload(payload as PayloadInput | undefined, {
    readFiles,
    maxBytes: maxPayloadBytes,
  });
  // Explicit options override the values derived from the file's name.
  const named = Object.entries(rest).map(([name, value]) => [
    WIRE_NAMES[name as keyof typeof WIRE_NAMES],
    value,
  ]);
  return { ...body, ...Object.fromEntries(named) };
}

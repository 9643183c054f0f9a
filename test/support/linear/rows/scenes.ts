import { parseRegistry } from "../../../../src/config/registry/parse.ts";
import type { ProposalRequest } from "../../../../src/core/proposal/request.ts";
import type { Destination } from "../../../../src/core/registry/registry.ts";

export const REQUEST: ProposalRequest = {
  destination: "pay.refund",
  policy: "",
  action: "pay.refund",
  recordCount: null,
  estimatedValueUsd: null,
  sensitivityTags: [],
  onBehalfOf: null,
  principalId: null,
  metadata: {},
  profile: null,
  expiresInMinutes: null,
};

/** A destination whose template reads the payload. */
export function templateEntry(): Destination {
  const parsed = parseRegistry(
    "gate.yaml",
    `
credentials: { key: { ref: env://API_KEY } }
destinations:
  pay.refund: { upstream: https://api.example.com/v1, execute: { method: POST, path: "/a/{payload.amount}" } }
`,
  );
  const entry = parsed.ok ? parsed.value.destinations.get("pay.refund") : undefined;
  if (entry === undefined) throw new Error(JSON.stringify(parsed));
  return entry;
}

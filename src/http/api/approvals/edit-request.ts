import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import type { PayloadEdit } from "../../../app/proposals/payload-edit.ts";
import { refuse } from "../../problem/problem.ts";
import { parse, pick } from "../shared/fields.ts";
import { payloadOf } from "../shared/payload.ts";
import { PAYLOAD_ALIASES, recordCount, valueUsd } from "../intents/propose-request.ts";

const ALIASES = { ...PAYLOAD_ALIASES, approve: [] } as const;

const SCHEMA = z.object({
  recordCount: recordCount.optional(),
  estimatedValueUsd: valueUsd.optional(),
  approve: z.boolean().default(false),
});

export interface EditRequest extends Pick<PayloadEdit, "payload" | "recordCount" | "estimatedValueUsd"> {
  /** True: the editor also approves the successor, where the policy lets them. */
  readonly approve: boolean;
}

/** Parses the new payload; `parseDecideRequest` parses digest and reason. */
export function parseEditRequest(body: JsonObject): EditRequest {
  const picked = pick(body, ALIASES);
  const { approve, ...declared } = parse(SCHEMA, picked);
  const payload = payloadOf(picked);
  if (payload.kind === "none") {
    return refuse({ status: 400, code: "invalid_request", detail: "payload: send the edited payload" });
  }
  return {
    payload,
    approve,
    // 0 means not declared, as in a proposal.
    recordCount: declared.recordCount || null,
    estimatedValueUsd: declared.estimatedValueUsd ?? null,
  };
}

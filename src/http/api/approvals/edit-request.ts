import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import type { PayloadEdit } from "../../../app/proposals/edit-intent.ts";
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
  /** True: the editor approves what they made of it, where the policy lets them. */
  readonly approve: boolean;
}

/** The new payload; digest and reason are fields of every decision. */
export function parseEditRequest(body: JsonObject): EditRequest {
  const picked = pick(body, ALIASES);
  const { approve, ...declared } = parse(SCHEMA, picked);
  const payload = payloadOf(picked);
  if (payload.kind === "none") {
    return refuse({ status: 400, code: "invalid_request", detail: "payload: what it is changed to" });
  }
  return {
    payload,
    approve,
    // Nobody writes nothing: 0 is "not said", as in a proposal.
    recordCount: declared.recordCount || null,
    estimatedValueUsd: declared.estimatedValueUsd ?? null,
  };
}

import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import type { PayloadEdit } from "../../../app/proposals/payload-edit.ts";
import { refuse } from "../../problem/problem.ts";
import { PAYLOAD_ALIASES, PAYLOAD_FIELDS, payloadOf } from "../shared/payload.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { recordCount, valueUsd } from "../intents/propose-request.ts";

const EDIT = requestSchema(
  "POST /v1/intents/:id/edit",
  z.object({
    ...PAYLOAD_FIELDS,
    recordCount: recordCount.optional(),
    estimatedValueUsd: valueUsd.optional(),
    approve: z.boolean().default(false),
  }),
  { aliases: PAYLOAD_ALIASES },
);

export interface EditRequest extends Pick<PayloadEdit, "payload" | "recordCount" | "estimatedValueUsd"> {
  /** True: the editor also approves the successor, where the policy lets them. */
  readonly approve: boolean;
}

/** Parses the new payload; `parseDecideRequest` parses digest and reason. */
export function parseEditRequest(body: JsonObject): EditRequest {
  const { approve, ...declared } = parseRequest(EDIT, body);
  const payload = payloadOf(declared);
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

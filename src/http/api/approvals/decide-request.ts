import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { decisionTimeProblem } from "../../../app/approvals/decision-time.ts";
import type { GateContext } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";

const FIELDS = z.object({
  reason: z.string().max(4096).nullish(),
  nonce: z.string().min(1).max(128).optional(),
  decided_at: z.union([z.number(), z.string().min(1).max(64)]).optional(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  on_behalf_of_principal: z.string().trim().min(1).max(256).optional(),
});

const ALIASES = {
  reason: ["comment", "note"],
  decided_at: ["decidedAt"],
  digest: ["intent_digest", "intentDigest", "approved_intent_hash"],
  on_behalf_of_principal: ["onBehalfOfPrincipal"],
} as const;

const DECISION = requestSchema("POST /v1/intents/:id/approve", FIELDS, { aliases: ALIASES });

/** The fields of a decision. A nonce is spent, and the time checked, before the intent is touched (replay). */
export async function parseDecideRequest(c: GateContext, body: JsonObject) {
  const ports = c.env;
  const fields = parseRequest(DECISION, body);
  const { reason, nonce, decided_at: decidedAt, digest, on_behalf_of_principal: onBehalfOf } = fields;
  const now = Date.now();
  const problem = decisionTimeProblem(decidedAt ?? null, now);
  if (problem !== null) replayRejected(problem);
  if (nonce !== undefined) {
    const used = await ports.nonces.use(nonce, c.var.principal.id, now);
    if (!used.ok) replayRejected(used.error);
  }
  return { note: reason?.trim() ? reason : null, digest: digest ?? null, onBehalfOf: onBehalfOf ?? null };
}

function replayRejected(reason: string): never {
  return refuse({
    status: 409,
    code: "replay_rejected",
    detail: "The vote's nonce or time is invalid; `reason` gives the cause.",
    more: { reason },
  });
}

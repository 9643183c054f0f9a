import { Hono } from "hono";
import { z } from "zod";
import { scrub } from "../../../core/detection/pii/scrub.ts";
import {
  decideByLink,
  followLink,
  linkProblem,
  type FollowedLink,
} from "../../../app/approvals/decide-by-link.ts";
import { messageIdOf } from "../../../core/intent/message-ids.ts";
import { currentEnd } from "../../../core/intent/hold-end.ts";
import type { Vote } from "../../../app/approvals/decide-intent.ts";
import { callerOf } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuseOtherSites } from "../../middleware/origin.ts";
import { INVALID_LINK, problemOfLink, problemOfLinkVote } from "../../problem/from-approval-failure.ts";
import { refuse } from "../../problem/problem.ts";
import { decisionReply } from "../shared/decision-reply.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { LINKED_CASE } from "./link-schema.ts";

const FIELDS = z.object({
  reason: z.string().max(4096).nullish(),
  digest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
});

const ALIASES = {
  reason: ["comment", "note"],
  digest: ["intent_digest", "intentDigest", "approved_intent_hash"],
} as const;

const DECISION = requestSchema("POST /v1/approval-links/:token/approve", FIELDS, { aliases: ALIASES });

async function followed(c: GateContext): Promise<FollowedLink> {
  const ports = c.env;
  return (await followLink(c.req.param("token") ?? "", ports)) ?? refuse(INVALID_LINK);
}

async function decide(c: GateContext, decision: Vote["decision"]) {
  const ports = c.env;
  refuseOtherSites(c);
  const link = await followed(c);
  const { reason, digest } = parseRequest(DECISION, await readJson(c));
  const caller = await callerOf(c);
  const note = reason?.trim() ? reason : null;
  const vote = { decision, note, digest: digest ?? null };
  const decided = await decideByLink(caller, link, vote, ports, Date.now());
  if (!decided.ok) return refuse(problemOfLinkVote(decided.error));
  return c.json(await decisionReply(decided.value.state, decision, note, ports));
}

/** Approval links for programs. A GET changes nothing: mail filters and link previews send them. */
export const approvalLinks = new Hono<GateEnv>()
  .get("/v1/approval-links/:token", async (c) => {
    const link = await followed(c);
    const problem = linkProblem(link, Date.now());
    if (problem !== null) return refuse(problemOfLink(problem));
    const { state, claims } = link;
    const { terms } = state;
    return c.json({
      intentId: terms.id,
      messageId: messageIdOf(terms.id),
      destination: scrub(terms.destination),
      action: scrub(terms.action),
      policy: scrub(terms.policy),
      riskScore: terms.risk.score / 100,
      riskLevel: terms.risk.level,
      approvalState: "waiting_input",
      expiresAt: iso(currentEnd(state, claims.expiresAt)),
    } satisfies Answer<typeof LINKED_CASE>);
  })
  .post("/v1/approval-links/:token/approve", (c) => decide(c, "approve"))
  .post("/v1/approval-links/:token/reject", (c) => decide(c, "reject"));

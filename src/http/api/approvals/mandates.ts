import { Hono } from "hono";
import { iso } from "../../../core/base/iso-time.ts";
import type { Delegation, StandingApproval } from "../../../core/intent/mandate.ts";
import type { Result } from "../../../core/base/result.ts";
import {
  grantDelegation,
  grantStandingApproval,
  revokeMandate,
  type MandateFailure,
} from "../../../app/approvals/grant-mandates.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { problemOfVote } from "../../problem/from-approval-failure.ts";
import { refuse } from "../../problem/problem.ts";
import { wrongField } from "../shared/request-schema.ts";
import {
  delegationView,
  parseDelegation,
  parseRevocation,
  parseStandingApproval,
  standingApprovalView,
} from "./mandate-view.ts";
import type { Answer } from "../shared/answer.ts";
import type { DELEGATIONS, REVOKED_MANDATE, STANDING_APPROVALS } from "./mandate-schema.ts";

const reviewers = requireRole(["reviewer"]);
const readers = requireRole(["reviewer", "auditor", "admin"]);

const MAX_PAGE = 200;

async function makeStanding(c: GateContext) {
  const ports = c.env;
  const now = Date.now();
  const request = parseStandingApproval(await readJson(c), now);
  const approval = valueOrRefuse(await grantStandingApproval(c.var, request, ports, now));
  return c.json(standingApprovalView(approval, now), 201);
}

async function makeDelegation(c: GateContext) {
  const ports = c.env;
  const now = Date.now();
  const request = parseDelegation(await readJson(c), now);
  const delegation = valueOrRefuse(await grantDelegation(c.var, request, ports, now));
  return c.json(delegationView(delegation, now), 201);
}

async function revoke(c: GateContext, isOfKind: (mandate: StandingApproval | Delegation) => boolean) {
  const ports = c.env;
  const id = c.req.param("id") ?? "";
  const reason = parseRevocation(await readJson(c));
  const now = Date.now();
  valueOrRefuse(await revokeMandate(c.var, id, isOfKind, reason, ports, now));
  const at = iso(now);
  return c.json({
    id,
    revoked: true,
    status: "revoked",
    revoked_at: at,
    revokedAt: at,
    reason,
  } satisfies Answer<typeof REVOKED_MANDATE>);
}

/** The value of a use case of mandates. @throws the problem of its failure */
function valueOrRefuse<T>(result: Result<T, MandateFailure>): T {
  return result.ok ? result.value : refuseMandate(result.error);
}

function refuseMandate(failure: MandateFailure): never {
  switch (failure.kind) {
    case "not_reviewer":
      return refuse(problemOfVote(failure));
    case "agent_unknown":
      return wrongField("agent_id: there is no agent with this id");
    case "delegate_not_reviewer":
      return wrongField(
        "delegate_agent_id: there is no reviewer with this id; name a reviewer's key, or a person in delegate_person_id",
      );
    case "delegate_unknown":
      return wrongField("delegate_person_id: gate.yaml has no such person");
    case "delegate_is_delegator":
      return wrongField("a delegation to oneself changes nothing");
    case "not_own_vote":
      return refuse({
        status: 403,
        code: "forbidden",
        detail:
          "delegator_principal_id: you can delegate only your own vote; leave it out, or have that person make the delegation.",
      });
    case "too_many_mandates":
      return refuse({
        status: 409,
        code: "too_many_mandates",
        detail: "You have the maximum number of these in force; revoke one first.",
      });
    case "mandate_not_found":
      return refuse({
        status: 404,
        code: "not_found",
        detail: "There is no such standing approval or delegation.",
        error: "not_found",
      });
    case "already_revoked":
      return refuse({
        status: 409,
        code: "already_revoked",
        detail: "The standing approval or delegation is already revoked.",
      });
  }
}

async function pageOf<T extends { readonly id: string }>(
  c: GateContext,
  list: (page: { after: string | null; limit: number }) => Promise<readonly T[]>,
) {
  const found = await list({ after: c.req.query("after") ?? null, limit: MAX_PAGE + 1 });
  const page = found.slice(0, MAX_PAGE);
  return { page, next: found.length > MAX_PAGE ? (page.at(-1)?.id ?? null) : null };
}

/** Standing approvals and delegations. */
export const mandates = new Hono<GateEnv>()
  .post("/v1/standing-approvals", reviewers, makeStanding)
  .get("/v1/standing-approvals", readers, async (c) => {
    const ports = c.env;
    const { page, next } = await pageOf(c, (after) => ports.mandates.listStanding(after));
    const now = Date.now();
    const shown = page.map((approval) => standingApprovalView(approval, now));
    return c.json({
      standingApprovals: shown,
      standing_approvals: shown,
      count: shown.length,
      next,
    } satisfies Answer<typeof STANDING_APPROVALS>);
  })
  .post("/v1/standing-approvals/:id/revoke", reviewers, (c) => revoke(c, (mandate) => "uses" in mandate))
  .post("/v1/delegations", reviewers, makeDelegation)
  .get("/v1/delegations", readers, async (c) => {
    const ports = c.env;
    const { page, next } = await pageOf(c, (after) => ports.mandates.listDelegations(after));
    const now = Date.now();
    const shown = page.map((delegation) => delegationView(delegation, now));
    return c.json({ delegations: shown, count: shown.length, next } satisfies Answer<typeof DELEGATIONS>);
  })
  .post("/v1/delegations/:id/revoke", reviewers, (c) => revoke(c, (mandate) => "delegate" in mandate));

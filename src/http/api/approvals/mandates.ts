import { Hono } from "hono";
import { toBase64Url } from "../../../core/base/base64url.ts";
import {
  DELEGATION_ID_PREFIX,
  STANDING_ID_PREFIX,
  type Delegation,
  type StandingApproval,
} from "../../../core/intent/mandate.ts";
import { personCalled, voterOf } from "../../../core/identity/people.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { wrongField } from "../shared/known-fields.ts";
import {
  delegationView,
  parseDelegation,
  parseStandingApproval,
  standingApprovalView,
} from "./mandate-view.ts";
import { iso } from "../../../core/base/iso-time.ts";

const reviewers = requireRole(["reviewer"]);
const readers = requireRole(["reviewer", "auditor", "admin"]);

const ID_BYTES = 16;
const MAX_PAGE = 200;

function freshId(prefix: string): string {
  return prefix + toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
}

/** Whose mandate it becomes: the caller's, at the assurance they have now. */
async function makerOf(c: GateContext) {
  const { principal, assurance } = c.var;
  const { registry } = await c.env.rules.current();
  const { person } = voterOf(principal, assurance, registry);
  return { registry, person, made: { principal: principal.id, person, assurance, revokedAt: null } };
}

/** An id with a slip in it would make a mandate that never matches. */
async function requireAgent(c: GateContext, id: string | null): Promise<void> {
  if (id === null) return;
  const found = await c.env.principals.get(id);
  if (found?.role !== "agent") wrongField("agent_id: there is no agent with this id");
}

async function makeStanding(c: GateContext) {
  const now = Date.now();
  const fields = parseStandingApproval(await readJson(c), now);
  await requireAgent(c, fields.agent);
  const { made } = await makerOf(c);
  const approval = { ...fields, ...made, id: freshId(STANDING_ID_PREFIX), createdAt: now, used: 0 };
  const kept = await c.env.mandates.makeStanding(approval, made.principal);
  return kept.ok ? c.json(standingApprovalView(approval, now), 201) : tooMany();
}

async function makeDelegation(c: GateContext) {
  const now = Date.now();
  const { scope, delegator, ...fields } = parseDelegation(await readJson(c), now);
  const { registry, person, made } = await makerOf(c);
  if (delegator !== null && delegator !== made.principal && personCalled(delegator, registry) !== person) {
    const detail = "delegator_principal_id: people delegate their own vote only.";
    return refuse({ status: 403, code: "forbidden", detail });
  }
  const delegate = await delegateOf(c, fields.delegatePrincipal, fields.delegatePerson);
  if (delegate === person) return wrongField("a delegation to oneself changes nothing");
  await requireAgent(c, scope.agent);
  const id = freshId(DELEGATION_ID_PREFIX);
  const delegation = { ...scope, ...made, id, delegate, createdAt: now, expiresAt: fields.expiresAt };
  const kept = await c.env.mandates.makeDelegation(delegation, made.principal);
  return kept.ok ? c.json(delegationView(delegation, now), 201) : tooMany();
}

/** The person behind a reviewer's credential, or one of the registry. */
async function delegateOf(c: GateContext, principal: string | null, person: string | null): Promise<string> {
  const { registry } = await c.env.rules.current();
  if (principal !== null) {
    const found = await c.env.principals.get(principal);
    if (found?.role !== "reviewer") return wrongField("delegate_agent_id: there is no reviewer with this id");
    return voterOf(found, "link", registry).person;
  }
  const id = personCalled(person ?? "", registry);
  return registry.people.has(id) ? id : wrongField("delegate_person_id: gate.yaml has no such person");
}

function tooMany(): never {
  return refuse({
    status: 409,
    code: "too_many_mandates",
    detail: "You have as many of these in force as one person may; revoke some.",
  });
}

/** Any reviewer may: taking a mandate back only makes things stricter. */
async function revoke(c: GateContext, isOfThisKind: (mandate: StandingApproval | Delegation) => boolean) {
  const id = c.req.param("id") ?? "";
  const mandate = await c.env.mandates.find(id);
  if (mandate === null || !isOfThisKind(mandate)) {
    return refuse({
      status: 404,
      code: "not_found",
      detail: "There is nothing with this id.",
      error: "not_found",
    });
  }
  const now = Date.now();
  if (!(await c.env.mandates.revoke(id, c.var.principal.id, now))) {
    return refuse({ status: 409, code: "already_revoked", detail: "This was revoked before." });
  }
  return c.json({ id, status: "revoked", revoked_at: iso(now) });
}

async function pageOf<T extends { readonly id: string }>(
  c: GateContext,
  list: (page: { after: string | null; limit: number }) => Promise<readonly T[]>,
) {
  const found = await list({ after: c.req.query("after") ?? null, limit: MAX_PAGE + 1 });
  const page = found.slice(0, MAX_PAGE);
  return { page, next: found.length > MAX_PAGE ? (page.at(-1)?.id ?? null) : null };
}

/** What people lay down beforehand, so that there is less to decide. */
export const mandates = new Hono<GateEnv>()
  .post("/v1/standing-approvals", reviewers, makeStanding)
  .get("/v1/standing-approvals", readers, async (c) => {
    const { page, next } = await pageOf(c, (asked) => c.env.mandates.listStanding(asked));
    const now = Date.now();
    const shown = page.map((approval) => standingApprovalView(approval, now));
    return c.json({ standing_approvals: shown, count: shown.length, next });
  })
  .post("/v1/standing-approvals/:id/revoke", reviewers, (c) => revoke(c, (mandate) => "uses" in mandate))
  .post("/v1/delegations", reviewers, makeDelegation)
  .get("/v1/delegations", readers, async (c) => {
    const { page, next } = await pageOf(c, (asked) => c.env.mandates.listDelegations(asked));
    const now = Date.now();
    const shown = page.map((delegation) => delegationView(delegation, now));
    return c.json({ delegations: shown, count: shown.length, next });
  })
  .post("/v1/delegations/:id/revoke", reviewers, (c) => revoke(c, (mandate) => "delegate" in mandate));

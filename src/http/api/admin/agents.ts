import { Hono } from "hono";
import { z } from "zod";
import { isHuman, ROLES, type Principal, type PrincipalStatus } from "../../../core/identity/principal.ts";
import { mayChangeStatus, maySeePrincipal } from "../../../app/authority.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { principalView } from "./principal-view.ts";
import { freshKey, register } from "./register-agent.ts";
import type { Answer } from "../shared/answer.ts";
import type {
  PRINCIPAL_IN_FULL,
  PRINCIPALS,
  REPORT_KEY_SET,
  ROLE_CHANGED,
  ROTATED_KEY,
  STATUS_CHANGED,
} from "./principal-schema.ts";

const MAX_PAGE = 200;

const NOT_FOUND: Problem = {
  status: 404,
  code: "agent_not_found",
  detail: "There is no such principal.",
  error: "Agent not found",
};

/** RFC 8037: an Ed25519 public key as a JWK; null removes the registered one. */
const REPORT_KEY = requestSchema(
  "POST /v1/agents/:id/report-key",
  z.object({
    jwk: z
      .object({
        kty: z.literal("OKP"),
        crv: z.literal("Ed25519"),
        x: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
      })
      .nullable(),
  }),
);

const ROLE_CHANGE = requestSchema("POST /v1/agents/:id/role", z.object({ role: z.enum(ROLES) }));

/** The principal that a path names, if the caller may change it. */
async function target(c: GateContext): Promise<Principal> {
  const ports = c.env;
  const principal = await ports.principals.get(c.req.param("id") ?? "");
  if (principal === null) return refuse(NOT_FOUND);
  if (!mayChangeStatus(c.var.principal, principal)) {
    return refuse({
      status: 403,
      code: "forbidden",
      detail: "Only an admin can change the status of a person's key.",
    });
  }
  return principal;
}

async function setStatus(c: GateContext, status: PrincipalStatus) {
  const ports = c.env;
  const principal = await target(c);
  if (principal.status === "revoked" && status !== "revoked") {
    return refuse({
      status: 409,
      code: "principal_revoked",
      detail: "A revoked principal can't be reactivated; register another.",
    });
  }
  await ports.principals.setStatus(principal.id, status, c.var.principal.id);
  return c.json({ agent_id: principal.id, agentId: principal.id, status } satisfies Answer<
    typeof STATUS_CHANGED
  >);
}

const admins = requireRole(["admin"]);
const watchers = requireRole(["reviewer", "admin"]);

export const agents = new Hono<GateEnv>()
  .post("/v1/agents/register", admins, register)
  .get("/v1/agents", requireRole(["reviewer", "auditor", "admin"]), async (c) => {
    const ports = c.env;
    const after = c.req.query("after") ?? null;
    const found = await ports.principals.list({ after, limit: MAX_PAGE + 1 });
    const page = found.slice(0, MAX_PAGE);
    return c.json({
      agents: page.map(principalView),
      count: page.length,
      next: found.length > MAX_PAGE ? (page.at(-1)?.id ?? null) : null,
    } satisfies Answer<typeof PRINCIPALS>);
  })
  .get("/v1/agents/:id", requireRole(ROLES), async (c) => {
    const ports = c.env;
    const { principal: caller } = c.var;
    const id = c.req.param("id");
    if (!maySeePrincipal(caller, id)) return refuse(NOT_FOUND);
    const principal = caller.id === id ? caller : await ports.principals.get(id);
    if (principal === null) return refuse(NOT_FOUND);
    return c.json({ ...principalView(principal), metadata: principal.metadata } satisfies Answer<
      typeof PRINCIPAL_IN_FULL
    >);
  })
  .post("/v1/agents/:id/suspend", watchers, (c) => setStatus(c, "suspended"))
  .post("/v1/agents/:id/revoke", watchers, (c) => setStatus(c, "revoked"))
  .post("/v1/agents/:id/reactivate", admins, (c) => setStatus(c, "active"))
  .post("/v1/agents/:id/rotate-key", admins, async (c) => {
    const ports = c.env;
    const principal = await target(c);
    const key = freshKey(principal.role);
    await ports.principals.rotateKey(principal.id, key, c.var.principal.id);
    return c.json({
      agent_id: principal.id,
      agentId: principal.id,
      apiKey: key,
      api_key: key,
    } satisfies Answer<typeof ROTATED_KEY>);
  })
  .post("/v1/agents/:id/report-key", admins, async (c) => {
    const ports = c.env;
    const principal = await target(c);
    if (isHuman(principal)) {
      return refuse({
        status: 400,
        code: "invalid_request",
        detail: "Only agents and runners report executions.",
      });
    }
    const { jwk } = parseRequest(REPORT_KEY, await readJson(c));
    await ports.principals.setReportKey(principal.id, jwk?.x ?? null, c.var.principal.id);
    return c.json({ agent_id: principal.id, agentId: principal.id, report_key: jwk } satisfies Answer<
      typeof REPORT_KEY_SET
    >);
  })
  .post("/v1/agents/:id/role", admins, async (c) => {
    const ports = c.env;
    const principal = await target(c);
    const { role } = parseRequest(ROLE_CHANGE, await readJson(c));
    await ports.principals.setRole(principal.id, role, c.var.principal.id);
    return c.json({ agent_id: principal.id, agentId: principal.id, role } satisfies Answer<
      typeof ROLE_CHANGED
    >);
  });

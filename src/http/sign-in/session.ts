import { Hono } from "hono";
import { z } from "zod";
import { authenticateKey } from "../../app/identity/authenticate.ts";
import { callerOf, requireHuman, requireRole } from "../middleware/auth.ts";
import { readJson } from "../middleware/body.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { enforceRequestLimit } from "../middleware/request-limit.ts";
import { refuseOtherSites, requireSameOrigin } from "../middleware/origin.ts";
import { authenticated, refuseUnauthenticated } from "../problem/from-auth-failure.ts";
import { refuse } from "../problem/problem.ts";
import { clearSessionCookie, sessionTokenOf } from "../middleware/session-cookie.ts";
import { openSession } from "./open-session.ts";
import { parseRequest, requestSchema } from "../api/shared/request-schema.ts";
import { sessionView } from "./session-view.ts";
import type { Answer } from "../api/shared/answer.ts";
import type { UNLINKED } from "../api/admin/principal-schema.ts";

const OPENING = requestSchema(
  "POST /v1/session",
  z.object({ key: z.string("a reviewer's, auditor's or admin's key").min(1).max(512) }),
);

async function open(c: GateContext) {
  const ports = c.env;
  // Login CSRF: another site could sign the browser in as the attacker, who then sees what its user does.
  refuseOtherSites(c);
  const { key } = parseRequest(OPENING, await readJson(c));
  const principal = authenticated(await authenticateKey(key, ports, "fresh"));
  requireHuman(principal);
  await enforceRequestLimit(c, principal.id);
  const expiresAt = await openSession(c, { key }, "key");
  const { registry } = await ports.rules.current();
  return c.json(sessionView({ principal, assurance: "key", via: "session", expiresAt }, registry));
}

async function close(c: GateContext) {
  const ports = c.env;
  const token = sessionTokenOf(c);
  if (token !== undefined) {
    requireSameOrigin(c);
    await ports.sessions.close(token);
    clearSessionCookie(c);
  }
  return c.body(null, 204);
}

/** Sessions of browsers, and the identities that are linked to principals. */
export const session = new Hono<GateEnv>()
  .post("/v1/session", open)
  .get("/v1/session", async (c) => {
    const ports = c.env;
    const caller = (await callerOf(c)) ?? refuseUnauthenticated();
    const { registry } = await ports.rules.current();
    return c.json(sessionView(caller, registry));
  })
  .delete("/v1/session", close)
  .post("/v1/agents/:id/unlink-identity", requireRole(["admin"]), async (c) => {
    const ports = c.env;
    const id = c.req.param("id");
    const principal = await ports.principals.get(id);
    if (principal === null) {
      return refuse({
        status: 404,
        code: "agent_not_found",
        detail: "No principal has this id.",
        error: "Agent not found",
      });
    }
    const unlinked = await ports.linkedIdentities.unlink(id, c.var.principal.id);
    return c.json({ agent_id: id, agentId: id, unlinked } satisfies Answer<typeof UNLINKED>);
  });

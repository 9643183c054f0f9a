import { Hono } from "hono";
import { z } from "zod";
import { allow, authenticate, callerOf, refuseNobody, requireHuman } from "../middleware/auth.ts";
import { readJson } from "../middleware/body.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { refuseOtherSites, requireSameOrigin } from "../middleware/origin.ts";
import { refuse } from "../problem/problem.ts";
import { clearSessionCookie, sessionTokenOf } from "../middleware/session-cookie.ts";
import { openSession } from "../middleware/sessions.ts";
import { parse } from "../api/shared/fields.ts";
import { sessionView } from "./session-view.ts";

const OPENING = z.object({ key: z.string("a reviewer's, auditor's or admin's key").min(1).max(512) });

async function open(c: GateContext) {
  // Or another site signs a browser in as somebody else, who then sees what its owner does.
  refuseOtherSites(c);
  const { key } = parse(OPENING, await readJson(c));
  const principal = await authenticate(key, c.env, "fresh");
  requireHuman(principal);
  const expiresAt = await openSession(c, { key }, "key");
  const { registry } = await c.env.rules.current();
  return c.json(sessionView({ principal, assurance: "key", via: "session", expiresAt }, registry));
}

async function close(c: GateContext) {
  const token = sessionTokenOf(c);
  if (token !== undefined) {
    requireSameOrigin(c);
    await c.env.sessions.close(token);
    clearSessionCookie(c);
  }
  return c.body(null, 204);
}

/** Who is signed in, and how. */
export const session = new Hono<GateEnv>()
  .post("/v1/session", open)
  .get("/v1/session", async (c) => {
    const caller = (await callerOf(c)) ?? refuseNobody();
    const { registry } = await c.env.rules.current();
    return c.json(sessionView(caller, registry));
  })
  .delete("/v1/session", close)
  .post("/v1/agents/:id/unpin", allow(["admin"]), async (c) => {
    const id = c.req.param("id");
    const principal = await c.env.principals.get(id);
    if (principal === null) {
      return refuse({
        status: 404,
        code: "agent_not_found",
        detail: "There is no such principal.",
        error: "Agent not found",
      });
    }
    const unpinned = await c.env.credentials.unpin(id, c.var.principal.id);
    return c.json({ agent_id: id, agentId: id, unpinned });
  });

import { Hono } from "hono";
import { visibleRecord } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { evidenceOf } from "./evidence-bundle.ts";
import { maySeePayload } from "../../../app/authority.ts";

export const evidence = new Hono<GateEnv>().get(
  "/v1/intents/:id/evidence",
  requireRole(["agent", "runner", "reviewer", "auditor", "admin"]),
  async (c) => {
    const ports = c.env;
    const { intent, record } = await visibleRecord(c, c.req.param("id"));
    const disclose = await maySeePayload(c.var.principal, record.state, ports);
    const content = disclose && record.case?.payload.kind === "content";
    const payload = content ? await intent.payload() : null;
    return c.json(await evidenceOf(record, payload, disclose, ports), 200, {
      "Content-Disposition": `attachment; filename="${intent.id}.evidence.json"`,
    });
  },
);

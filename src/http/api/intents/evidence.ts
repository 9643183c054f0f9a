import { Hono } from "hono";
import { visibleRecord } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { evidenceOf } from "./evidence-bundle.ts";
import { maySeePayload } from "../../../app/authority.ts";
import { takeReadSlot } from "../../middleware/read-slot.ts";
import { sendPayload } from "../shared/send-payload.ts";

export const evidence = new Hono<GateEnv>().get(
  "/v1/intents/:id/evidence",
  requireRole(["agent", "runner", "reviewer", "auditor", "admin"]),
  async (c) => {
    const ports = c.env;
    const { intent, record } = await visibleRecord(c, c.req.param("id"));
    const disclose = await maySeePayload(c.var.principal, record.state, ports);
    const headers = {
      "Content-Type": "application/json",
      "Content-Disposition": `attachment; filename="${intent.id}.evidence.json"`,
    };
    const payload = record.case?.payload;
    if (!disclose || payload?.kind !== "content") {
      return c.body(
        JSON.stringify(await evidenceOf(record, c.var.principal, { payload: null, disclose }, ports)),
        200,
        headers,
      );
    }
    const place = crypto.randomUUID();
    const text = JSON.stringify(
      await evidenceOf(record, c.var.principal, { payload: place, disclose }, ports),
    );
    const [before = "", after = ""] = text.split(place);
    const release = await takeReadSlot(c, payload.bytes);
    return sendPayload(c, { intent, bytes: payload.bytes, around: [before, after], headers, release });
  },
);

import { Hono } from "hono";
import { cors } from "hono/cors";
import { scrub } from "../../../core/detection/pii/scrub.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { logView } from "./log-view.ts";
import { iso } from "../../../core/base/iso-time.ts";
import { ANY_INTENT } from "../../../ports/intent-index.ts";

const FEED_LIMIT = 50;

/** Routes without authentication: no response contains a key, a payload or a person's name. */
export const publicRoutes = new Hono<GateEnv>()
  .use("/health", cors())
  .use("/.well-known/*", cors())
  .use("/v1/public/feed", cors())
  .get("/health", (c) => c.json({ status: "ok", service: "zehrava-gate", version: c.env.settings.version }))
  .get("/.well-known/gate", async (c) =>
    c.json({
      name: "zehrava-gate",
      version: c.env.settings.version,
      api: "v1",
      endpoints: {
        propose: "/v1/intents",
        execute: "/v1/intents/{id}/execute",
        report: "/v1/executions/{id}/report",
        audit: "/v1/intents/{id}/audit",
      },
      execution_modes: ["runner_exec", "external_pull"],
      statuses: [
        "approved",
        "blocked",
        "pending_approval",
        "duplicate_blocked",
        "scheduled",
        "delivered",
        "succeeded",
        "failed",
        "expired",
      ],
      max_payload_bytes: c.env.settings.maxPayloadBytes,
      authentication: "bearer",
      log: await logView(c.env.log),
    }),
  )
  // RFC 7517: every key that ever signed an order or a checkpoint, so that old ones still verify.
  .get("/.well-known/jwks.json", async (c) =>
    c.json({ keys: await c.env.signer.publicKeys() }, 200, { "Cache-Control": "public, max-age=300" }),
  )
  .get("/v1/public/feed", async (c) => {
    const ports = c.env;
    if (!ports.settings.publicFeed) {
      return refuse({
        status: 404,
        code: "not_found",
        detail: "The public feed is off.",
        error: "Not found",
      });
    }
    const rows = await ports.index.list({ ...ANY_INTENT, limit: FEED_LIMIT });
    const proposals = rows.map((row) => ({
      // Without the id, which the holder of any key could probe for.
      destination: scrub(row.destination),
      policy_id: scrub(row.policy_id),
      status: row.status,
      risk_level: row.risk_level,
      created_at: iso(row.created_at),
    }));
    return c.json({ proposals, count: proposals.length, agent: null });
  });

import { Hono } from "hono";
import { cors } from "hono/cors";
import { scrub } from "../../../core/detection/pii/scrub.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { a2hCapabilities, capabilities } from "./capabilities.ts";
import { logView } from "./log-view.ts";
import { iso } from "../../../core/base/iso-time.ts";
import { ANY_INTENT } from "../../../ports/intent-index.ts";
import type { Answer } from "../shared/answer.ts";
import type { DISCOVERY, FEED, HEALTH, JWKS } from "./public-schema.ts";
import type { Status } from "../../../core/intent/phase.ts";
import type { RiskLevel } from "../../../core/policy/risk.ts";

const FEED_LIMIT = 50;

/** The contract's page of the feed. */
const FEED_DEFAULT = 20;

/** Routes without authentication: no response contains a key, a payload or a person's name. */
export const publicRoutes = new Hono<GateEnv>()
  .use("/health", cors())
  .use("/.well-known/*", cors())
  .use("/v1/public/feed", cors())
  .get("/health", (c) =>
    // The reverse proxy is part of the server; gate.yaml says which destinations it reaches.
    c.json({
      status: "ok",
      service: "zehrava-gate",
      version: c.env.settings.version,
      proxy: { enabled: true },
    } satisfies Answer<typeof HEALTH>),
  )
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
      ...(await capabilities(c.env)),
    } satisfies Answer<typeof DISCOVERY>),
  )
  .get("/.well-known/a2h", async (c) =>
    c.env.settings.a2hDiscovery ? c.json(a2hCapabilities(await capabilities(c.env))) : c.notFound(),
  )
  // RFC 7517: every key that ever signed an order or a checkpoint, so that old ones still verify.
  .get("/.well-known/jwks.json", async (c) =>
    c.json({ keys: await c.env.signer.publicKeys() } satisfies Answer<typeof JWKS>, 200, {
      "Cache-Control": "public, max-age=300",
    }),
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
    const { publicFeedAgent: name } = ports.settings;
    const agent = name === null ? null : ((await ports.principals.named(name))?.id ?? "");
    const limit = feedLimit(c.req.query("limit"));
    const rows = agent === "" ? [] : await ports.index.list({ ...ANY_INTENT, agent, limit });
    const proposals = rows.map((row) => ({
      // Without the id, which the holder of any key could probe for.
      destination: scrub(row.destination),
      policy: scrub(row.policy_id),
      policy_id: scrub(row.policy_id),
      status: row.status as Status,
      risk_level: row.risk_level as RiskLevel,
      created_at: iso(row.created_at),
    }));
    return c.json({ proposals, count: proposals.length, agent: name } satisfies Answer<typeof FEED>);
  });

/** Clamped, as the contract has it: the page is public, and a wrong number in its address is nobody's write. */
function feedLimit(written: string | undefined): number {
  if (written === undefined || !/^\d{1,6}$/.test(written)) return FEED_DEFAULT;
  return Math.min(Math.max(Number(written), 1), FEED_LIMIT);
}

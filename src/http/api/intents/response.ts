import { Hono } from "hono";
import { visibleRecord } from "../../middleware/guards.ts";
import { requireRole } from "../../middleware/auth.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { ownOrigin } from "../../middleware/origin.ts";
import { refuse } from "../../problem/problem.ts";
import {
  harmlessType,
  storedResponse,
  responseView,
  noResponseReason,
  type DigestedResponse,
} from "./http-write-view.ts";
import { storedContent } from "../shared/stored-record.ts";
import { placesOf, rewriteAddresses } from "../../../core/outbound/addresses.ts";
import { isHuman } from "../../../core/identity/principal.ts";
import type { IntentRecord } from "../../../ports/intents.ts";
import { countsScope, maySeePayload } from "../../../app/authority.ts";
import type { Answer } from "../shared/answer.ts";
import type { READS } from "./http-write-schema.ts";

const readers = requireRole(["agent", "runner", "reviewer", "auditor", "admin"]);

/** The upstream's response to a write that Gate sent, for readers who may see the payload. */
async function show(c: GateContext) {
  const ports = c.env;
  const wantsJson = isJsonWanted(c);
  const { intent, record } = await visibleRecord(c, c.req.param("id") ?? "");
  const { state } = record;
  if (!(await maySeePayload(c.var.principal, state, ports))) {
    return refuse({
      status: 403,
      code: "not_eligible",
      detail: "You are not an eligible approver of this intent.",
    });
  }
  const stored = await storedResponse(intent);
  const answer = stored === null || isHuman(c.var.principal) ? stored : await atGate(c, record, stored);
  if (answer === null) {
    const detail = noResponseReason(state);
    return refuse({ status: 404, code: "no_response", detail, more: { state: state.phase } });
  }
  return wantsJson ? c.json(responseView(intent.id, answer), 200, NEGOTIATED) : bytesOf(c, intent.id, answer);
}

/** For agents, which follow addresses: the upstream's own lead through Gate. People see what the upstream wrote. */
async function atGate(c: GateContext, record: IntentRecord, stored: DigestedResponse) {
  const ports = c.env;
  const { destinations } = (await ports.rules.current()).registry;
  const entry = destinations.get(record.state.terms.destination);
  const requested = storedContent(record).request?.http?.url;
  if (entry === undefined || requested === undefined) return stored;
  const rewrite = { requested, places: placesOf(entry, destinations.values()), origin: ownOrigin(c) };
  return { ...stored, headers: rewriteAddresses(stored.headers, rewrite) };
}

const NEGOTIATED = { Vary: "Accept" } as const;

function isJsonWanted(c: GateContext): boolean {
  const format = c.req.query("format");
  if (format === "json") return true;
  if (format === undefined) return /\bapplication\/json\b/i.test(c.req.header("Accept") ?? "");
  if (format === "raw") return false;
  return refuse({ status: 400, code: "invalid_request", detail: "format: json or raw" });
}

/** 200 whatever the upstream's status was: Gate's own status says only that a response is stored. */
function bytesOf(c: GateContext, id: string, { status, headers, body, truncated, sha256 }: DigestedResponse) {
  return c.body(body.slice().buffer, 200, {
    ...NEGOTIATED,
    "Content-Type": harmlessType(headers),
    "Content-Disposition": "attachment",
    "Content-Security-Policy": "sandbox",
    "X-Gate-Intent-Id": id,
    "X-Gate-Upstream-Status": String(status),
    "X-Gate-Truncated": String(truncated),
    "X-Gate-Response-Digest": sha256,
  });
}

/** Counts of reads through the proxy: an agent's own; for people, all or one agent's. */
async function reads(c: GateContext) {
  const ports = c.env;
  const agent = countsScope(c.var.principal) ?? c.req.query("agent") ?? null;
  const counts = await ports.reads.list(agent);
  return c.json({
    reads: counts.map(({ day, agent: agentId, destination, count }) => ({
      day,
      agent_id: agentId,
      destination,
      count,
    })),
  } satisfies Answer<typeof READS>);
}

export const responses = new Hono<GateEnv>()
  .get("/v1/intents/:id/response", readers, show)
  .get("/v1/reads", requireRole(["agent", "reviewer", "auditor", "admin"]), reads);

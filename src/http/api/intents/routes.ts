import { Hono } from "hono";
import type { ProposalRequest } from "../../../core/proposal/request.ts";
import type { Decision } from "../../../core/policy/decision.ts";
import { rehearse, unmetDemand } from "../../../app/proposals/evaluate-proposal.ts";
import { govern } from "../../../app/proposals/govern.ts";
import { visibleRecord } from "../../middleware/guards.ts";
import { logDecision } from "../../middleware/request-log.ts";
import { requireReader, requireRole } from "../../middleware/auth.ts";
import { proposalBodyBytes, readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { problemOfAuthFailure } from "../../problem/from-auth-failure.ts";
import { refuseWith } from "../../problem/from-refusal.ts";
import { auditTrail } from "./audit-view.ts";
import { decisionView } from "./decision-view.ts";
import { intentRowView, intentView } from "./intent-view.ts";
import { seenBeforeView } from "./seen-before-view.ts";
import { evidenceOfRecord } from "../shared/evidence-view.ts";
import { listFilter } from "../shared/list-query.ts";
import { idsIn, idsInEarlier, idsInRows } from "../../../core/intent/named-ids.ts";
import { namesOf } from "../../../app/identity/names.ts";
import { cursorText } from "../../../core/intent/list-cursor.ts";
import { requirePayloadSize } from "../shared/payload.ts";
import { takeReadSlot } from "../../middleware/read-slot.ts";
import { sendPayload } from "../shared/send-payload.ts";
import { queryFlag } from "../shared/query-flag.ts";
import { parseProposeRequest } from "./propose-request.ts";
import { duplicateReply, proposeReply, rehearsalReply } from "./propose-reply.ts";
import { maySeePayload } from "../../../app/authority.ts";
import { seenBefore } from "../../../app/seen-before.ts";
import { isHuman, ROLES } from "../../../core/identity/principal.ts";
import type { Answer } from "../shared/answer.ts";
import type { SHOWN_INTENT } from "./intent-schema.ts";
import type { AUDIT_TRAIL } from "./audit-schema.ts";
import type { INTENTS, PROPOSALS } from "./intent-row-schema.ts";

const readers = requireRole(ROLES);

async function propose(c: GateContext) {
  const ports = c.env;
  const { principal } = c.var;
  const { settings } = ports;
  const request = parseProposeRequest(await readJson(c, proposalBodyBytes(settings.maxPayloadBytes)));
  requirePayloadSize(request.payload, settings.maxPayloadBytes);
  if (queryFlag(c, "dry_run")) {
    c.set("hasNoEffect", true);
    const decision = await rehearse(request, principal, ports, Date.now());
    const unmet = await unmetDemand(request, decision, await ports.rules.current(), null);
    return unmet === null ? c.json(rehearsalReply(decision)) : refuseWith(unmet);
  }
  const { place } = c.var;
  const earlier = place?.again === true && request.key === null ? await earlierReply(c, place.intent) : null;
  if (earlier !== null) return c.json(earlier);
  const governed = await govern({ ...request, place: place?.intent ?? null }, principal, ports, Date.now());
  logDecision(c, governed, { agent: principal.id, destination: request.request.destination });
  switch (governed.kind) {
    case "decided":
      return c.json(proposeReply(governed.state, governed.decision, request.request));
    case "duplicate":
      return c.json(duplicateReply(governed.id, governed.state, request.key), 409);
    case "refused":
      return refuseWith(governed.refusal);
    case "unauthenticated":
      return refuse(problemOfAuthFailure(governed.failure));
  }
}

/** The response that an earlier, crashed attempt did not return; null: it created no intent. */
async function earlierReply(c: GateContext, id: string) {
  const ports = c.env;
  const record = (await ports.intents.find(id)?.getRecord()) ?? null;
  if (record === null || record.case === null) return null;
  const { request, decision } = record.case;
  const proposed = JSON.parse(request) as ProposalRequest;
  return proposeReply(record.state, JSON.parse(decision) as Decision, proposed);
}

async function list(c: GateContext) {
  const ports = c.env;
  const { rows, next } = await ports.index.page(await listFilter(c));
  const names = await namesOf(idsInRows(rows), c.var.principal, ports);
  return {
    page: rows.map((row) => intentRowView(row, names)),
    next: next === null ? null : cursorText(next),
    names,
  };
}

async function show(c: GateContext) {
  const ports = c.env;
  const { principal } = c.var;
  // Programs poll this: they get another read of D1 only where they ask for it.
  const isSeenBeforeWanted = queryFlag(c, "seen_before", isHuman(principal));
  const { record } = await visibleRecord(c, c.req.param("id") ?? "");
  const { state, entries } = record;
  const isPayloadVisible = await maySeePayload(principal, state, ports);
  const view = intentView(record, isPayloadVisible, await evidenceOfRecord(record, ports));
  const earlier = isSeenBeforeWanted ? await seenBefore(state.terms, principal, ports) : null;
  const ids = [...idsIn(state, entries), ...(earlier === null ? [] : idsInEarlier(earlier))];
  return c.json({
    ...view,
    ...(isSeenBeforeWanted && { seen_before: earlier === null ? null : seenBeforeView(earlier) }),
    names: await namesOf(ids, principal, ports),
  } satisfies Answer<typeof SHOWN_INTENT>);
}

async function audit(c: GateContext) {
  const { record } = await visibleRecord(c, c.req.param("id") ?? "");
  const { state, entries } = record;
  const events = auditTrail(record);
  return c.json({
    intentId: state.terms.id,
    proposalId: state.terms.id,
    events,
    auditTrail: events,
    count: events.length,
    approval_evidence: await evidenceOfRecord({ state, entries }, c.env),
    names: await namesOf(idsIn(state, entries), c.var.principal, c.env),
  } satisfies Answer<typeof AUDIT_TRAIL>);
}

export const intents = new Hono<GateEnv>()
  // A cached identity is enough: a runner's write has no effect before its order, which reads the key afresh.
  .post("/v1/intents", requireRole(["agent"], "cached"), propose)
  .post("/v1/propose", requireRole(["agent"], "cached"), propose)
  .get("/v1/intents", requireReader(ROLES), async (c) => {
    const { page, next, names } = await list(c);
    return c.json({ intents: page, count: page.length, next, names } satisfies Answer<typeof INTENTS>);
  })
  .get("/v1/proposals", requireReader(ROLES), async (c) => {
    const { page, next, names } = await list(c);
    return c.json({ proposals: page, count: page.length, next, names } satisfies Answer<typeof PROPOSALS>);
  })
  .get("/v1/intents/:id", readers, show)
  .get("/v1/proposals/:id", readers, show)
  .get("/v1/intents/:id/audit", readers, audit)
  .get("/v1/audit/:id", readers, audit)
  .get("/v1/intents/:id/decision", readers, async (c) => {
    const ports = c.env;
    const { record } = await visibleRecord(c, c.req.param("id"));
    const isPayloadVisible = await maySeePayload(c.var.principal, record.state, ports);
    const decided = await evidenceOfRecord(record, ports);
    return c.json(decisionView(record, c.var.principal, isPayloadVisible, decided));
  })
  .get("/v1/intents/:id/payload", readers, async (c) => {
    const ports = c.env;
    const { intent, record } = await visibleRecord(c, c.req.param("id"));
    if (!(await maySeePayload(c.var.principal, record.state, ports))) {
      return refuse({
        status: 403,
        code: "not_eligible",
        detail: "You are not an eligible approver of this intent.",
      });
    }
    const payload = record.case?.payload;
    if (payload?.kind !== "content") {
      const detail =
        record.case === null ? "The payload was erased." : "Gate has not seen this intent's payload.";
      return refuse({ status: 404, code: "no_payload", detail });
    }
    // Bytes, whatever type the agent named: a browser must never run an agent's payload as a page (XSS).
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": "attachment",
      "Content-Security-Policy": "sandbox",
      "X-Payload-Digest": record.state.terms.payloadDigest ?? "",
    };
    const release = await takeReadSlot(c, payload.bytes);
    return sendPayload(c, { intent, bytes: payload.bytes, around: null, headers, release });
  });

import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import { govern, identify } from "../../app/proposals/govern.ts";
import { readBytes } from "../middleware/body.ts";
import type { GateContext } from "../middleware/context.ts";
import { requireUnflooded } from "../middleware/flood-limit.ts";
import { refuse } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, refuseWith } from "../problem/from-refusal.ts";
import { duplicateReply } from "../api/intents/propose-reply.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import { comeOf, waitingFor } from "./await-outcome.ts";
import type { Incoming } from "./parse-request.ts";
import type { ProxyRoute } from "./route.ts";
import type { Intent } from "../../ports/intents.ts";
import { findVisibleIntent } from "../../app/authority.ts";
import type { Asked } from "./outcome-request.ts";

const INTENT_HEADER = "X-Gate-Intent-Id";

/** Which policy decides besides the bound ones: it can only make the answer stricter. */
const POLICY_HEADER = "X-Gate-Policy";
const POLICY = /^[A-Za-z0-9_.-]{1,128}$/;

/** A request that writes becomes an intent; one that names an intent, or an earlier one's key, is answered by it. */
export async function governWrite(
  c: GateContext,
  agent: ProxyAgent,
  route: ProxyRoute,
  incoming: Incoming,
): Promise<Response> {
  const { principal } = agent;
  const waitMs = waitingFor(c);
  await requireUnflooded(c, principal.id);
  const { request, payload } = await readWrite(c, route, incoming);
  const { method } = incoming.http;
  const body = payload.kind === "content" ? payload.bytes : null;
  const asked: Asked = { method, route, own: incoming.own, body, waitMs, isRepeat: false };
  const named = c.req.header(INTENT_HEADER);
  if (named !== undefined) {
    const { intent, state } = await namedIntent(c, agent, named, request, payload);
    return comeOf(c, intent, state, { ...asked, isRepeat: true });
  }
  const { idempotencyKey: key } = incoming;
  const made = { request, payload, key: key === null ? null : `${route.entry.name} ${key}`, attended: true };
  const governed = await govern(made, principal, c.env, Date.now());
  switch (governed.kind) {
    case "decided":
      return comeOf(c, intentOf(c, governed.state.terms.id), governed.state, asked);
    case "duplicate":
      if (key !== null && governed.state !== null) {
        return comeOf(c, intentOf(c, governed.id), governed.state, { ...asked, isRepeat: true });
      }
      return Response.json(duplicateReply(governed.id, governed.state, null), {
        status: 409,
        headers: { [INTENT_HEADER]: governed.id },
      });
    case "refused":
      return refuseWith(governed.refusal);
  }
}

/** What is asked, with the whole body: a prefix of it would be another write. */
async function readWrite(
  c: GateContext,
  { entry }: ProxyRoute,
  { http, contentType }: Incoming,
): Promise<{ readonly request: ProposalRequest; readonly payload: Payload }> {
  const coding = c.req.header("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity" && coding !== "") {
    refuse({
      status: 415,
      code: "content_coding_refused",
      detail: "Send the body of a write uncompressed: it is decided on as it is.",
      headers: { "Accept-Encoding": "identity" },
    });
  }
  const policy = c.req.header(POLICY_HEADER) ?? "";
  if (policy !== "" && !POLICY.test(policy)) {
    refuse({ status: 400, code: "invalid_request", detail: `${POLICY_HEADER}: a policy's id` });
  }
  const bytes = await readBytes(c, c.env.settings.maxPayloadBytes);
  // RFC 9110 section 9.3.1: it has no meaning, and the platform sends none; approved, it could never leave.
  if (bytes.length > 0 && (http.method === "GET" || http.method === "HEAD")) {
    refuse({ status: 400, code: "method_refused", detail: "A GET or HEAD with a body is not sent on." });
  }
  const request: ProposalRequest = {
    destination: entry.name,
    policy,
    action: `http.${http.method.toLowerCase()}`,
    recordCount: null,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata: {},
    profile: null,
    expiresInMinutes: null,
    http,
  };
  const payload: Payload =
    bytes.length === 0 ? { kind: "none" } : { kind: "content", bytes, name: null, mediaType: contentType };
  return { request, payload };
}

function intentOf(c: GateContext, id: string): Intent {
  const intent = c.env.intents.find(id);
  if (intent === null) throw new Error("an intent that was decided has no object");
  return intent;
}

/** The intent that a repeat names, if it is this agent's and this is the request it was made of. */
async function namedIntent(
  c: GateContext,
  { principal }: ProxyAgent,
  id: string,
  request: ProposalRequest,
  payload: Payload,
): Promise<{ readonly intent: Intent; readonly state: IntentState }> {
  const found = await findVisibleIntent(id, principal, c.env);
  if (found === null) return refuse(INTENT_NOT_FOUND);
  const { state } = found;
  const { requestDigest } = await identify({ request, payload }, c.env);
  if (state.erasedAt !== null || requestDigest === state.terms.requestDigest) return found;
  return refuse({
    status: 409,
    code: "request_mismatch",
    detail:
      "This is not the request that the intent was made of; what was approved is sent, and nothing else.",
    more: { intent_id: id },
  });
}

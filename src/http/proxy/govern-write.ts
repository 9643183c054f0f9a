import type { ProposalRequest } from "../../core/proposal/request.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Payload } from "../../core/proposal/payload.ts";
import { govern } from "../../app/proposals/govern.ts";
import { readBytes } from "../middleware/body.ts";
import type { GateContext } from "../middleware/context.ts";
import { logDecision } from "../middleware/request-log.ts";
import { enforceRequestLimit } from "../middleware/request-limit.ts";
import { refuse } from "../problem/problem.ts";
import { problemOfAuthFailure } from "../problem/from-auth-failure.ts";
import { INTENT_NOT_FOUND, refuseWith } from "../problem/from-refusal.ts";
import { duplicateReply } from "../api/intents/propose-reply.ts";
import type { ProxyAgent } from "./authenticate-agent.ts";
import { respondWithOutcome } from "./await-outcome.ts";
import { waitMsOf } from "./outcome-request.ts";
import type { ProxiedRequest } from "./parse-request.ts";
import { relocateFor } from "./relay-response.ts";
import type { ProxyRoute } from "./route.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { credentialDigest } from "../../app/execution/agent-credential.ts";
import { findRepeated } from "../../app/execution/find-repeated.ts";
import type { OutcomeRequest } from "../../app/execution/await-outcome.ts";

const INTENT_HEADER = "X-Gate-Intent-Id";

/** Names a policy to evaluate beside the destination's own: it can only make the verdict stricter. */
const POLICY_HEADER = "X-Gate-Policy";
const POLICY = /^[A-Za-z0-9_.-]{1,128}$/;

/**
 * Creates an intent from a write and responds with its outcome; a repeat gets the outcome of the first intent.
 *
 * @param read the body, where it was read already
 */
export async function governWrite(
  c: GateContext,
  agent: ProxyAgent,
  route: ProxyRoute,
  incoming: ProxiedRequest,
  read: Uint8Array | null,
): Promise<Response> {
  const ports = c.env;
  const { principal } = agent;
  const waitMs = waitMsOf(c);
  await agent.reauthenticate();
  await enforceRequestLimit(c, principal.id, "proposals");
  const { request, payload } = await readWrite(c, route, incoming, read);
  const body = payload.kind === "content" ? payload.bytes : null;
  const awaited: OutcomeRequest = {
    waitMs,
    isRepeat: false,
    agentCredentials: incoming.agentCredentials,
    body,
  };
  const relocate = relocateFor(c, route, incoming.http.url);
  const named = c.req.header(INTENT_HEADER);
  if (named !== undefined) {
    // A failure from here on must name the write, which an earlier request may have sent.
    if (ports.intents.find(named) !== null) c.set("intent", named);
    const { intent, state } = await namedIntent(c, agent, named, request, payload);
    if (state.phase !== "approved") c.var.releaseBody?.();
    return respondWithOutcome(c, relocate, intent, state, { ...awaited, isRepeat: true });
  }
  const { idempotencyKey: key } = incoming;
  const made = { request, payload, key: key === null ? null : `${route.entry.name} ${key}`, attended: true };
  const governed = await govern(made, principal, ports, Date.now());
  logDecision(c, governed, { agent: principal.id, destination: route.entry.name });
  // What waits for a person keeps no body, so that it must not keep a slot for one either.
  if (governed.kind !== "decided" || governed.state.phase !== "approved") c.var.releaseBody?.();
  switch (governed.kind) {
    case "decided":
      return respondWithOutcome(
        c,
        relocate,
        intentOf(ports, governed.state.terms.id),
        governed.state,
        awaited,
      );
    case "duplicate":
      if (key !== null && governed.state !== null) {
        const repeat = { ...awaited, isRepeat: true };
        return respondWithOutcome(c, relocate, intentOf(ports, governed.id), governed.state, repeat);
      }
      return Response.json(duplicateReply(governed.id, governed.state, null), {
        status: 409,
        headers: { [INTENT_HEADER]: governed.id },
      });
    case "refused":
      return refuseWith(governed.refusal);
    case "unauthenticated":
      return refuse(problemOfAuthFailure(governed.failure));
  }
}

/** The proposal, with its whole body: a truncated body would be a different write. */
async function readWrite(
  c: GateContext,
  { entry }: ProxyRoute,
  { http: parsed, agentCredentials, contentType }: ProxiedRequest,
  read: Uint8Array | null,
): Promise<{ readonly request: ProposalRequest; readonly payload: Payload }> {
  const ports = c.env;
  const coding = c.req.header("Content-Encoding")?.trim().toLowerCase() ?? "identity";
  if (coding !== "identity" && coding !== "") {
    refuse({
      status: 415,
      code: "content_coding_refused",
      detail: "Send the body of a write uncompressed: policies evaluate it as sent.",
      headers: { "Accept-Encoding": "identity" },
    });
  }
  const named = c.req.header(POLICY_HEADER);
  // An empty one, of a variable that is not set, must not drop the policy that was meant.
  if (named !== undefined && !POLICY.test(named)) {
    refuse({
      status: 400,
      code: "invalid_request",
      detail: `${POLICY_HEADER}: a policy's id, or no such header`,
    });
  }
  const policy = named ?? "";
  const bytes = read ?? (await readBytes(c, ports.settings.maxPayloadBytes));
  // RFC 9110 section 9.3.1 gives such a body no meaning, and the platform drops it: approved, it could not be sent.
  if (bytes.length > 0 && (parsed.method === "GET" || parsed.method === "HEAD")) {
    refuse({
      status: 400,
      code: "method_refused",
      detail: "Gate does not forward a GET or HEAD with a body.",
    });
  }
  // Where Gate injects none, an approval is for the account of the agent's own credential.
  const http =
    parsed.slot === null ? { ...parsed, credential: credentialDigest(agentCredentials, ports) } : parsed;
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

function intentOf({ intents }: Pick<Ports, "intents">, id: string): Intent {
  const intent = intents.find(id);
  if (intent === null) throw new Error("invariant: an evaluated intent has an object");
  return intent;
}

/** The intent that a repeat names in `X-Gate-Intent-Id`; 404 if the agent has none, 409 for a different request. */
async function namedIntent(
  c: GateContext,
  { principal }: ProxyAgent,
  id: string,
  request: ProposalRequest,
  payload: Payload,
): Promise<{ readonly intent: Intent; readonly state: IntentState }> {
  const ports = c.env;
  const found = await findRepeated(id, principal, { request, payload }, ports);
  if (found.ok) return found.value;
  if (found.error === "not_found") return refuse(INTENT_NOT_FOUND);
  return refuse({
    status: 409,
    code: "request_mismatch",
    detail:
      "This request differs from the one the intent was created from. Gate sends only the approved request.",
    more: { intent_id: id },
  });
}

import { Hono } from "hono";
import type { Channel } from "../../core/registry/registry.ts";
import { answerInteraction, type InteractionFailure } from "../../app/approvals/answer-interaction.ts";
import { isPassing } from "../../app/operations/credential-failure.ts";
import { readBytes, readJson, SMALL_BODY_BYTES } from "../middleware/body.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { respondOnce } from "../middleware/idempotency.ts";
import { SIGNING_SECRET_UNAVAILABLE } from "../problem/from-approval-failure.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, problemOfVoteFailure } from "../problem/from-refusal.ts";
import { parseCallback, verifyProviderSignature } from "./callback-request.ts";
import { decisionReply } from "../api/shared/decision-reply.ts";

type Provider = Extract<Channel, { kind: "a2h" }>;

/** Visible ASCII, as long as an Idempotency-Key may be. */
const DELIVERY_ID = /^[!-~]{1,255}$/;

/**
 * Receives a person's decision from an approval provider. The signature is verified first, so that an attacker without
 * the provider's secret can neither use up a delivery id nor learn which intents exist.
 */
export const callbacks = new Hono<GateEnv>().post("/v1/approval-callbacks/:provider", async (c) => {
  const ports = c.env;
  const id = c.req.param("provider");
  const bytes = await readBytes(c, SMALL_BODY_BYTES);
  const { registry } = await ports.rules.current();
  const channel = registry.channels.get(id);
  const provider = channel?.kind === "a2h" ? channel : null;
  const secret = provider === null ? null : await ports.secret(provider.secret);
  if (secret?.ok === false && isPassing(secret.error)) return refuse(SIGNING_SECRET_UNAVAILABLE);
  const verified = verifyProviderSignature(
    secret?.ok === true ? secret.value : null,
    c.req.header("X-Gate-Provider-Signature"),
    bytes,
    Date.now(),
  );
  if (provider === null || !verified.ok) {
    return refuse({
      status: 401,
      code: "invalid_signature",
      detail: "The signature is missing, stale, or not by an approval provider in gate.yaml.",
      more: { reason: verified.ok ? "provider_secret_not_configured" : verified.error },
    });
  }
  const delivery = c.req.header("X-Gate-Provider-Delivery-ID") ?? verified.value;
  if (!DELIVERY_ID.test(delivery)) {
    return invalid("X-Gate-Provider-Delivery-ID: up to 255 characters of visible ASCII");
  }
  const { url, method, headers } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body: bytes.slice().buffer });
  return respondOnce(c, delivery, { principal: `provider:${provider.id}` }, () => castVote(c, provider));
});

async function castVote(c: GateContext, provider: Provider): Promise<Response> {
  const ports = c.env;
  const callback = parseCallback(await readJson(c));
  const decision = callback.decision === "APPROVE" ? "approve" : "reject";
  const reason = callback.reason?.trim() || null;
  const note = decision === "reject" ? (reason ?? `Declined through ${provider.id}`) : reason;
  const answer = {
    intent: callback.intent_id,
    interaction: callback.gate_approval_interaction_id,
    respondsTo: callback.responds_to ?? null,
    digest: callback.approved_intent_hash ?? null,
    decidedAt: callback.decided_at ?? null,
    decision,
    note,
  } as const;
  const voted = await answerInteraction(answer, provider, ports, Date.now());
  if (!voted.ok) return refuse(problemOfAnswer(voted.error));
  return c.json(await decisionReply(voted.value, decision, note, ports));
}

function problemOfAnswer(failure: InteractionFailure): Problem {
  switch (failure.kind) {
    case "intent_not_found":
      return INTENT_NOT_FOUND;
    case "interaction_not_found":
      return {
        status: 404,
        code: "interaction_not_found",
        detail:
          "Gate sent no request with this gate_approval_interaction_id: send the one of the AUTHORIZE message that you answer.",
      };
    case "provider_mismatch":
      return conflict("provider_mismatch", "The request went to another provider.");
    case "interaction_mismatch":
      return conflict("interaction_mismatch", "The request was about another intent.");
    case "interaction_not_pending":
      return {
        ...conflict("interaction_not_pending", "The intent is already decided."),
        more: { state: failure.phase },
      };
    case "interaction_expired":
      return {
        status: 410,
        code: "interaction_expired",
        detail: "This request has ended, and the intent still waits: answer the newest request about it.",
      };
    case "responds_to_mismatch":
      return conflict("responds_to_mismatch", "This responds to another message.");
    case "replay_rejected": {
      const { reason } = failure;
      return { ...conflict("replay_rejected", "The decision's time is not acceptable."), more: { reason } };
    }
    case "person_unknown":
      return {
        status: 403,
        code: "person_unknown",
        detail: "The person that the request was sent to is no longer in gate.yaml.",
      };
    case "identity_already_linked":
    case "inactive":
    case "not_reviewer":
      return {
        status: 403,
        code: "agent_inactive",
        detail: "The person that the request was sent to may not decide.",
      };
    default:
      return withContractError(problemOfVoteFailure(failure));
  }
}

/** The texts that providers of the contract compare. */
function withContractError(problem: Problem): Problem {
  switch (problem.code) {
    case "digest_mismatch":
      return { ...problem, error: "approved_intent_hash_mismatch" };
    case "intent_expired":
      return { ...problem, error: "interaction_expired" };
    default:
      return problem;
  }
}

function conflict(code: Problem["code"], detail: string): Problem {
  return { status: 409, code, detail };
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}

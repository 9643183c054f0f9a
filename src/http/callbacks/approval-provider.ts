import { Hono } from "hono";
import type { IntentState } from "../../core/intent/state.ts";
import type { Channel } from "../../core/registry/registry.ts";
import { decideIntent } from "../../app/approvals/decide-intent.ts";
import { federatedVoter, type FederatedVoterFailure } from "../../app/identity/federated-voter.ts";
import {
  messageId,
  readInteraction,
  type Interaction,
} from "../../app/notifications/channels/interaction.ts";
import { readBytes, readJson, SMALL_BODY_BYTES } from "../middleware/body.ts";
import type { GateContext, GateEnv } from "../middleware/context.ts";
import { answerOnce } from "../middleware/idempotency.ts";
import { refuse, type Problem } from "../problem/problem.ts";
import { INTENT_NOT_FOUND, problemOf, problemOfUndecided } from "../problem/from-refusal.ts";
import {
  parseCallback,
  problemOfDecidedAt,
  verifyProviderSignature,
  type Callback,
} from "./callback-request.ts";
import { decisionReply } from "../api/shared/decision-reply.ts";
import type { Intent } from "../../ports/intents.ts";

type Provider = Extract<Channel, { kind: "a2h" }>;

/** Visible ASCII, as long as an Idempotency-Key may be. */
const DELIVERY_ID = /^[!-~]{1,255}$/;

/**
 * The answer of a person whom an approval provider asked. The signature is looked at before anything else, so that
 * nobody else can use up a delivery's id or learn what there is.
 */
export const callbacks = new Hono<GateEnv>().post("/v1/approval-callbacks/:provider", async (c) => {
  const id = c.req.param("provider");
  const bytes = await readBytes(c, SMALL_BODY_BYTES);
  const { registry } = await c.env.rules.current();
  const channel = registry.channels.get(id);
  const provider = channel?.kind === "a2h" ? channel : null;
  const verified = verifyProviderSignature(
    provider === null ? null : await c.env.secret(provider.secret),
    c.req.header("X-Gate-Provider-Signature"),
    bytes,
    Date.now(),
  );
  if (provider === null || !verified.ok) {
    return refuse({
      status: 401,
      code: "invalid_signature",
      detail: "This is not signed by an approval provider of this Gate, or not just now.",
      more: { reason: verified.ok ? "provider_secret_not_configured" : verified.error },
    });
  }
  const delivery = c.req.header("X-Gate-Provider-Delivery-ID") ?? verified.value;
  if (!DELIVERY_ID.test(delivery)) {
    return invalid("X-Gate-Provider-Delivery-ID: up to 255 characters of visible ASCII");
  }
  const { url, method, headers } = c.req.raw;
  c.req.raw = new Request(url, { method, headers, body: bytes.slice().buffer });
  return answerOnce(c, delivery, { principal: `provider:${provider.id}` }, () => answered(c, provider));
});

async function answered(c: GateContext, provider: Provider): Promise<Response> {
  const callback = parseCallback(await readJson(c));
  const intent = c.env.intents.find(callback.intent_id);
  const state = (await intent?.look()) ?? null;
  if (intent === null || state === null) return refuse(INTENT_NOT_FOUND);
  const interaction = readInteraction(c.env, callback.gate_approval_interaction_id);
  const problem = problemWith(callback, interaction, provider, state, Date.now());
  if (problem !== null || interaction === null) return refuse(problem ?? UNKNOWN_INTERACTION);
  return decide(c, intent, callback, interaction, provider);
}

const EXPIRED = problemOf({ reason: "expired", what: "intent" });

const UNKNOWN_INTERACTION: Problem = {
  status: 404,
  code: "interaction_not_found",
  detail: "Gate asked nothing under this gate_approval_interaction_id.",
};

/** Does this answer what was asked, of whom it was asked, in time? In the contract's order. */
function problemWith(
  callback: Callback,
  interaction: Interaction | null,
  provider: Provider,
  { terms, phase }: IntentState,
  now: number,
): Problem | null {
  if (interaction === null) return UNKNOWN_INTERACTION;
  if (interaction.provider !== provider.id) {
    return conflict("provider_mismatch", "Another provider was asked this.");
  }
  if (interaction.intent !== terms.id) {
    return conflict("interaction_mismatch", "This was asked about another intent.");
  }
  if (phase === "expired" || now >= interaction.expiresAt) return EXPIRED;
  if (phase !== "pending_approval") {
    return { ...conflict("interaction_not_pending", "It is decided already."), more: { state: phase } };
  }
  if (typeof callback.responds_to === "string" && callback.responds_to !== messageId(interaction)) {
    return conflict("responds_to_mismatch", "This responds to another message.");
  }
  const hashes = [interaction.digest, callback.approved_intent_hash ?? interaction.digest];
  if (hashes.some((hash) => hash !== terms.digest)) return problemOf({ reason: "digest_mismatch" });
  const reason = problemOfDecidedAt(callback, now);
  if (reason === null) return null;
  return { ...conflict("replay_rejected", "The decision's time is not acceptable."), more: { reason } };
}

/** Casts the vote of the person who was asked, with the assurance that the registry grants the provider. */
async function decide(
  c: GateContext,
  intent: Intent,
  callback: Callback,
  interaction: Interaction,
  provider: Provider,
): Promise<Response> {
  const ports = c.env;
  const { person, digest } = interaction;
  const { id, assurance } = provider;
  const voter = await federatedVoter({ system: "provider", provider: id, assurance, person }, ports);
  if (!voter.ok) return refuse(problemOfVoter(voter.error));
  const decision = callback.decision === "APPROVE" ? "approve" : "reject";
  const said = callback.reason?.trim() || null;
  const note = decision === "reject" ? (said ?? `Declined through ${id}`) : said;
  const vote = { decision, voter: voter.value, digest, note, link: null } as const;
  const decided = await decideIntent(intent, vote, ports);
  if (!decided.ok) return refuse(problemOfUndecided(decided.error));
  return c.json(decisionReply(decided.value.state, decision, note));
}

function problemOfVoter({ kind }: FederatedVoterFailure): Problem {
  return kind === "person_unknown"
    ? { status: 403, code: kind, detail: "The person who was asked is no longer in gate.yaml." }
    : { status: 403, code: "agent_inactive", detail: "The person who was asked may not decide." };
}

function conflict(code: Problem["code"], detail: string): Problem {
  return { status: 409, code, detail };
}

function invalid(detail: string): never {
  return refuse({ status: 400, code: "invalid_request", detail });
}

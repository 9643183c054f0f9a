import type { Principal } from "../../core/identity/principal.ts";
import type { Instant, IntentState } from "../../core/intent/state.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import type { Intent } from "../../ports/intents.ts";
import type { Ports } from "../../ports/ports.ts";
import { findVisibleRecord } from "../authority.ts";
import { ifActiveAgent } from "../identity/account.ts";
import type { FoundOrder } from "./find-order.ts";
import type { OrderFailure } from "./order-failure.ts";
import { recordOrder } from "./orders.ts";
import { deliveryToken, intentOfDelivery, isDeliveryToken } from "./tokens.ts";
import type { RecountPorts } from "../approvals/recount.ts";
import type { RecheckPorts } from "../evaluation/recheck-intent.ts";
import { actUnderCurrentBindings, unlessStopped } from "./unless-stopped.ts";

type TokenPorts = Pick<Ports, "ahead" | "intents" | "deriveToken" | "acceptedTokens">;

/** A payload that can be downloaded once, with this token. */
export interface Delivery {
  readonly intentId: string;
  readonly token: string;
  readonly expiresAt: Instant;
}

/** Orders an approved payload for download (`external_pull`). */
export async function orderDelivery(
  intentId: string,
  agent: Principal,
  ports: TokenPorts & Pick<Ports, "switches"> & RecheckPorts & RecountPorts,
): Promise<Result<Delivery, OrderFailure>> {
  const found = await findVisibleRecord(intentId, agent, ports);
  if (found === null) return err({ kind: "refused", refusal: { reason: "not_found" } });
  const { intent, record } = found;
  const { state } = record;
  return unlessStopped(state.terms, agent, ports, async () => {
    const kind = record.case?.payload.kind ?? "none";
    if (kind === "none") return err({ kind: "nothing_to_deliver" });
    const issued = await recordOrder(intent, state, agent, "external_pull", ports);
    if (!issued.ok) return issued;
    const token = deliveryToken(ports, intent.id, issued.value.order, agent.keyEpoch);
    return ok({ intentId: intent.id, token, expiresAt: issued.value.order.expiresAt });
  });
}

export interface Download {
  readonly intent: Intent;
  readonly state: IntentState;
  /** Null: Gate knows the payload's name only, and the download is the claim alone. */
  readonly bytes: number | null;
  readonly digest: string | null;
}

/**
 * Hands a payload out, once. The order is claimed before a byte leaves: of two downloads at once one gets the payload,
 * and a crash never hands it out twice. A download withheld because of a kill switch is spent all the same.
 */
export async function download(
  token: string,
  ports: TokenPorts & Pick<Ports, "switches"> & RecheckPorts & RecountPorts,
): Promise<Result<Download, OrderFailure>> {
  const found = await findDelivery(token, ports);
  if (!found.ok) return found;
  const { intent, state, order, proposer } = found.value;
  return unlessStopped(state.terms, proposer, ports, async () => {
    const claimed = await actUnderCurrentBindings(intent, state.terms, ports, (bindings) => {
      return { type: "claim", order: order.id, by: order.issuedTo, bindings };
    });
    if (!claimed.ok) return err(isSpent(claimed.error) ? { kind: "already_delivered" } : claimed.error);
    const payload = (await intent.getRecord())?.case?.payload;
    if (payload === undefined || payload.kind === "none") return err({ kind: "delivery_not_found" });
    const bytes = payload.kind === "content" ? payload.bytes : null;
    return ok({ intent, state: claimed.value.state, bytes, digest: state.terms.payloadDigest });
  });
}

function isSpent(failure: OrderFailure): boolean {
  if (failure.kind !== "refused") return false;
  const { reason } = failure.refusal;
  return reason === "already_claimed" || reason === "wrong_phase";
}

async function findDelivery(
  token: string,
  ports: TokenPorts & Pick<Ports, "principals">,
): Promise<Result<FoundOrder & { readonly proposer: Principal }, OrderFailure>> {
  const intent = ports.intents.find(intentOfDelivery(token));
  if (intent !== null) ports.ahead(intent.id);
  const state = (await intent?.getState()) ?? null;
  if (intent === null || state === null) return err({ kind: "delivery_not_found" });
  const proposer = await ports.principals.get(state.terms.agent);
  if (proposer === null) return err({ kind: "delivery_not_found" });
  const { keyEpoch } = proposer;
  const order = state.orders.find((known) => isDeliveryToken(ports, intent.id, known, token, keyEpoch));
  if (order === undefined) return err({ kind: "delivery_not_found" });
  const active = ifActiveAgent(proposer);
  return active.ok ? ok({ intent, state, order, proposer }) : active;
}

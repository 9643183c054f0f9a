import { Hono } from "hono";
import { currentOrder } from "../../../core/intent/state.ts";
import { inForceFor } from "../../../core/intent/terms.ts";
import { requireUnstopped, visibleDossier } from "../../middleware/guards.ts";
import { allow, requireActive } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext, GateEnv } from "../../middleware/context.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import { refuseWith } from "../../problem/from-refusal.ts";
import { deliveryToken, intentOfDelivery, isDeliveryToken } from "../../../app/execution/tokens.ts";
import { iso } from "../../../core/base/iso-time.ts";

const NOTHING_THERE: Problem = {
  status: 404,
  code: "delivery_not_found",
  detail: "There is no such delivery.",
};

const GET_ONLY: Problem = {
  status: 405,
  code: "method_not_allowed",
  detail: "A delivery is handed out once, so it can't be looked at first.",
  headers: { Allow: "GET" },
};

/** `external_pull`: the payload is fetched once by a token, and the download is the claim. */
export const deliveries = new Hono<GateEnv>()
  .post("/v1/deliver", allow(["agent"]), async (c) => {
    const body = await readJson(c);
    const id = body["intentId"] ?? body["proposalId"] ?? body["intent_id"];
    if (typeof id !== "string") {
      return refuse({ status: 400, code: "invalid_request", detail: "intentId: the intent's id" });
    }
    const { intent, dossier } = await visibleDossier(c, id);
    const { state } = dossier;
    await requireUnstopped(c, state.terms);
    if (dossier.case?.payload.kind !== "content") {
      return refuse({
        status: 409,
        code: "nothing_to_deliver",
        detail: "Gate has not seen this intent's payload.",
      });
    }
    const inForce = inForceFor(state.terms, await c.env.rules.current());
    const agent = c.var.principal.id;
    const acted = await intent.act({ type: "order", agent, mode: "external_pull", inForce });
    if (!acted.ok) return refuseWith(acted.error);
    const order = currentOrder(acted.value.state);
    if (order === undefined) throw new Error("ordered without an order");
    // Once more: whoever was told that a switch is engaged must see no order follow.
    await requireUnstopped(c, state.terms);
    const token = deliveryToken(c.env, intent.id, order);
    const url = new URL(`/v1/download/${token}`, c.req.url).href;
    return c.json({ url, deliveryToken: token, expiresAt: iso(order.expiresAt), intentId: intent.id });
  })
  .get("/v1/download/:token", async (c) => {
    // A HEAD runs the handler of GET and drops the body: it would spend the one download on nothing.
    if (c.req.method !== "GET") return refuse(GET_ONLY);
    const { intent, order } = await found(c, c.req.param("token"));
    const state = await intent.look();
    if (state === null) return refuse(NOTHING_THERE);
    await requireUnstopped(c, state.terms);
    const inForce = inForceFor(state.terms, await c.env.rules.current());
    // Claimed before a byte leaves: of two downloads at once one gets it, and a crash never hands it out twice.
    const acted = await intent.act({ type: "claim", order: order.id, by: order.issuedTo, inForce });
    if (!acted.ok) {
      if (acted.error.reason === "already_claimed" || acted.error.reason === "wrong_phase") {
        return refuse({
          status: 410,
          code: "already_delivered",
          detail: "This was downloaded; it is handed out once.",
        });
      }
      return refuseWith(acted.error);
    }
    const bytes = await intent.payload();
    if (bytes === null) return refuse(NOTHING_THERE);
    // A switch thrown while the claim was recorded: the download is spent, and nothing left.
    await requireUnstopped(c, state.terms);
    return c.body(bytes.slice().buffer, 200, {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": "attachment",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "Content-Security-Policy": "sandbox",
      "X-Payload-Digest": state.terms.payloadDigest ?? "",
    });
  });

async function found(c: GateContext, token: string) {
  const intent = c.env.intents.find(intentOfDelivery(token));
  const state = (await intent?.look()) ?? null;
  const order = state?.orders.find((known) => {
    return intent !== null && isDeliveryToken(c.env, intent.id, known, token);
  });
  if (intent === null || state === null || order === undefined) return refuse(NOTHING_THERE);
  const agent = await c.env.principals.get(state.terms.agent);
  if (agent === null) return refuse(NOTHING_THERE);
  requireActive(agent);
  return { intent, order };
}

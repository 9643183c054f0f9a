import { Hono } from "hono";
import { iso } from "../../../core/base/iso-time.ts";
import { currentOrder, type IntentState } from "../../../core/intent/state.ts";
import { download, orderDelivery } from "../../../app/execution/deliveries.ts";
import { requireRole } from "../../middleware/auth.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateEnv } from "../../middleware/context.ts";
import { downloadUrl } from "../../middleware/stored-answer-secrets.ts";
import { valueOrRefuse } from "../../problem/from-order-failure.ts";
import { sendPayload } from "../shared/send-payload.ts";
import { refuse, type Problem } from "../../problem/problem.ts";
import type { Answer } from "../shared/answer.ts";
import type { DELIVERY_ORDER } from "./order-schema.ts";

const GET_ONLY: Problem = {
  status: 405,
  code: "method_not_allowed",
  detail: "A delivery works once; send a GET.",
  headers: { Allow: "GET" },
};

/** The contract's answer for a payload of which Gate knows the name only: the caller has the file. */
function receiptOf(state: IntentState) {
  const { id, destination, policy, payloadDigest } = state.terms;
  return {
    proposalId: id,
    intentId: id,
    destination,
    policy,
    deliveredAt: iso(currentOrder(state)?.claim?.at ?? state.updatedAt),
    payloadHash: payloadDigest,
  };
}

/** `external_pull`: the payload is downloaded once with a token, and the download is the claim. */
export const deliveries = new Hono<GateEnv>()
  .post("/v1/deliver", requireRole(["agent"]), async (c) => {
    const ports = c.env;
    const body = await readJson(c);
    const id = body["intentId"] ?? body["proposalId"] ?? body["intent_id"];
    if (typeof id !== "string") {
      return refuse({ status: 400, code: "invalid_request", detail: "intentId: the intent's id" });
    }
    const { intentId, token, expiresAt } = valueOrRefuse(await orderDelivery(id, c.var.principal, ports));
    return c.json({
      url: downloadUrl(c, token),
      deliveryToken: token,
      expiresAt: iso(expiresAt),
      intentId,
    } satisfies Answer<typeof DELIVERY_ORDER>);
  })
  .get("/v1/download/:token", async (c) => {
    // Hono runs the GET handler for a HEAD and drops the body: the one download would be spent on nothing.
    if (c.req.method !== "GET") return refuse(GET_ONLY);
    const ports = c.env;
    const { intent, state, bytes, digest } = valueOrRefuse(await download(c.req.param("token"), ports));
    if (bytes === null) return c.json(receiptOf(state), 200, { "Referrer-Policy": "no-referrer" });
    const headers = {
      "Content-Type": "application/octet-stream",
      "Content-Disposition": "attachment",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "Content-Security-Policy": "sandbox",
      "X-Payload-Digest": digest ?? "",
    };
    // Without a place: the one download is spent already, and must not be refused for the sake of others.
    return sendPayload(c, { intent, bytes, around: null, headers, release: null });
  });

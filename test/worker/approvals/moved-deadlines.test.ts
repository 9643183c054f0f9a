import { createHmac } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { approvalLink } from "../../../src/app/approvals/approval-link.ts";
import { interactionId } from "../../../src/app/approvals/interaction.ts";
import {
  answered,
  delivery,
  notifyChannel,
  outside,
  ports,
  SCENE,
  SECRETS,
  setScene,
} from "../../support/worker/channels.ts";
import {
  call,
  flushed,
  fresh,
  later,
  MINUTE_MS,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { runNotifications } from "../../support/worker/receiver.ts";
import { changeRules, RULES } from "../../support/worker/rules.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Approvals over time: "An end copied from a deadline that moves later". What was mailed or asked works for as long as
 * its holder may decide.
 */

const POLICIES = {
  ...RULES.policies,
  deferred: `require_approval: always
expiry_minutes: 10
on_no_response: defer
approvers: { min_assurance: link }`,
  climbing: `require_approval: always
expiry_minutes: 20
on_no_response: escalate
escalate: [{ after: 5m, to: ben }]
approvers: { people: [ana], min_assurance: link }`,
};

const REGISTRY =
  SCENE.registry.replace(
    "\ndestinations:",
    "\ndestinations:\n  crm.deferred: { policies: [deferred] }\n  crm.climbing: { policies: [climbing] }",
  ) +
  `  letters: { type: email, url: "https://mail.example.com/send", secret: mail, from: Gate <gate@example.com>, destinations: [crm.deferred, crm.climbing] }
  phone: { type: a2h, url: "https://sms.example.com/a2h", secret: provider, destinations: [crm.deferred, crm.climbing] }
`;

const DAY_MS = 24 * 60 * MINUTE_MS;

let agent: Principal;

beforeAll(async () => {
  await setScene();
  agent = await register("agent");
  await changeRules({ policies: POLICIES, registry: REGISTRY });
});

afterAll(() => changeRules(RULES));

const held = (destination: string) => propose(agent, proposal(destination), "pending_approval");

/** The link in the message that ana gets now. */
async function mailed(intent: string): Promise<string> {
  const world = outside(() => answered(200, "{}"));
  await notifyChannel(delivery("mail", intent, "held", { person: "ana", id: fresh("dlv") }), world);
  return new URL(/https:\S+link=\S+/.exec(world.got[0]?.body.text)?.[0] ?? "").searchParams.get("link") ?? "";
}

/** The question that a provider gets now. */
async function questionFor(intent: string) {
  const world = outside(() => answered(200, "{}"));
  await notifyChannel(delivery("sms", intent, "held", { person: "ana", id: fresh("dlv") }), world);
  return world.got[0]?.body;
}

// Tests look at what the provider got.
// oxlint-disable-next-line typescript/no-explicit-any
function callback(question: any) {
  const text = JSON.stringify({
    intent_id: question.intent_id,
    gate_approval_interaction_id: question.gate_approval_interaction_id,
    decision: "APPROVE",
  });
  const at = Date.now();
  const signature = createHmac("sha256", SECRETS.SCENE_PROVIDER).update(`${at}.${text}`).digest("hex");
  return send("/v1/approval-callbacks/sms", {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Gate-Provider-Signature": `t=${at},v1=${signature}` },
    body: text,
  });
}

describe("what was handed out before the first deadline", () => {
  test.each(["crm.deferred", "crm.climbing"])(
    "decides after it under %s: a mailed link",
    async (destination) => {
      const intent = await held(destination);
      const link = await mailed(intent);
      later(25 * MINUTE_MS);
      const shown = await call("GET", `/v1/approval-links/${link}`);
      expect(shown.status).toBe(200);
      expect(Date.parse(shown.body.expiresAt)).toBeGreaterThan(Date.now());
      const approved = await call("POST", `/v1/approval-links/${link}/approve`, undefined, {});
      expect(approved.body).toMatchObject({ status: "approved", votedBy: ["ana"] });
    },
  );

  test.each(["crm.deferred", "crm.climbing"])(
    "decides after it under %s: a question",
    async (destination) => {
      const intent = await held(destination);
      const question = await questionFor(intent);
      // The provider ends it by this.
      expect(Date.parse(question.expires_at)).toBeGreaterThan(Date.now() + 25 * MINUTE_MS);
      later(25 * MINUTE_MS);
      expect((await callback(question)).body).toMatchObject({ status: "approved", votedBy: ["ana"] });
    },
  );

  test("decides after it also where an earlier version made it end with the first deadline", async () => {
    const intent = await held("crm.deferred");
    const { terms } = (await ports().intents.find(intent)?.getState()) ?? {};
    if (terms === undefined) throw new Error("no state");
    const { digest, decideBy: expiresAt } = terms;
    const link = approvalLink(ports(), { intent, digest, person: "ana", id: fresh("lnk"), expiresAt });
    later(11 * MINUTE_MS);
    expect((await call("POST", `/v1/approval-links/${link}/approve`, undefined, {})).status).toBe(200);
  });

  test("ends a week after a deadline that was lifted, and says that it is the link", async () => {
    const intent = await held("crm.deferred");
    const [link, question] = [await mailed(intent), await questionFor(intent)];
    later(8 * DAY_MS);
    const refused = await call("POST", `/v1/approval-links/${link}/approve`, undefined, {});
    expect([refused.status, refused.body.code]).toEqual([410, "link_expired"]);
    // "An answer about another thing": the intent has not expired.
    const late = await callback(question);
    expect([late.status, late.body.code]).toEqual([410, "interaction_expired"]);
    expect(await stateOf(intent)).toBe("pending_approval");
    expect(
      (await call("POST", `/v1/approval-links/${await mailed(intent)}/approve`, undefined, {})).status,
    ).toBe(200);
  });

  test("ends with the intent where the deadline is the end", async () => {
    const intent = await propose(agent, proposal("crm.by-link"), "pending_approval");
    const [link, question] = [await mailed(intent), await questionFor(intent)];
    later(30 * MINUTE_MS);
    expect((await call("GET", `/v1/approval-links/${link}`)).body.code).toBe("link_expired");
    expect((await callback(question)).body.code).toBe("intent_expired");
  });

  test("keeps an end of its own that lies before the deadline", async () => {
    const intent = await held("crm.deferred");
    const { digest = "" } = (await ports().intents.find(intent)?.getState())?.terms ?? {};
    const ended = { provider: "sms", intent, digest, person: "ana", expiresAt: Date.now() - 1 };
    const question = { intent_id: intent, gate_approval_interaction_id: interactionId(ports(), ended) };
    expect((await callback(question)).body.code).toBe("interaction_expired");
  });
});

describe("a deadline that moves", () => {
  /** Deliveries of this intent since the last call, as `kind channel person → to`. */
  async function notified(intent: string): Promise<readonly string[]> {
    const got: string[] = [];
    await flushed(intent);
    await runNotifications({}, async ({ intent: of, kind, target, person, to }) => {
      if (of === intent) {
        got.push([kind, target.replace("channel:", ""), person, to].filter(Boolean).join(" "));
      }
      return { kind: "delivered", status: 200, receipt: null };
    });
    return got.toSorted();
  }

  const settled = (intent: string) => ports().intents.find(intent)?.onDeadline();

  test("brings every approver a new message when it is lifted", async () => {
    const intent = await held("crm.deferred");
    await notified(intent);
    later(10 * MINUTE_MS);
    await settled(intent);
    expect(await notified(intent)).toEqual([
      "reminder letters ana",
      "reminder letters ben",
      "reminder phone ana",
      "reminder phone ben",
    ]);
  });

  test("brings earlier approvers a new message when it is extended for others", async () => {
    const intent = await held("crm.climbing");
    await notified(intent);
    later(5 * MINUTE_MS);
    await settled(intent);
    expect(await notified(intent)).toEqual(["escalation letters ben ben", "escalation phone ben ben"]);
    later(15 * MINUTE_MS);
    await settled(intent);
    expect(await notified(intent)).toEqual([
      "escalation letters ben ben",
      "escalation phone ben ben",
      "reminder letters ana",
      "reminder phone ana",
    ]);
  });
});

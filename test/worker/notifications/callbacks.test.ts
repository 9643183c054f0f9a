import { createHmac } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { interactionId, messageId, type Interaction } from "../../../src/app/approvals/interaction.ts";
import {
  answered,
  delivery,
  held,
  notifyChannel,
  outside,
  ports,
  SECRETS,
  setScene,
} from "../../support/worker/channels.ts";
import {
  admin,
  call,
  eventsOf,
  fresh,
  later,
  MINUTE_MS,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";

beforeAll(setScene);

interface Question {
  readonly intent: string;
  readonly interaction: string;
  readonly message: string;
  readonly digest: string;
}

/** Has a provider ask a person; the question as the provider got it. */
async function sendQuestion(destination = "crm.by-link", person = "ana", intent?: string): Promise<Question> {
  const about = intent ?? (await held(destination));
  const world = outside(() => answered(200, "{}"));
  const result = await notifyChannel(delivery("sms", about, "held", { person }), world);
  if (result.kind !== "delivered") throw new Error(`not asked: ${JSON.stringify(result)}`);
  const { body } = world.got[0] ?? {};
  return {
    intent: about,
    interaction: body.gate_approval_interaction_id,
    message: body.message_id,
    digest: body.approved_intent_hash,
  };
}

function answerTo(question: Question, more: Record<string, unknown> = {}) {
  return {
    intent_id: question.intent,
    gate_approval_interaction_id: question.interaction,
    responds_to: question.message,
    decision: "APPROVE",
    decided_at: Date.now(),
    approved_intent_hash: question.digest,
    evidence: { factors: ["sms.otp.v1"], proof: "…" },
    ...more,
  };
}

interface Sending {
  readonly provider?: string;
  readonly secret?: string;
  readonly at?: number;
  readonly delivery?: string | null;
  readonly signature?: string;
}

function deliver(body: unknown, sending: Sending = {}) {
  const { provider = "sms", secret = SECRETS.SCENE_PROVIDER, at = Date.now() } = sending;
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const signature = createHmac("sha256", secret).update(`${at}.${text}`).digest("hex");
  const id = sending.delivery === undefined ? fresh("delivery") : sending.delivery;
  return send(`/v1/approval-callbacks/${provider}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Gate-Provider-Signature": sending.signature ?? `t=${at},v1=${signature}`,
      ...(id !== null && { "X-Gate-Provider-Delivery-ID": id }),
    },
    body: text,
  });
}

const votes = async (intent: string) =>
  (await eventsOf(intent)).filter((event) => event === "approval_vote_recorded").length;

test("a person approves through the provider, at the assurance that the registry assigns to it", async () => {
  const question = await sendQuestion();
  const answer = await deliver(answerTo(question));
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({ status: "approved", approvalState: "answered", votedBy: ["ana"] });
  const { text } = await call("GET", `/v1/intents/${question.intent}/audit`, admin);
  expect(text).toContain('"assurance":"link"');
});

test.each(["DECLINE", "REJECT"])("%s is a rejection, with or without a reason", async (decision) => {
  for (const reason of ["not today", undefined, "  "]) {
    const question = await sendQuestion();
    const answer = await deliver(answerTo(question, { decision, reason }));
    expect(answer.body).toMatchObject({ status: "blocked", approvalState: "answered" });
    expect(await stateOf(question.intent)).toBe("rejected");
  }
});

describe("INV-30: a callback's signature is checked first", () => {
  const cases: readonly { name: string; sending: Sending; reason: string }[] = [
    { name: "forged", sending: { secret: "guessed" }, reason: "signature_invalid" },
    { name: "stale", sending: { at: Date.now() - 6 * MINUTE_MS }, reason: "signature_timestamp_stale" },
    {
      name: "from the future",
      sending: { at: Date.now() + 6 * MINUTE_MS },
      reason: "signature_timestamp_stale",
    },
    { name: "missing", sending: { signature: "" }, reason: "signature_header_missing_or_malformed" },
    {
      name: "in seconds",
      sending: { signature: `t=1712345678,v1=${"0".repeat(64)}` },
      reason: "signature_header_missing_or_malformed",
    },
    {
      name: "of half a length",
      sending: { signature: `t=${Date.now()},v1=${"0".repeat(32)}` },
      reason: "signature_header_missing_or_malformed",
    },
    { name: "of nobody", sending: { provider: "nobody" }, reason: "provider_secret_not_configured" },
    {
      name: "of a channel of another kind",
      sending: { provider: "mail", secret: SECRETS.SCENE_MAIL },
      reason: "provider_secret_not_configured",
    },
    {
      name: "of a provider without a secret",
      sending: { provider: "voice", secret: "" },
      reason: "provider_secret_not_configured",
    },
    {
      name: "by a provider named like an object's member",
      sending: { provider: "constructor" },
      reason: "provider_secret_not_configured",
    },
  ];

  test.each(cases)("$name is 401 and changes nothing", async ({ sending, reason }) => {
    const question = await sendQuestion();
    const answer = await deliver(answerTo(question), sending);
    expect(answer.status).toBe(401);
    expect(answer.body).toMatchObject({ code: "invalid_signature", reason });
    expect(await stateOf(question.intent)).toBe("pending_approval");
  });

  test("the signature covers the bytes: a changed body or time is refused", async () => {
    const question = await sendQuestion();
    const body = answerTo(question, { decision: "DECLINE" });
    const at = Date.now();
    const signature = createHmac("sha256", SECRETS.SCENE_PROVIDER)
      .update(`${at}.${JSON.stringify(body)}`)
      .digest("hex");
    const changed = { ...body, decision: "APPROVE" };
    expect((await deliver(changed, { signature: `t=${at},v1=${signature}` })).status).toBe(401);
    expect((await deliver(body, { signature: `t=${at + 1},v1=${signature}` })).status).toBe(401);
    expect(await stateOf(question.intent)).toBe("pending_approval");
  });

  test("an unsigned callback uses up no delivery id and so can't block the real one", async () => {
    const question = await sendQuestion();
    const id = fresh("delivery");
    await deliver(answerTo(question), { secret: "guessed", delivery: id });
    expect((await deliver(answerTo(question), { delivery: id })).status).toBe(200);
    expect(await stateOf(question.intent)).toBe("approved");
  });
});

describe("INV-30: each delivery id counts once", () => {
  test("a repeated delivery gets the same answer and is no second vote", async () => {
    const question = await sendQuestion("crm.by-links");
    const body = answerTo(question);
    const id = fresh("delivery");
    const first = await deliver(body, { delivery: id });
    const again = await deliver(body, { delivery: id, at: Date.now() + 1 });
    expect([first.status, again.status]).toEqual([200, 200]);
    expect(again.body).toEqual(first.body);
    expect(await votes(question.intent)).toBe(1);
  });

  test("another answer under a used delivery id is refused", async () => {
    const question = await sendQuestion("crm.by-links");
    const id = fresh("delivery");
    await deliver(answerTo(question), { delivery: id });
    const other = await deliver(answerTo(question, { decision: "REJECT" }), { delivery: id });
    expect(other.status).toBe(422);
    expect(await stateOf(question.intent)).toBe("pending_approval");
  });

  test("without an id the signature is the id, so a replayed callback changes nothing", async () => {
    const question = await sendQuestion("crm.by-links");
    const body = answerTo(question);
    const at = Date.now();
    const answers = await Promise.all(Array.from({ length: 5 }, () => deliver(body, { at, delivery: null })));
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    for (const { status } of answers) expect([200, 409]).toContain(status);
    expect(await votes(question.intent)).toBe(1);
  });

  test("one person has one vote under two delivery ids", async () => {
    const question = await sendQuestion("crm.by-links");
    for (let sent = 0; sent < 2; sent += 1) {
      expect((await deliver(answerTo(question))).status).toBe(200);
    }
    expect(await votes(question.intent)).toBe(1);
    expect(await stateOf(question.intent)).toBe("pending_approval");
    const ben = await sendQuestion("crm.by-links", "ben", question.intent);
    await deliver(answerTo(ben));
    expect(await stateOf(question.intent)).toBe("approved");
  });

  test.each(["with\ttab", "two words", "x".repeat(256)])("a malformed delivery id is 400: %j", async (id) => {
    const question = await sendQuestion();
    expect((await deliver(answerTo(question), { delivery: id })).status).toBe(400);
    expect(await stateOf(question.intent)).toBe("pending_approval");
  });
});

describe("a callback that does not answer the open question changes nothing", () => {
  const made = (question: Question, change: Partial<Interaction>) => {
    const { intent, digest } = question;
    const usual = { provider: "sms", intent, digest, person: "ana", expiresAt: Date.now() + MINUTE_MS };
    return interactionId(ports(), { ...usual, ...change });
  };

  const cases: readonly {
    name: string;
    more: (question: Question) => Promise<Record<string, unknown>> | Record<string, unknown>;
    status: number;
    code: string;
  }[] = [
    {
      name: "an unknown intent",
      more: () => ({ intent_id: "int_unknown" }),
      status: 404,
      code: "intent_not_found",
    },
    {
      name: "an unknown interaction",
      more: () => ({ gate_approval_interaction_id: "gai_0123456789abcdef" }),
      status: 404,
      code: "interaction_not_found",
    },
    {
      name: "a changed interaction",
      more: ({ interaction }) => ({ gate_approval_interaction_id: interaction.replace("gai_", "gai_A") }),
      status: 404,
      code: "interaction_not_found",
    },
    {
      name: "an interaction signed as a Slack button",
      more: async ({ intent, digest }) => {
        const { slackReference } = await import("../../../src/app/notifications/channels/slack-reference.ts");
        return {
          gate_approval_interaction_id: `gai_${slackReference(ports(), { channel: "sms", intent, digest })}`,
        };
      },
      status: 404,
      code: "interaction_not_found",
    },
    {
      name: "another provider's",
      more: (question) => ({ gate_approval_interaction_id: made(question, { provider: "voice" }) }),
      status: 409,
      code: "provider_mismatch",
    },
    {
      name: "another intent's",
      more: async () => ({ gate_approval_interaction_id: (await sendQuestion()).interaction }),
      status: 409,
      code: "interaction_mismatch",
    },
    {
      name: "another message's",
      more: () => ({ responds_to: "msg_other" }),
      status: 409,
      code: "responds_to_mismatch",
    },
    {
      name: "another digest's",
      more: () => ({ approved_intent_hash: "0".repeat(64) }),
      status: 409,
      code: "digest_mismatch",
    },
    {
      name: "asked of another digest",
      more: (question) => {
        const digest = "0".repeat(64);
        const usual = {
          provider: "sms",
          intent: question.intent,
          digest,
          person: "ana",
          expiresAt: Date.now() + MINUTE_MS,
        };
        return {
          gate_approval_interaction_id: interactionId(ports(), usual),
          responds_to: messageId(usual),
          approved_intent_hash: undefined,
        };
      },
      status: 409,
      code: "digest_mismatch",
    },
    {
      name: "asked too long ago",
      more: (question) => ({ gate_approval_interaction_id: made(question, { expiresAt: Date.now() - 1 }) }),
      status: 410,
      code: "interaction_expired",
    },
    {
      name: "decided an hour ago",
      more: () => ({ decided_at: Date.now() - 60 * MINUTE_MS }),
      status: 409,
      code: "replay_rejected",
    },
    {
      name: "decided at no time",
      more: () => ({ decided_at: "yesterday" }),
      status: 409,
      code: "replay_rejected",
    },
    {
      name: "of a person who left",
      more: (question) => ({
        gate_approval_interaction_id: made(question, { person: "zoe" }),
        responds_to: undefined,
      }),
      status: 403,
      code: "person_unknown",
    },
  ];

  /** The text that providers of the contract compare, where it is another than the code. */
  const ERRORS: Readonly<Record<string, string>> = {
    digest_mismatch: "approved_intent_hash_mismatch",
    intent_not_found: "Proposal not found",
  };

  test.each(cases)("$name: $status $code", async ({ more, status, code }) => {
    const question = await sendQuestion();
    const answer = await deliver(answerTo(question, await more(question)));
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(answer.body.error).toBe(ERRORS[code] ?? code);
    expect(await stateOf(question.intent)).toBe("pending_approval");
    expect(await votes(question.intent)).toBe(0);
  });

  test("a callback after the intent's deadline is 410 interaction_expired", async () => {
    const question = await sendQuestion();
    later(31 * MINUTE_MS);
    const late = await deliver(answerTo(question, { decided_at: undefined }));
    expect([late.status, late.body.code, late.body.error]).toEqual([
      410,
      "intent_expired",
      "interaction_expired",
    ]);
  });

  test("a callback may respond to the intent's own message id", async () => {
    const question = await sendQuestion();
    const { body } = await call("GET", `/v1/intents/${question.intent}`, admin);
    const answer = await deliver(answerTo(question, { responds_to: body.message_id }));
    expect([answer.status, answer.body.status]).toEqual([200, "approved"]);
  });

  test("INV-27: the id of the question that a proposal shows answers nothing", async () => {
    const question = await sendQuestion();
    const { body } = await call("GET", `/v1/intents/${question.intent}`, admin);
    const [{ id }] = body.approval_interactions;
    const answer = await deliver(answerTo(question, { gate_approval_interaction_id: id }));
    expect([answer.status, answer.body.code]).toEqual([404, "interaction_not_found"]);
    expect(await stateOf(question.intent)).toBe("pending_approval");
  });

  test("a callback on a decided intent changes nothing", async () => {
    const question = await sendQuestion();
    await deliver(answerTo(question, { decision: "DECLINE" }));
    const late = await deliver(answerTo(question));
    expect([late.status, late.body.code]).toEqual([409, "interaction_not_pending"]);
    expect(await stateOf(question.intent)).toBe("rejected");
  });
});

const BROKEN: readonly { name: string; body: unknown }[] = [
  { name: "nothing", body: "" },
  { name: "no JSON", body: "{" },
  { name: "a list", body: "[]" },
  { name: "a member twice", body: '{"decision":"APPROVE","decision":"DECLINE"}' },
  { name: "no decision", body: { intent_id: "int_x", gate_approval_interaction_id: "gai_x" } },
  {
    name: "an unknown decision",
    body: { intent_id: "int_x", gate_approval_interaction_id: "gai_x", decision: "approve" },
  },
  {
    name: "an intent that is no text",
    body: { intent_id: 1, gate_approval_interaction_id: "gai_x", decision: "APPROVE" },
  },
  {
    name: "evidence that is none",
    body: { intent_id: "int_x", gate_approval_interaction_id: "gai_x", decision: "APPROVE", evidence: "otp" },
  },
];

test.each(BROKEN)("INV-25: a signed body with $name is 400", async ({ body }) => {
  expect((await deliver(body)).status).toBe(400);
});

test("INV-03: the owner can't approve through a provider", async () => {
  const agent = await register("agent", { owner: "ana@example.com" });
  const intent = await propose(agent, proposal("crm.by-link"), "pending_approval");
  const answer = await deliver(answerTo(await sendQuestion("crm.by-link", "ana", intent)));
  expect([answer.status, answer.body.code]).toEqual([403, "self_approval_forbidden"]);
  expect(await stateOf(intent)).toBe("pending_approval");
});

test("INV-07: a provider's vote has the assurance of the registry, whatever the callback says", async () => {
  const intent = await held("crm.by-slack");
  const { body } = await call("GET", `/v1/intents/${intent}`, admin);
  const digest = body.intent_digest;
  const interaction = { provider: "sms", intent, digest, person: "ana", expiresAt: Date.now() + MINUTE_MS };
  const question = {
    intent,
    digest,
    message: messageId(interaction),
    interaction: interactionId(ports(), interaction),
  };
  const answer = await deliver(answerTo(question));
  expect([answer.status, answer.body.code]).toEqual([403, "assurance_too_low"]);
});

test("INV-05: a callback stopped by a kill switch is accepted under its delivery id once the switch is lifted", async () => {
  const question = await sendQuestion();
  const target = { scope: "destination", target: "crm.by-link" };
  await call("POST", "/v1/switches", admin, { ...target, reason: "incident" });
  const id = fresh("delivery");
  const body = answerTo(question);
  expect((await deliver(body, { delivery: id })).body.code).toBe("kill_switch_engaged");
  await call("POST", "/v1/switches/lift", admin, target);
  expect((await deliver(body, { delivery: id })).status).toBe(200);
  expect(await stateOf(question.intent)).toBe("approved");
});

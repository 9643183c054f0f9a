import { createHmac } from "node:crypto";
import { abortAllDurableObjects, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { slackReference } from "../../../src/app/notifications/channels/slack-reference.ts";
import { approvalLink } from "../../../src/app/approvals/approval-link.ts";
import { portsOf } from "../../../src/env.ts";
import { verifyExport } from "../../../verifier/verify-export.ts";
import { bindings, restartWorker } from "../../support/worker/bindings.ts";
import {
  ANA,
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
  flushed,
  fresh,
  later,
  ledgerOf,
  objectOf,
  ordered,
  proposal,
  propose,
  register,
  send,
  stateOf,
} from "../../support/worker/gate.ts";
import { AUDIENCE, listen, startIssuer } from "../../support/worker/issuer.ts";
import { linkTo } from "../../support/worker/links.ts";
import {
  allRows,
  publishedVkeys,
  restore as putLedgerBack,
  sealed,
} from "../../support/worker/log-reader.ts";
import type { Principal } from "../../support/client.ts";

/*
 * What `GATE_RESTORED_AT` ends, and a restore that is cut off at each of its steps. Each test is a Worker that was
 * deployed with the present time.
 */

let agent: Principal;
let reviewer: Principal;

/** Each test is later than the one before, whatever the machine's clock says. */
let passed = 0;

beforeAll(async () => {
  await setScene();
  agent = await register("agent");
  reviewer = await register("reviewer", { person: "ana" });
  await sealed();
});
beforeEach(() => {
  vi.spyOn(console, "error").mockImplementation(() => {});
  passed += 60_000;
  later(passed);
});

const record = (body: object = {}) => call("POST", "/v1/restore", admin, body);
const lift = () => call("POST", "/v1/switches/lift", admin, { scope: "everything" });

/** A deployment with the variable, in which no object remembers anything. */
async function deployRestored(at = Date.now()): Promise<void> {
  bindings["GATE_RESTORED_AT"] = new Date(at).toISOString();
  restartWorker({});
  await abortAllDurableObjects();
}

async function restored(): Promise<void> {
  later(1_000);
  await deployRestored();
  const head = (await call("GET", "/log/checkpoint")).text;
  expect((await record(head.startsWith("{") ? {} : { checkpoint: head })).status).toBe(200);
  expect((await lift()).status).toBe(200);
}

describe("what was handed out before a restore", () => {
  test("INV-13: an order's token, a download's and a nonce are void, and the intent is indeterminate", async () => {
    const order = await ordered(agent);
    const { intentId } = (await call("POST", "/v1/intents", agent.key, proposal("crm.small"))).body;
    const pulled = (await call("POST", "/v1/deliver", agent.key, { intentId })).body.deliveryToken as string;
    const { nonce } = (await call("GET", "/v1/nonce", reviewer.key)).body;
    const pending = await held();
    await restored();
    const claimed = await call("POST", `/v1/executions/${order.id}/claim`, order.token);
    expect([claimed.status, claimed.body.code]).toEqual([401, "invalid_execution_token"]);
    expect((await call("GET", `/v1/download/${pulled}`)).status).toBe(404);
    const voted = await call("POST", `/v1/intents/${pending}/approve`, reviewer.key, { nonce });
    expect([voted.status, voted.body.code]).toEqual([409, "replay_rejected"]);
    expect(await Promise.all([order.intent, intentId, pending].map(stateOf))).toEqual([
      "indeterminate",
      "indeterminate",
      "pending_approval",
    ]);
    expect((await call("POST", `/v1/intents/${order.intent}/execute`, agent.key)).status).toBe(409);
  });

  test("INV-13: a stored answer under an Idempotency-Key grants nothing", async () => {
    const intent = await propose(agent, proposal("crm.small"), "approved");
    const headers = { Authorization: `Bearer ${agent.key}`, "Idempotency-Key": `"${fresh("execute")}"` };
    const execute = () => send(`/v1/intents/${intent}/execute`, { method: "POST", headers });
    const first = await execute();
    expect(first.status).toBe(201);
    await restored();
    const again = await execute();
    const token = String(again.body.execution_token ?? first.body.execution_token);
    const claimed = await call("POST", `/v1/executions/${first.body.executionId}/claim`, token);
    expect([409, 401]).toContain(claimed.status);
    expect(await stateOf(intent)).toBe("indeterminate");
  });

  test("INV-13: an approval link, a Slack button and a provider's question count no vote", async () => {
    const [linked, clicked, questioned] = await Promise.all([
      held("crm.by-link"),
      held("crm.by-slack"),
      held("crm.by-link"),
    ]);
    const link = await linkTo(linked, "ana");
    const { body } = await call("GET", `/v1/intents/${clicked}`, admin);
    const reference = slackReference(ports(), {
      channel: "app",
      intent: clicked,
      digest: body.intent_digest,
    });
    const world = outside(() => answered(200, "{}"));
    await notifyChannel(delivery("sms", questioned, "held", { person: "ana" }), world);
    const question = world.got[0]?.body;
    await restored();
    const opened = await send(`/case?link=${link}`, {});
    expect(opened.status).toBe(404);
    await send("/slack/interactions", slackClick(reference));
    await send("/v1/approval-callbacks/sms", providerAnswer(questioned, question));
    for (const intent of [linked, clicked, questioned]) {
      expect(await stateOf(intent)).toBe("pending_approval");
      expect(await eventsOf(intent)).not.toContain("approval_vote_recorded");
    }
    // A link of after the restore works.
    const again = approvalLink(portsOf({ ...env }), {
      intent: linked,
      digest: (await call("GET", `/v1/intents/${linked}`, admin)).body.intent_digest,
      person: "ana",
      id: fresh("lnk"),
      expiresAt: Date.now() + 60_000,
    });
    expect((await send(`/case?link=${again}`, {})).status).toBe(200);
  });

  test("INV-14: a session and a sign-in under way are void", async () => {
    const opened = await send("/v1/session", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ key: reviewer.key }),
    });
    const cookie = opened.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    expect((await send("/v1/session", { headers: { cookie } })).status).toBe(200);
    listen();
    const issuer = await startIssuer();
    const provider = {
      name: "sso",
      issuer: issuer.url,
      audience: AUDIENCE,
      clientSecret: null,
      allowPrivate: false,
    } as unknown as Parameters<ReturnType<typeof ports>["signIn"]["begin"]>[0];
    const begun = await ports().signIn.begin(provider, {
      next: "/",
      redirectUri: "https://gate.test/sign-in/callback",
      now: Date.now(),
    });
    if (!begun.ok) throw new Error(begun.error.problem);
    const state = new URL(begun.value.url).searchParams.get("state");
    const attempt = {
      url: `https://gate.test/sign-in/callback?state=${state}&code=abc`,
      sealedAttempt: begun.value.sealedAttempt,
    };
    await restored();
    expect((await send("/v1/session", { headers: { cookie } })).status).toBe(401);
    const after = portsOf({ ...env }).signIn;
    expect(await after.finish([provider], { ...attempt, now: Date.now() })).toMatchObject({
      ok: false,
      error: { problem: "attempt_unknown" },
    });
    // The same attempt is one of this deployment's: without the restore the provider is questioned.
    const before = portsOf({ ...env, GATE_RESTORED_AT: "" } as typeof env).signIn;
    const finished = await before.finish([provider], { ...attempt, now: Date.now() });
    expect(finished.ok ? "signed in" : finished.error.problem).not.toBe("attempt_unknown");
  });
});

describe("INV-11: recording a restore", () => {
  const steps = ["engaging the switch", "recording the restore", "listing", "settling"] as const;

  test.each(steps)("that is cut off while %s ends in the same state when it is repeated", async (step) => {
    const intents = [await propose(agent, proposal("crm.small"), "approved"), (await ordered(agent)).intent];
    await Promise.all(intents.map(flushed));
    later(1_000);
    await deployRestored();
    const broken = breakAt(step);
    expect((await record()).status).toBeGreaterThanOrEqual(500);
    broken.mockRestore();
    const isRecorded = step === "listing" || step === "settling";
    expect((await call("GET", "/v1/switches", admin)).status).toBe(isRecorded ? 200 : 503);
    expect((await record()).status).toBe(200);
    expect((await record()).status).toBe(200);
    const { switches } = (await call("GET", "/v1/switches", admin)).body;
    expect(switches).toMatchObject([{ scope: "everything" }]);
    const at = Date.parse(String(bindings["GATE_RESTORED_AT"]));
    const entries = (await ledgerOf("registry")).filter(({ event, body }) => {
      return event === "restored" && (JSON.parse(body) as { restored_at: number }).restored_at === at;
    });
    expect(entries).toHaveLength(1);
    for (const intent of intents) {
      expect(await stateOf(intent)).toBe("indeterminate");
      expect((await eventsOf(intent)).filter((event) => event === "restored")).toHaveLength(1);
    }
    await lift();
  });

  function breakAt(step: (typeof steps)[number]): { mockRestore(): void } {
    if (step === "settling") {
      const { get } = env.INTENTS;
      return vi.spyOn(env.INTENTS, "get").mockImplementation(() => {
        void get;
        throw new Error("the object's machine is gone");
      });
    }
    const { batch, prepare } = env.DB;
    if (step === "listing") {
      return vi.spyOn(env.DB, "prepare").mockImplementation((sql) => {
        if (/FROM intents\b/.test(sql) && !sql.includes("MAX(created_at)")) throw new Error("D1 is down");
        return prepare.call(env.DB, sql);
      });
    }
    let left = step === "engaging the switch" ? 0 : 1;
    return vi.spyOn(env.DB, "batch").mockImplementation((statements) => {
      if (left === 0) return Promise.reject(new Error("D1_ERROR: overloaded"));
      left -= 1;
      return batch.call(env.DB, statements) as ReturnType<typeof batch>;
    });
  }

  test("is refused for a time ahead of the clock, and for one before intents of the data", async () => {
    await propose(agent, proposal("crm.small"), "approved").then(flushed);
    await deployRestored(Date.now() + 3_600_000);
    const ahead = await record();
    expect([ahead.status, ahead.body.code]).toEqual([409, "restore_time_invalid"]);
    await deployRestored(Date.now() - 3_600_000);
    const behind = await record();
    expect([behind.status, behind.body.code]).toEqual([409, "restore_time_invalid"]);
    expect((await call("GET", "/v1/switches", admin)).body.code).toBe("restoring");
    later(1_000);
    await deployRestored();
    expect((await record()).status).toBe(200);
    await lift();
  });

  test("is asked for again when D1 is put back after it was recorded", async () => {
    later(1_000);
    const before = await allRows();
    await deployRestored();
    await record();
    await lift();
    expect((await call("GET", "/v1/switches", admin)).status).toBe(200);
    const after = await allRows();
    await putLedgerBack(before);
    later(11_000);
    expect((await call("GET", "/v1/switches", admin)).body.code).toBe("restoring");
    await putLedgerBack(after);
    expect((await call("GET", "/v1/switches", admin)).status).toBe(200);
  });

  test("INV-18: an export from before it and one from after it are one log", async () => {
    await propose(agent, proposal("crm.small"), "approved").then(flushed);
    await restored();
    const older = await exported();
    await propose(agent, proposal("crm.small"), "approved").then(flushed);
    await restored();
    const newer = await exported();
    const vkeys = await publishedVkeys();
    for (const lines of [older, newer]) {
      const report = await verifyExport(lines, { vkeys, jwks: [] }, { held: [checkpointIn(older)] });
      expect(report.findings.filter(({ status }) => status === "fails")).toEqual([]);
      expect(report.broken).toBeNull();
    }
    expect(newer.slice(0, older.length - 1)).toEqual(older.slice(0, -1));
  });
});

async function exported(): Promise<readonly string[]> {
  await sealed();
  const note = (await call("GET", "/log/checkpoint")).text;
  const lines: string[] = [];
  for (;;) {
    const page = (await call("GET", `/log/entries?from=${lines.length}&limit=700`, admin)).text
      .split("\n")
      .filter((line) => line !== "");
    if (page.length === 0) break;
    lines.push(...page);
  }
  return [...lines, JSON.stringify({ checkpoint: note })];
}

function checkpointIn(lines: readonly string[]): string {
  return (JSON.parse(lines.at(-1) ?? "{}") as { checkpoint: string }).checkpoint;
}

describe("INV-11: D1 and the objects put back to different times", () => {
  test("D1 older: what it lacks is neither ordered nor sent, and the log says where it stopped", async () => {
    await restored();
    const intent = await propose(agent, proposal("crm.held"), "pending_approval");
    await flushed(intent);
    await sealed();
    const old = await allRows();
    await call("POST", `/v1/intents/${intent}/approve`, reviewer.key, {});
    await flushed(intent);
    await sealed();
    const whole = await allRows();
    later(1_000);
    await deployRestored();
    await putLedgerBack(old);
    await record();
    await lift();
    expect(await stateOf(intent)).toBe("indeterminate");
    expect((await call("POST", `/v1/intents/${intent}/execute`, agent.key)).status).toBe(409);
    const { fault } = (await call("GET", "/log/health", admin)).body;
    expect(fault).not.toBeNull();
    await putLedgerBack(whole);
  });

  test("an object older: it does not act on what it has forgotten, and D1 keeps the entries it has", async () => {
    await restored();
    const order = await ordered(agent);
    await flushed(order.intent);
    const stored = await storageOf(order.intent);
    await call("POST", `/v1/executions/${order.id}/claim`, order.token);
    const report = { status: "succeeded" };
    await call("POST", `/v1/executions/${order.id}/report`, order.token, report);
    const rows = await flushed(order.intent);
    expect(rows.at(-1)?.event).toBe("execution_succeeded");
    later(1_000);
    await putStorageBack(order.intent, stored);
    await deployRestored();
    await record();
    await lift();
    expect(await stateOf(order.intent)).toBe("indeterminate");
    expect((await call("POST", `/v1/executions/${order.id}/claim`, order.token)).status).toBe(401);
    expect((await call("POST", `/v1/intents/${order.intent}/execute`, agent.key)).status).toBe(409);
    expect((await ledgerOf(order.intent)).map(({ event }) => event)).toEqual(rows.map(({ event }) => event));
  });

  type Stored = readonly (readonly [string, unknown])[];

  function storageOf(intent: string): Promise<Stored> {
    return runInDurableObject(objectOf(intent), (_, { storage }) => [...storage.kv.list()]);
  }

  async function putStorageBack(intent: string, stored: Stored): Promise<void> {
    await runInDurableObject(objectOf(intent), (_, { storage }) => {
      const keys = Array.from(storage.kv.list(), ([key]) => key);
      for (const key of keys) storage.kv.delete(key);
      for (const [key, value] of stored) storage.kv.put(key, value);
    });
  }
});

function slackClick(reference: string): RequestInit {
  const payload = {
    type: "block_actions",
    user: { id: ANA.user, username: "ana", name: "ana", team_id: ANA.team },
    team: { id: ANA.team, domain: "home" },
    api_app_id: "A0APP",
    container: { type: "message", message_ts: "1.2", channel_id: "C0APPROVALS" },
    actions: [{ type: "button", action_id: "gate_approve", value: reference }],
  };
  const body = `payload=${encodeURIComponent(JSON.stringify(payload))}`;
  const at = String(Math.floor(Date.now() / 1000));
  const signature = createHmac("sha256", SECRETS.SCENE_SIGNING).update(`v0:${at}:${body}`).digest("hex");
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/x-www-form-urlencoded",
      "X-Slack-Request-Timestamp": at,
      "X-Slack-Signature": `v0=${signature}`,
    },
    body,
  };
}

function providerAnswer(intent: string, question: Record<string, unknown>): RequestInit {
  const body = JSON.stringify({
    intent_id: intent,
    gate_approval_interaction_id: question["gate_approval_interaction_id"],
    responds_to: question["message_id"],
    decision: "APPROVE",
    decided_at: Date.now(),
    approved_intent_hash: question["approved_intent_hash"],
    evidence: { factors: ["sms.otp.v1"], proof: "…" },
  });
  const at = Date.now();
  const signature = createHmac("sha256", SECRETS.SCENE_PROVIDER).update(`${at}.${body}`).digest("hex");
  return {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-Gate-Provider-Signature": `t=${at},v1=${signature}`,
      "X-Gate-Provider-Delivery-ID": fresh("delivery"),
    },
    body,
  };
}

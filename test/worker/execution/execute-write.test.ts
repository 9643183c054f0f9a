import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { callUpstream } from "../../../src/adapters/upstream/call.ts";
import { storedCredential } from "../../../src/adapters/vault/registry-secrets.ts";
import { executeWrite, type InlineExecution } from "../../../src/app/execution/execute-write.ts";
import type { IntentState } from "../../../src/core/intent/state.ts";
import { currentBindings } from "../../../src/core/intent/terms.ts";
import { ok } from "../../../src/core/base/result.ts";
import type { Ports } from "../../../src/ports/ports.ts";
import type { UpstreamAnswer } from "../../../src/ports/upstream.ts";
import {
  answering,
  SENDING_RULES,
  failing,
  holdQueue,
  PAYLOAD,
  ports,
  proposeWrite,
  useSendingRules,
  standIn,
} from "../../support/worker/sending.ts";
import {
  admin,
  call,
  eventsOf,
  everythingInD1,
  flushed,
  freeze,
  later,
  MINUTE_MS,
  objectOf,
  register,
  stateOf,
  until,
} from "../../support/worker/gate.ts";
import { changeRules } from "../../support/worker/rules.ts";
import { verdictOf } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import type { Intent } from "../../../src/ports/intents.ts";
import type { Principal } from "../../support/client.ts";

let agent: Principal;
let reviewer: Principal;
let queuedIntents: () => readonly string[];

beforeAll(async () => {
  agent = await register("agent");
  reviewer = await register("reviewer");
  await useSendingRules();
});

beforeEach(() => {
  queuedIntents = holdQueue();
});

const APPROVED = ["proposed", "policy_checked", "approved"] as const;
const BEGUN = [...APPROVED, "execution_requested", "execution_claimed"] as const;
const UNDONE = [...BEGUN, "execution_claim_undone"] as const;

async function beginOf(intent: Intent, attempt = "attempt-1") {
  const state = await lookAt(intent);
  return intent.beginSend(currentBindings(state.terms, await ports.rules.current()), attempt, false);
}

async function lookAt(intent: Intent): Promise<IntentState> {
  const state = await intent.getState();
  if (state === null) throw new Error("gone");
  return state;
}

function breakD1(): () => void {
  vi.spyOn(console, "error").mockImplementation(() => {});
  const batch = vi.spyOn(env.DB, "batch").mockRejectedValue(new Error("D1_ERROR: overloaded"));
  return () => batch.mockRestore();
}

async function alarmOf({ id }: Intent): Promise<number | null> {
  return runInDurableObject(objectOf(id), (_, { storage }) => storage.getAlarm());
}

/** How many `send` messages of this intent were queued. */
function timesQueued({ id }: Intent): number {
  return queuedIntents().filter((intent) => intent === id).length;
}

const textOf = (bytes: Uint8Array | undefined) => new TextDecoder().decode(bytes);

describe("INV-11: sending an approved write", () => {
  test("INV-11: of two hundred parallel calls one sends, and the ledger has one execution", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(answering(201));
    const carried = await Promise.all(Array.from({ length: 200 }, () => send(intent)));
    expect(calls).toHaveLength(1);
    expect(carried.filter(({ kind }) => kind === "answered")).toHaveLength(1);
    const refusals = carried.flatMap((each) => (each.kind === "refused" ? [each.refusal.reason] : []));
    expect(refusals).toHaveLength(199);
    expect(new Set([...refusals, "already_claimed", "wrong_phase"]).size).toBe(2);
    const rows = await flushed(intent.id);
    expect(rows.map(({ event }) => event)).toEqual([...BEGUN, "execution_succeeded"]);
    expect(rows.slice(3).map(({ actor }) => actor)).toEqual(["gate", "gate", "gate"]);
    expect(await faultsOf(rows)).toEqual([]);
  });

  test("INV-09 INV-17: the sent bytes are the approved bytes, and the ledger has the order before they leave", async () => {
    const intent = await proposeWrite(agent, "crm.again");
    const seen: unknown[] = [];
    const { calls, send } = standIn(async () => {
      seen.push(
        await env.DB.prepare("SELECT event FROM ledger WHERE intent_id = ?1 ORDER BY seq DESC")
          .bind(intent.id)
          .first("event"),
      );
      return answering(200)();
    });
    await send(intent, [["authorization", "Bearer somebody-else"]]);
    expect(seen).toEqual(["execution_claimed"]);
    const [sent] = calls;
    expect(sent?.method).toBe("POST");
    expect(sent?.url).toMatch(/^https:\/\/upstream\.example\.com\/things\?for=thing-\d+$/);
    expect(textOf(sent?.body as Uint8Array)).toBe(PAYLOAD);
    expect(sent?.credential).toEqual({ name: "key", injection: { kind: "bearer" } });
    // Headers of the call that triggers the send are not forwarded: only the approved ones are.
    expect(sent?.headers).toEqual([
      ["content-type", "application/json"],
      ["idempotency-key", `gate_${intent.id.slice("int_".length)}`],
    ]);
  });

  test("INV-18: the evidence of a sent write is proven, with the request that was sent", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(answering(201));
    await send(intent);
    const { body } = await call("GET", `/v1/intents/${intent.id}/evidence`, agent.key);
    expect(JSON.parse(body.disclosed.request)).toMatchObject({ method: "POST", idempotency_header: null });
    const keys = { ...body.keys, jwks: body.keys.jwks.keys };
    const findings = await verifyBundle(JSON.stringify(body), keys);
    expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
    expect(verdictOf(findings)).toBe("proven");
  });

  test("INV-09: the agent's value of the provider's idempotency header is kept", async () => {
    const headers = [["idempotency-key", "the-agents-own"]] as const;
    const intent = await proposeWrite(agent, "crm.again", { http: { headers } });
    const { calls, send } = standIn(answering(200));
    await send(intent);
    expect(calls[0]?.headers).toEqual(headers);
  });

  test("INV-23: the agent's own credential is sent where Gate has none, and stored nowhere", async () => {
    const intent = await proposeWrite(agent, "crm.own");
    const { calls, send } = standIn(answering(200));
    const secret = "Bearer of-the-agent-alone";
    expect((await send(intent, [["authorization", secret]])).kind).toBe("answered");
    expect(calls[0]?.agentCredentials).toEqual([["authorization", secret]]);
    expect(calls[0]?.credential).toBeNull();
    const stored = [await everythingInD1(), JSON.stringify(await intent.getRecord())];
    expect(stored.join()).not.toContain("of-the-agent-alone");
    // Without the agent's connection it is not sent.
    const other = await proposeWrite(agent, "crm.own");
    later(MINUTE_MS);
    await runDurableObjectAlarm(objectOf(other.id));
    expect(timesQueued(other)).toBe(0);
  });

  test("INV-11: beginSend whose answer was lost succeeds again for the same attempt, and for no other", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const first = await beginOf(intent, "one");
    await evictDurableObject(objectOf(intent.id));
    expect(await beginOf(intent, "one")).toEqual(first);
    expect(await beginOf(intent, "two")).toEqual({ ok: false, error: { reason: "already_claimed" } });
    expect(await eventsOf(intent.id)).toEqual(BEGUN);
    // After the claim ended there is no success to repeat.
    freeze();
    later(5 * MINUTE_MS);
    expect(await beginOf(intent, "one")).toMatchObject({ error: { reason: "wrong_phase" } });
  });

  test("INV-11: a repeated undo does not undo the claim of the next attempt", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const begun = await beginOf(intent, "one");
    const order = begun.ok ? begun.value.order : "";
    const unclaim = { type: "unclaim", order, undone: 0 } as const;
    expect((await intent.handle(unclaim)).ok).toBe(true);
    later(MINUTE_MS);
    expect((await beginOf(intent, "two")).ok).toBe(true);
    expect(await intent.handle(unclaim)).toMatchObject({ error: { reason: "wrong_phase" } });
    expect(await stateOf(intent.id)).toBe("claimed");
  });

  test("INV-11: a repeated finishSend is accepted and changes nothing", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const begun = await beginOf(intent);
    const order = begun.ok ? begun.value.order : "";
    const report = {
      type: "report",
      order,
      by: "gate",
      outcome: "succeeded",
      retryable: false,
      executedAt: Date.now(),
      result: "{}",
      proof: null,
    } as const;
    const response = { status: 201, headers: [], body: new Uint8Array([1]), truncated: false, at: 0 };
    expect(await intent.finishSend(report, response)).toMatchObject({ ok: true, value: { changed: true } });
    const again = await intent.finishSend({ ...report, outcome: "failed" }, { ...response, status: 500 });
    expect(again).toMatchObject({ ok: true, value: { changed: false, state: { phase: "succeeded" } } });
    expect((await intent.response())?.status).toBe(201);
    expect(await eventsOf(intent.id)).toEqual([...BEGUN, "execution_succeeded"]);
    // A repeated report by another reporter is refused.
    expect((await intent.finishSend({ ...report, by: agent.id }, null)).ok).toBe(false);
  });
});

describe("INV-11: a crash between sending and recording", () => {
  test("INV-11: makes the write indeterminate after five minutes, and it is never sent again", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    expect((await beginOf(intent)).ok).toBe(true);
    await evictDurableObject(objectOf(intent.id));
    later(5 * MINUTE_MS);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(await eventsOf(intent.id)).toEqual([...BEGUN, "execution_indeterminate"]);
    const { calls, send } = standIn(answering(200));
    expect(await send(intent)).toMatchObject({ refusal: { reason: "wrong_phase" } });
    later(10 * MINUTE_MS);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(calls).toHaveLength(0);
    // When it was approved, and never since.
    expect(timesQueued(intent)).toBe(1);
  });

  test("INV-11: is followed by another attempt where the provider recognises repeats: new order, same key, three at most", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.again");
    const crash = standIn(async () => {
      throw new Error("the machine is gone");
    });
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await crash.send(intent).catch(() => undefined);
      await evictDurableObject(objectOf(intent.id));
      later(5 * MINUTE_MS);
      await runDurableObjectAlarm(objectOf(intent.id));
    }
    expect(crash.calls).toHaveLength(3);
    const keys = crash.calls.map(({ headers }) => headers.find(([name]) => name === "idempotency-key")?.[1]);
    expect(new Set(keys)).toEqual(new Set([`gate_${intent.id.slice("int_".length)}`]));
    const { orders, phase } = await lookAt(intent);
    expect(orders.map(({ fence }) => fence)).toEqual([1, 2, 3]);
    expect(phase).toBe("indeterminate");
    // When it was approved, and after each of the first two.
    expect(timesQueued(intent)).toBe(3);
  });

  test("INV-11: a response after the end of the claim is refused, not stored, and not called a success", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(async () => {
      later(5 * MINUTE_MS);
      return answering(201)();
    });
    expect(await send(intent)).toEqual({
      kind: "refused",
      refusal: { reason: "expired", what: "order" },
    });
    expect(calls).toHaveLength(1);
    expect(await stateOf(intent.id)).toBe("indeterminate");
    expect(await intent.response()).toBeNull();
  });

  test("INV-11: a sent request without a response is indeterminate at once and not sent again", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(failing("timeout", true));
    expect(await send(intent)).toMatchObject({ kind: "unknown", failure: { problem: "timeout" } });
    expect(await eventsOf(intent.id)).toEqual([...BEGUN, "execution_indeterminate"]);
    expect(await send(intent)).toMatchObject({ refusal: { reason: "wrong_phase" } });
  });

  test("INV-11: an attempt with too little of its claim left sends nothing", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    let looked = 0;
    const switches: Ports["switches"] = {
      ...ports.switches,
      engaged: async (age) => {
        looked += 1;
        if (looked === 2) later(4.5 * MINUTE_MS);
        return ports.switches.engaged(age);
      },
    };
    const { calls, send } = standIn(answering(200), { switches });
    expect(await send(intent)).toMatchObject({ kind: "refused" });
    expect(calls).toHaveLength(0);
    expect(await stateOf(intent.id)).toBe("scheduled");
  });

  test("INV-11: an attempt waits for the upstream no longer than its claim lasts", async () => {
    const { calls, send } = standIn(answering(200));
    await send(await proposeWrite(agent, "crm.now"));
    expect(calls[0]?.timeoutMs).toBe(60_000);
  });
});

describe("INV-24: a vault or an upstream that is down", () => {
  test("INV-24: leaves the order to be retried with growing pauses until it expires, with few ledger entries", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(failing("unavailable" as never, false));
    const pauses: number[] = [];
    let last = Date.now();
    let known = 0;
    for (;;) {
      await runDurableObjectAlarm(objectOf(intent.id));
      if (timesQueued(intent) > known) {
        known = timesQueued(intent);
        pauses.push(Math.round((Date.now() - last) / 1000));
        last = Date.now();
        expect(["unsent", "refused"]).toContain((await send(intent)).kind);
      }
      await flushed(intent.id);
      const next = await alarmOf(intent);
      if (next === null) break;
      later(Math.max(next - Date.now(), 1));
    }
    expect(await stateOf(intent.id)).toBe("expired");
    expect(pauses.slice(0, 7)).toEqual([0, 5, 10, 20, 40, 80, 160]);
    expect(Math.max(...pauses)).toBe(300);
    expect(calls.length).toBeGreaterThan(10);
    expect((await eventsOf(intent.id)).length).toBeLessThan(60);
    expect(calls.every(({ url }) => url === calls[0]?.url)).toBe(true);
  });

  test("INV-24: adds no entry when the agent asks again at once: the next attempt has its time", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.own");
    const { calls, send } = standIn(failing("unreachable", false));
    expect((await send(intent)).kind).toBe("unsent");
    for (let again = 0; again < 20; again += 1) {
      expect(await send(intent)).toMatchObject({ refusal: { reason: "retry_later" } });
    }
    expect(calls).toHaveLength(1);
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
    later(3_000);
    const { send: sendWell } = standIn(answering(200));
    expect((await sendWell(intent)).kind).toBe("answered");
    expect(await eventsOf(intent.id)).toEqual([...UNDONE, "execution_claimed", "execution_succeeded"]);
  });
});

describe("INV-17: sending while D1 can't be written", () => {
  test("INV-17: nothing is sent, and the claim is undone", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(answering(200));
    const repair = breakD1();
    expect(await send(intent)).toEqual({ kind: "refused", refusal: { reason: "ledger_unavailable" } });
    expect(calls).toHaveLength(0);
    repair();
    later(MINUTE_MS);
    expect((await send(intent)).kind).toBe("answered");
    expect(calls).toHaveLength(1);
    const rows = await flushed(intent.id);
    expect(rows.map(({ event }) => event)).toEqual([...UNDONE, "execution_claimed", "execution_succeeded"]);
    expect(await faultsOf(rows)).toEqual([]);
  });

  test("INV-11: a claim that D1 did not take is given to no attempt, not even to the same one again", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    await flushed(intent.id);
    const { terms } = await lookAt(intent);
    const bindings = currentBindings(terms, await ports.rules.current());
    const batch = vi.spyOn(env.DB, "batch").mockImplementation(async () => {
      await scheduler.wait(20);
      throw new Error("D1_ERROR: overloaded");
    });
    let failures = 0;
    vi.spyOn(console, "error").mockImplementation(({ event, intent: failed }) => {
      // Objects of earlier tests, whose alarms run beside this, fail as well.
      if (event === "ledger_flush_failed" && failed === intent.id) failures += 1;
      // The outbox fails by itself, then the first call; D1 answers again for the second.
      if (failures === 2) batch.mockRestore();
    });
    // The connection is lost while the object waits for D1, so the call is made again beside the first.
    const begun = await Promise.all([
      intent.beginSend(bindings, "one", false),
      intent.beginSend(bindings, "one", false),
    ]);
    expect(failures).toBe(2);
    expect(begun.map((each) => each.ok)).toEqual([false, false]);
    expect(await stateOf(intent.id)).toBe("scheduled");
  });

  test("a pending send is requested again when D1 is back, without a busy loop of alarms", async () => {
    freeze();
    const repair = breakD1();
    const intent = await proposeWrite(agent, "crm.now");
    for (let tried = 0; tried < 3; tried += 1) {
      later(5_000);
      await runDurableObjectAlarm(objectOf(intent.id));
      expect(await alarmOf(intent)).toBe(Date.now() + 5_000);
    }
    expect(timesQueued(intent)).toBe(0);
    repair();
    later(5_000);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(timesQueued(intent)).toBe(1);
  });

  test("a pending send does not wait for the agent's counters", async () => {
    freeze();
    vi.spyOn(console, "error").mockImplementation(() => {});
    const real = env.AGENTS.getByName.bind(env.AGENTS);
    const settle = vi.fn(async () => {
      throw new Error("no counters");
    });
    vi.spyOn(env.AGENTS, "getByName").mockImplementation((name) => {
      const { reserve } = real(name);
      return { reserve, settle } as unknown as ReturnType<typeof real>;
    });
    const intent = await proposeWrite(agent, "crm.counted");
    await until(() => expect(timesQueued(intent)).toBe(1));
    expect(settle).toHaveBeenCalled();
  });

  test("INV-17: a failure of D1 after the claim sends nothing and undoes the claim as well", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    let looked = 0;
    const switches: Ports["switches"] = {
      ...ports.switches,
      engaged: async (age) => {
        looked += 1;
        if (looked === 2) throw new Error("D1_ERROR: overloaded");
        return ports.switches.engaged(age);
      },
    };
    const { calls, send } = standIn(answering(200), { switches });
    const thrown = await send(intent).then(
      () => null,
      (error: unknown) => String(error),
    );
    expect(thrown).toContain("D1_ERROR");
    expect(calls).toHaveLength(0);
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
    later(MINUTE_MS);
    expect((await send(intent)).kind).toBe("answered");
  });

  test("INV-11: a payload that can't be read is not sent, and its claim is undone", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const stub = objectOf(intent.id);
    await runInDurableObject(stub, (_, { storage }) => {
      const opening = storage.kv.get<{ sealed: Uint8Array }>("opening");
      if (opening === undefined) throw new Error("none");
      const sealed = opening.sealed.slice();
      sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
      storage.kv.put("opening", { ...opening, sealed });
    });
    const failed = await runInDurableObject(stub, async (object) => {
      const state = await object.getState();
      if (state === null) return "gone";
      const { terms } = state;
      const bindings = { policies: terms.policies, configHash: terms.configHash };
      return object.beginSend(bindings, "one", false).then(
        () => "begun",
        () => "thrown",
      );
    });
    expect(failed).toBe("thrown");
    expect((await intent.getState())?.phase).toBe("scheduled");
  });
});

describe("INV-05: a stop between approval and sending", () => {
  /** The same intent, and something that happens after the claim, before anything is sent. */
  function thenBegun(intent: Intent, happens: () => Promise<unknown>): Intent {
    return {
      ...intent,
      async beginSend(bindings, attempt, hasBody) {
        const begun = await intent.beginSend(bindings, attempt, hasBody);
        await happens();
        return begun;
      },
    };
  }

  const target = { scope: "destination", target: "crm.now" } as const;
  const why = { reason: "incident", ticket: null } as never;

  test("INV-05: a kill switch engaged between claim and sending stops the send until it is lifted", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(answering(200));
    const stopped = thenBegun(intent, () => ports.switches.engage(target, why, "adm_1"));
    expect(await send(stopped)).toMatchObject({ kind: "stopped" });
    expect(await send(intent)).toMatchObject({ kind: "stopped" });
    expect(calls).toHaveLength(0);
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
    await ports.switches.lift(target, "adm_1");
    later(MINUTE_MS);
    expect((await send(intent)).kind).toBe("answered");
  });

  test("INV-05: a kill switch engaged while the vault answers stops the send, and so does the claim's end", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const outside = vi.spyOn(globalThis, "fetch");
    const withVault = (meanwhile: () => Promise<unknown>) => {
      const slowly = callUpstream(async () => {
        await meanwhile();
        return ok(storedCredential("sk_live_of_the_upstream_itself"));
      });
      return executeWrite(intent, { ...ports, callUpstream: slowly });
    };
    expect(await withVault(() => ports.switches.engage(target, why, "adm_1"))).toMatchObject({
      kind: "stopped",
    });
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
    await ports.switches.lift(target, "adm_1");
    later(MINUTE_MS);
    const late = await withVault(async () => later(4 * MINUTE_MS));
    expect(late).toEqual({ kind: "refused", refusal: { reason: "ledger_unavailable" } });
    expect(outside).not.toHaveBeenCalled();
    expect(await stateOf(intent.id)).toBe("scheduled");
  });

  test("INV-05: suspending the agent before or between claim and sending stops the send", async () => {
    const other = await register("agent");
    const intent = await proposeWrite(other, "crm.now");
    const { calls, send } = standIn(answering(200));
    const suspended = thenBegun(intent, () => ports.principals.setStatus(other.id, "suspended", "adm_1"));
    expect(await send(suspended)).toEqual({ kind: "proposer_inactive", status: "suspended" });
    expect(await send(intent)).toEqual({ kind: "proposer_inactive", status: "suspended" });
    expect(calls).toHaveLength(0);
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
  });

  test("INV-05: giving the agent another role before or between claim and sending stops the send", async () => {
    const other = await register("agent");
    const intent = await proposeWrite(other, "crm.now");
    const { calls, send } = standIn(answering(200));
    const changed = thenBegun(intent, () => ports.principals.setRole(other.id, "runner", "adm_1"));
    expect(await send(changed)).toEqual({ kind: "proposer_inactive", status: "role_changed" });
    expect(await send(intent)).toEqual({ kind: "proposer_inactive", status: "role_changed" });
    expect(calls).toHaveLength(0);
    expect(await eventsOf(intent.id)).toEqual(UNDONE);
  });

  test.each([
    [
      "the destination's upstream",
      {
        registry: SENDING_RULES.registry.replace(
          'upstream: "https://upstream',
          'upstream: "https://elsewhere',
        ),
      },
    ],
    [
      "the policy",
      {
        policies: {
          ...SENDING_RULES.policies,
          small: "require_approval: always",
        },
      },
    ],
  ])(
    "INV-09: a change of %s since the approval makes it stale: it waits again, and nothing is sent",
    async (_, change) => {
      freeze();
      const intent = await proposeWrite(agent, "crm.now");
      const { calls, send } = standIn(answering(200));
      await changeRules({ ...SENDING_RULES, ...change });
      expect(await send(intent)).toEqual({ kind: "refused", refusal: { reason: "approval_stale" } });
      expect(await send(intent)).toMatchObject({ kind: "refused", refusal: { reason: "wrong_phase" } });
      expect(calls).toHaveLength(0);
      expect(await eventsOf(intent.id)).toEqual([...APPROVED, "binding_refused", "policy_rechecked"]);
      expect(await stateOf(intent.id)).toBe("pending_approval");
      await useSendingRules();
    },
  );

  test("INV-09: a write whose upstream changed is sent nowhere, until the entry names its address again", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(answering(200));
    await changeRules({
      ...SENDING_RULES,
      registry: SENDING_RULES.registry.replace('upstream: "https://upstream', 'upstream: "https://elsewhere'),
    });
    await send(intent);
    const vote = () => call("POST", `/v1/intents/${intent.id}/approve`, reviewer.key);
    expect((await vote()).body).toMatchObject({
      code: "blocked_by_rules",
      reason_code: "destination_changed",
    });
    await useSendingRules();
    expect((await vote()).body.code).toBe("approval_stale");
    expect((await vote()).status).toBe(200);
    expect(await send(intent)).toMatchObject({ kind: "answered" });
    expect(calls).toHaveLength(1);
  });

  test("INV-09: a write that policy approved is sent where the changed policy approves it again", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, send } = standIn(answering(200));
    const small = `${SENDING_RULES.policies["small"]}\nexpiry_minutes: 7`;
    await changeRules({ ...SENDING_RULES, policies: { ...SENDING_RULES.policies, small } });
    expect(await send(intent)).toMatchObject({ kind: "answered", state: { phase: "succeeded" } });
    expect(calls).toHaveLength(1);
    await useSendingRules();
  });

  test("INV-04: a write that Gate sends can't be ordered, claimed, extended or reported at any door", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const begun = await beginOf(intent);
    const order = begun.ok ? begun.value.order : "";
    const runner = await register("runner", { name: "vpc-1" });
    const keys = [agent.key, reviewer.key, runner.key, admin];
    for (const key of keys) {
      const answers = await Promise.all([
        call("POST", `/v1/intents/${intent.id}/execute`, key),
        call("POST", `/v1/intents/${intent.id}/execute`, key, { mode: "external_pull" }),
        call("POST", "/v1/deliver", key, { intentId: intent.id }),
      ]);
      expect(answers.map(({ status }) => status >= 400 && status < 500)).toEqual([true, true, true]);
      const shown = await call("GET", `/v1/executions/${order}`, key);
      const evidence = await call("GET", `/v1/intents/${intent.id}/evidence`, key);
      expect(shown.text + evidence.text).not.toMatch(/gex_|eyJ[\w-]+\.eyJ/);
    }
    const { executionToken } = await import("../../../src/app/execution/tokens.ts");
    const state = await lookAt(intent);
    const issued = state.orders[0];
    if (issued === undefined) throw new Error("no order");
    // Even the token that such an order would have, had it one.
    const tokens = [executionToken(ports, issued, 0), `gex_${"0".repeat(64)}`, ""];
    for (const token of tokens) {
      for (const step of ["claim", "heartbeat", "report"]) {
        const body = { status: "succeeded", execution_token: token };
        for (const key of [token, ...keys]) {
          const { status } = await call("POST", `/v1/executions/${order}/${step}`, key, body);
          expect([401, 403, 404]).toContain(status);
        }
      }
    }
    expect(await eventsOf(intent.id)).toEqual(BEGUN);
  });
});

describe("which attempt sends next", () => {
  test("INV-11: a write that waits for the agent's repeat is never sent by Gate alone", async () => {
    freeze();
    const begun = await proposeWrite(agent, "crm.again", { attended: true });
    const left = await proposeWrite(agent, "crm.again", { attended: true });
    // After a 429 the agent may propose the same write anew, and a retry by Gate would be a second write.
    const { calls, send } = standIn(answering(429));
    expect(await send(begun)).toMatchObject({ kind: "answered", state: { phase: "failed" } });
    for (let pause = 0; pause < 5; pause += 1) {
      later(MINUTE_MS);
      await Promise.all([begun, left].map(({ id }) => runDurableObjectAlarm(objectOf(id))));
    }
    expect([timesQueued(begun), timesQueued(left)]).toEqual([0, 0]);
    expect(calls).toHaveLength(1);
    // Repeated by the agent it is sent again, under the same key for the provider.
    expect(await standIn(answering(200)).send(begun)).toMatchObject({ state: { phase: "succeeded" } });
    later(60 * MINUTE_MS);
    expect(await stateOf(left.id)).toBe("expired");
  });

  test("INV-11: a write approved later is requested at once, and again by the alarm when the message is lost", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.later");
    expect(timesQueued(intent)).toBe(0);
    expect((await call("POST", `/v1/intents/${intent.id}/approve`, reviewer.key)).status).toBe(200);
    await until(() => expect(timesQueued(intent)).toBe(1));
    for (const [pause, times] of [
      [5, 2],
      [10, 3],
      [20, 4],
    ] as const) {
      await evictDurableObject(objectOf(intent.id));
      later(pause * 1000);
      await runDurableObjectAlarm(objectOf(intent.id));
      expect(timesQueued(intent)).toBe(times);
    }
    const { calls, send } = standIn(answering(200));
    const all = await Promise.all([send(intent), send(intent), send(intent), send(intent)]);
    expect(all.filter(({ kind }) => kind === "answered")).toHaveLength(1);
    expect(calls).toHaveLength(1);
    later(MINUTE_MS);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(timesQueued(intent)).toBe(4);
  });

  test("INV-11: a retryable response is followed by another attempt, at its time", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.again");
    const busy = standIn(answering(429));
    expect(await busy.send(intent)).toMatchObject({ kind: "answered", state: { phase: "failed" } });
    expect(timesQueued(intent)).toBe(1);
    later(10_000);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(timesQueued(intent)).toBe(2);
    const well = standIn(answering(201));
    expect(await well.send(intent)).toMatchObject({ kind: "answered", state: { phase: "succeeded" } });
    expect((await intent.response())?.status).toBe(201);
  });

  test("INV-11: a retryable response ends the write where the provider does not recognise repeats", async () => {
    freeze();
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(answering(429));
    expect(await send(intent)).toMatchObject({ kind: "answered", state: { phase: "failed" } });
    later(MINUTE_MS);
    await runDurableObjectAlarm(objectOf(intent.id));
    expect(timesQueued(intent)).toBe(1);
    expect(await send(intent)).toMatchObject({ refusal: { reason: "wrong_phase" } });
  });
});

describe("the stored response", () => {
  const MAX_BYTES = 1024 * 1024;

  test("is the upstream's own, readable only through the object; the ledger has its digest", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(answering(201, '{"secret":"of the customer"}'));
    await send(intent);
    const response = await intent.response();
    expect([response?.status, textOf(response?.body), response?.truncated]).toEqual([
      201,
      '{"secret":"of the customer"}',
      false,
    ]);
    await flushed(intent.id);
    expect(await everythingInD1()).not.toContain("of the customer");
    const stored = await runInDurableObject(objectOf(intent.id), (_, { storage }) =>
      [...storage.kv.list<Uint8Array>({ prefix: "response:" })].map(([, value]) => textOf(value)),
    );
    expect(stored).toHaveLength(2);
    expect(stored.join()).not.toContain("of the customer");
    const { notes } = (await intent.getRecord()) ?? { notes: [] };
    expect(JSON.parse(notes.findLast(({ kind }) => kind === "result")?.text ?? "")).toMatchObject({
      http_status: 201,
      provider_reference: "req_1",
      response_bytes: 28,
      truncated: false,
    });
  });

  test.each([
    ["exactly the limit", 0, false],
    ["a byte more", 1, true],
    ["far more", 3 * 1024 * 1024, true],
  ])("is cut at the limit, for a body of %s", async (_, over, truncated) => {
    const intent = await proposeWrite(agent, "crm.now");
    const text = "x".repeat(MAX_BYTES + over);
    const { send } = standIn(answering(200, text));
    const carried = await send(intent);
    const stored = await intent.response();
    expect([stored?.body.length, stored?.truncated]).toEqual([MAX_BYTES, truncated]);
    // The agent that sent the write gets the whole body.
    const rest = carried.kind === "answered" ? await new Response(carried.rest).text() : null;
    expect(rest).toHaveLength(over);
    expect(await stateOf(intent.id)).toBe("succeeded");
  });

  test("to a body that breaks off is a success with a truncated response", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode("half")),
      pull: (controller) => controller.error(new Error("gone")),
    });
    const { send } = standIn(answering(200, "", { body } satisfies Partial<UpstreamAnswer>));
    expect(await send(intent)).toMatchObject({ kind: "answered", state: { phase: "succeeded" } });
    expect(await intent.response()).toMatchObject({ status: 200, truncated: true });
    expect(textOf((await intent.response())?.body)).toBe("half");
  });

  test("to an unmaskable body is its status alone", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(answering(200, "", { body: null, withheld: "unknown_coding" as never }));
    await send(intent);
    expect(await intent.response()).toMatchObject({ status: 200, truncated: true, body: new Uint8Array() });
  });

  test("is erased with the intent, by a person or by retention", async () => {
    freeze();
    const byHand = await proposeWrite(agent, "crm.now");
    const byRetention = await proposeWrite(agent, "crm.kept");
    const { send } = standIn(answering(200));
    await Promise.all([send(byHand), send(byRetention)]);
    expect(await byHand.response()).not.toBeNull();
    await call("POST", `/v1/intents/${byHand.id}/erase`, admin, { reason: "asked for" });
    expect(await byHand.response()).toBeNull();
    expect(await byRetention.response()).not.toBeNull();
    later(24 * 60 * MINUTE_MS);
    expect(await byRetention.response()).toBeNull();
    for (const { id } of [byHand, byRetention]) {
      const left = await runInDurableObject(
        objectOf(id),
        (_, { storage }) => [...storage.kv.list({ prefix: "response:" })].length,
      );
      expect(left).toBe(0);
    }
  });

  test.each([
    [200, "succeeded"],
    [302, "indeterminate"],
    [303, "succeeded"],
    [404, "failed"],
    [422, "failed"],
    [500, "indeterminate"],
    [501, "failed"],
    [502, "indeterminate"],
    [503, "indeterminate"],
    [504, "indeterminate"],
  ])("of status %d is stored as it came, and the write is called %s", async (status, phase) => {
    const intent = await proposeWrite(agent, "crm.now");
    const { send } = standIn(answering(status));
    expect(await send(intent)).toMatchObject({ kind: "answered", state: { phase } });
    expect((await intent.response())?.status).toBe(status);
  });
});

describe("INV-09: the payload is hashed again before sending", () => {
  const attended = (terms: InlineExecution["terms"], text: string): InlineExecution => {
    const body = new TextEncoder().encode(text);
    return { terms, agentCredentials: [], body, reauthenticate: async () => ok(undefined) };
  };

  test("INV-09: bytes of the agent's repeat are sent only if they are the approved ones", async () => {
    for (const text of [PAYLOAD, `${PAYLOAD} `, ""]) {
      const intent = await proposeWrite(agent, "crm.now");
      const { calls, ports: made } = standIn(answering(200));
      const { terms } = await lookAt(intent);
      expect((await executeWrite(intent, made, attended(terms, text))).kind).toBe("answered");
      expect(textOf(calls[0]?.body as Uint8Array)).toBe(PAYLOAD);
    }
  });

  test("INV-09: stored bytes that are not the approved ones are not sent, and the claim is undone", async () => {
    const intent = await proposeWrite(agent, "crm.now");
    const { calls, ports: made } = standIn(answering(200));
    const changed = {
      ...intent,
      async beginSend(...args: Parameters<Intent["beginSend"]>) {
        const begun = await intent.beginSend(...args);
        return begun.ok ? { ok: true, value: { ...begun.value, body: new Uint8Array(3) } } : begun;
      },
    } as Intent;
    await expect(executeWrite(changed, made)).rejects.toThrow("has the approved digest");
    expect(calls).toHaveLength(0);
    expect((await lookAt(intent)).phase).toBe("scheduled");
  });
});

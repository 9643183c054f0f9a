import { abortAllDurableObjects, evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { beforeAll, beforeEach, expect, test, vi } from "vitest";
import type { IntentState } from "../../../src/core/intent/state.ts";
import {
  answering,
  failing,
  holdQueue,
  proposeWrite,
  useSendingRules,
  standIn,
} from "../../support/worker/sending.ts";
import { faultsOf } from "../../support/worker/chain.ts";
import {
  eventsOf,
  flushed,
  freeze,
  later,
  MINUTE_MS,
  objectOf,
  register,
} from "../../support/worker/gate.ts";
import { volume } from "../../support/volume.ts";
import type { Intent } from "../../../src/ports/intents.ts";
import type { Principal } from "../../support/client.ts";

/*
 * Many calls at once for many writes, with vaults that fail, upstreams that break off, machines that go away in the
 * middle of it, and people who take an approval back. The stand-in is the witness: it notes what arrived.
 */

const STORMS = volume("SENDING_STORMS", { quick: 1, chaos: 2 });
const WRITES = volume("STORM_WRITES", { quick: 8, chaos: 16 });
const ROUNDS = 8;
const AT_ONCE = 4;

/** Ends what hangs; nothing here is measured. */
const SLOW_MACHINE_MS = 180_000;

let agent: Principal;

beforeAll(async () => {
  agent = await register("agent");
  await useSendingRules();
});

beforeEach(() => {
  holdQueue();
  vi.spyOn(console, "error").mockImplementation(() => {});
});

/** Mulberry32: the same lives for the same seed. */
function dice(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Witness {
  /** By URL: attempts that reached the upstream, answered or not. */
  readonly arrived: Map<string, number>;
  /** By URL: writes that the upstream executed. */
  readonly done: Map<string, number>;
  readonly keys: Map<string, Set<string>>;
}

function upstreamBy(roll: () => number, witness: Witness) {
  const count = (counts: Map<string, number>, url: string) => counts.set(url, (counts.get(url) ?? 0) + 1);
  return standIn(async (upstreamCall) => {
    const luck = roll();
    if (luck < 0.25) return failing("unreachable", false)();
    count(witness.arrived, upstreamCall.url);
    const key = upstreamCall.headers.find(([name]) => name === "idempotency-key")?.[1] ?? "none";
    witness.keys.set(upstreamCall.url, new Set([...(witness.keys.get(upstreamCall.url) ?? []), key]));
    if (luck < 0.35) return failing("broken_off", true)();
    if (luck < 0.45) throw new Error("the machine that was sending is gone");
    if (luck < 0.55) return answering(429)();
    count(witness.done, upstreamCall.url);
    if (luck < 0.65) return answering(500)();
    return answering(201)();
  });
}

async function stateOf(intent: Intent): Promise<IntentState> {
  const state = await intent.getState();
  if (state === null) throw new Error("gone");
  return state;
}

test.each(Array.from({ length: STORMS }, (_, at) => at + 1))(
  "INV-11: a write arrives once under random failures, seed %d",
  async (number) => {
    freeze();
    const roll = dice(number);
    const witness: Witness = { arrived: new Map(), done: new Map(), keys: new Map() };
    const { calls, send } = upstreamBy(roll, witness);
    const intents = await Promise.all(
      Array.from({ length: WRITES }, (_, at) => proposeWrite(agent, at % 2 === 0 ? "crm.now" : "crm.again")),
    );
    for (let round = 0; round < ROUNDS; round += 1) {
      const sending = intents.flatMap((intent) =>
        Array.from({ length: AT_ONCE }, () => send(intent).catch(() => null)),
      );
      const disturbed = intents.filter(() => roll() < 0.15);
      await Promise.all(disturbed.map(({ id }) => evictDurableObject(objectOf(id)).catch(() => undefined)));
      const takenBack = intents.filter(() => roll() < 0.02);
      await Promise.all(
        takenBack.map((intent) =>
          intent.handle({ type: "revoke", by: "adm_1", note: null }).catch(() => null),
        ),
      );
      await Promise.all(sending);
      if (round === ROUNDS / 2) await abortAllDurableObjects();
      later(roll() < 0.3 ? 6 * MINUTE_MS : 30_000);
      await Promise.all(intents.map(({ id }) => runDurableObjectAlarm(objectOf(id)).catch(() => false)));
    }

    const ends = new Map<string, number>();
    for (const intent of intents) {
      const { phase, terms, orders } = await stateOf(intent);
      const events = await eventsOf(intent.id);
      ends.set(phase, (ends.get(phase) ?? 0) + 1);
      const { url } = JSON.parse((await intent.getRecord())?.case?.request ?? "{}").http as {
        readonly url: string;
      };
      const arrived = witness.arrived.get(url) ?? 0;
      const summary = `seed ${number}: ${phase}, ${arrived} arrived, ${events.join(" ")}`;
      expect(arrived, summary).toBeLessThanOrEqual(terms.idempotent ? 3 : 1);
      expect(orders.length, summary).toBeLessThanOrEqual(3);
      expect((witness.keys.get(url) ?? new Set()).size, summary).toBeLessThanOrEqual(1);
      // Every recorded success was executed.
      if (phase === "succeeded") expect(witness.done.get(url) ?? 0, summary).toBeGreaterThanOrEqual(1);
      if (phase === "failed" || phase === "revoked" || phase === "expired") {
        expect(witness.done.get(url) ?? 0, summary).toBe(0);
      }
      expect(events.length, summary).toBeLessThan(80);
      expect(await faultsOf(await flushed(intent.id)), summary).toEqual([]);
    }
    expect(calls.length).toBeGreaterThan(WRITES);
    expect(ends.get("succeeded") ?? 0).toBeGreaterThan(2);
    expect(ends.get("indeterminate") ?? 0).toBeGreaterThan(0);
  },
  SLOW_MACHINE_MS,
);

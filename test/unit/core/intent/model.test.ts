import * as fc from "fast-check";
import { expect, test } from "vitest";
import { decisionOf, fold, T0 } from "../../../support/intent-fixtures.ts";
import { instantOf, lives, setups, type Setup, type Step } from "../../../support/intent-model.ts";
import { complaints, NEVER_MOVES, type Committed, type Heartbeat } from "../../../support/intent-rules.ts";
import { volume } from "../../../support/volume.ts";
import { draftEntry } from "../../../../src/core/intent/entries.ts";
import { handle, settle } from "../../../../src/core/intent/handle.ts";
import { MAX_ATTEMPTS } from "../../../../src/core/intent/limits.ts";
import { PHASES } from "../../../../src/core/intent/phase.ts";
import { openingEvents } from "../../../../src/core/intent/propose.ts";
import { nextVisibleDeadline, nextDeadline, phaseDeadline } from "../../../../src/core/intent/settle.ts";
import type { Instant, IntentState } from "../../../../src/core/intent/state.ts";
import { chain, EMPTY_HEAD, entryHash, GENESIS } from "../../../../src/core/ledger/entry.ts";

const LIVES = volume("INTENT_LIVES", { quick: 300, chaos: 3_000 });

const SALT = new Uint8Array(32).fill(7);
const FAR = T0 + 1e12;

/** Takes a life to its end; `each` sees the settled state after every step. */
function live(
  setup: Setup,
  life: readonly Step[],
  each: (state: IntentState, now: Instant) => void = () => {},
) {
  const committed: Committed[] = openingEvents(setup.terms, decisionOf(setup.outcome)).map((fact) => ({
    fact,
    command: null,
  }));
  const heartbeats: Heartbeat[] = [];
  let state = deepFreeze(fold(committed.map(({ fact }) => fact)));
  let now = T0;
  for (const { wait, command: commandFor } of life) {
    now = instantOf(wait, state, now);
    const command = commandFor(state);
    const byClock = settle(state, now);
    const handled = handle(state, command, now);
    if (handled.refusal !== null) {
      const { reason } = handled.refusal;
      const kind = `${command.type} ${reason}`;
      const broken = reason === "digest_mismatch" || reason === "approval_stale";
      const recorded = broken && !byClock.state.bindingsRefused.includes(kind) ? ["binding_refused"] : [];
      if (reason === "intent_revoked") recorded.push("execution_reported_late");
      expect(handled.events.slice(0, byClock.events.length)).toEqual(byClock.events);
      expect(handled.events.slice(byClock.events.length).map(({ event }) => event.type)).toEqual(recorded);
      expect(handled.changed).toBe(false);
    }
    const isSilent = handled.changed && handled.events.length === byClock.events.length;
    if (command.type === "heartbeat" && isSilent) {
      heartbeats.push({ after: committed.length + handled.events.length, at: now, by: command.by });
    }
    handled.events.forEach((fact, index) => {
      committed.push({ fact, command: index < byClock.events.length ? null : command });
    });
    if (NEVER_MOVES.has(state.phase)) {
      expect(handled.state.phase).toBe(state.phase);
      const late = handled.events.some(({ event }) => event.type === "execution_reported_late");
      if (!late) expect(handled.state).toBe(state);
    }
    state = deepFreeze(handled.state);
    each(state, now);
  }
  return { committed, heartbeats, state };
}

/** A decision that changed what it was given would change what is stored. */
function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
}

test("INV-11: no random life of an intent breaks a rule: approved before executed, executed once, ended for good", () => {
  fc.assert(
    fc.property(setups, lives, (setup, life) => {
      const { committed, heartbeats } = live(setup, life);
      expect(complaints(setup, committed, heartbeats)).toEqual([]);
    }),
    { numRuns: LIVES },
  );
});

/** Without the end of a claim that goes on, which heartbeats move before an event records them. */
function withoutLease(state: IntentState): IntentState {
  const orders = state.orders.map((order) => {
    if (order.claim === null || state.phase !== "claimed") return order;
    const { by, at } = order.claim;
    return { ...order, claim: { by, at, expiresAt: 0 } };
  });
  return { ...state, orders };
}

test("INV-17: the events alone reproduce the state, but for the end of a claim that goes on", () => {
  fc.assert(
    fc.property(setups, lives, (setup, life) => {
      const { committed, state } = live(setup, life);
      expect(withoutLease(fold(committed.map(({ fact }) => fact)))).toEqual(withoutLease(state));
    }),
    { numRuns: Math.ceil(LIVES / 6) },
  );
});

test("no deadline is missed or early: nothing is due before the next one, and an event is due at it", () => {
  fc.assert(
    fc.property(setups, lives, (setup, life) => {
      live(setup, life, (settled, now) => {
        // A command may leave a window that is over already (a policy can grant none); one more look ends it.
        const { state } = settle(settled, now);
        const deadline = nextDeadline(state);
        expect(nextVisibleDeadline(state)).toBe(deadline);
        expect(phaseDeadline(state) ?? FAR).toBeGreaterThanOrEqual(deadline ?? FAR);
        if (deadline === null) {
          expect(settle(state, FAR).state).toBe(state);
          return;
        }
        expect(deadline).toBeGreaterThan(now);
        expect(settle(state, deadline - 1).state).toBe(state);
        const due = settle(state, deadline);
        expect(due.events.length).toBeGreaterThan(0);
        expect(due.state).not.toEqual(state);
        expect(settle(due.state, deadline).events).toEqual([]);
      });
    }),
    { numRuns: Math.ceil(LIVES / 3) },
  );
});

test("a clock that steps back moves no intent that has ended", () => {
  fc.assert(
    fc.property(setups, lives, fc.integer({ min: 1, max: 100 }), (setup, life, back) => {
      const { state } = live(setup, life);
      if (NEVER_MOVES.has(state.phase)) expect(settle(state, T0 - back).state).toBe(state);
      expect(settle(state, T0 - back).events).toEqual([]);
    }),
    { numRuns: Math.ceil(LIVES / 10) },
  );
});

test("INV-17: every life is one unbroken chain, and every entry names its intent's digest", () => {
  const macKey = new Uint8Array(32).fill(9);
  fc.assert(
    fc.property(setups, lives, (setup, life) => {
      const { committed } = live(setup, life);
      const drafts = committed.map(({ fact }) => draftEntry(setup.terms, fact, SALT));
      // In two commits, as an object makes them.
      const half = Math.floor(drafts.length / 2);
      const first = chain(setup.terms.id, EMPTY_HEAD, drafts.slice(0, half), macKey);
      const second = chain(setup.terms.id, first.at(-1) ?? EMPTY_HEAD, drafts.slice(half), macKey);
      const entries = [...first, ...second];
      expect(entries).toEqual(chain(setup.terms.id, EMPTY_HEAD, drafts, macKey));
      let prev = GENESIS;
      entries.forEach((entry, index) => {
        expect(entry.seq).toBe(index + 1);
        expect(entry.prev).toBe(prev);
        expect(entryHash(entry)).toBe(entry.hash);
        expect(JSON.parse(entry.body)).toMatchObject({ intent_digest: setup.terms.digest });
        prev = entry.hash;
      });
    }),
    { numRuns: 100 },
  );
});

test("the random lives reach every phase and every event many times", () => {
  const events = new Map<string, number>();
  const phases = new Map<string, number>();
  const count = (counts: Map<string, number>, what: string) => counts.set(what, (counts.get(what) ?? 0) + 1);
  let retried = 0;
  for (const [setup, life] of fc.sample(fc.tuple(setups, lives), { numRuns: 8000, seed: 42 })) {
    const { committed, state } = live(setup, life, ({ phase }) => count(phases, phase));
    for (const { fact } of committed) count(events, fact.event.type);
    if (state.orders.length === MAX_ATTEMPTS) retried += 1;
  }
  expect([...phases.keys()].toSorted()).toEqual([...PHASES].toSorted());
  expect([...events.keys()].toSorted()).toEqual(REACHABLE);
  expect(Math.min(...phases.values(), ...events.values(), retried)).toBeGreaterThanOrEqual(20);
});

/** All but repeats, which come by proposing and not by a command. */
const REACHABLE = [
  "approval_escalated",
  "approval_lapsed",
  "approval_link_used",
  "approval_reminded",
  "approval_requested",
  "approval_vote_recorded",
  "approval_vote_withdrawn",
  "approved",
  "binding_refused",
  "blocked",
  "cancelled",
  "execution_claim_undone",
  "execution_claimed",
  "execution_extended",
  "execution_failed",
  "execution_indeterminate",
  "execution_lapsed",
  "execution_reported_late",
  "execution_requested",
  "execution_succeeded",
  "expired",
  "expiry_deferred",
  "expiry_escalated",
  "outcome_resolved",
  "policy_checked",
  "proposed",
  "rejected",
  "rejection_vote_recorded",
  "revoked",
  "silence_not_counted",
  "superseded",
  "withdrawn",
];

import { afterEach, describe, expect, test, vi } from "vitest";
import type { Fault, Operations, Row } from "../support/append-group/protocol.ts";
import { type GroupRuntime, startGroup } from "../support/append-group/runtime.ts";
import { volume } from "../support/volume.ts";

/*
 * On a workerd without the flag that the runner of the Worker's tests sets, under which no object shares a batch.
 */

const SOON = { timeout: 20_000, interval: 2 };

/** Beyond the time after which a member sends its own entries, on a busy machine. */
const LOST = 240_000;

const started: GroupRuntime[] = [];

async function start(): Promise<GroupRuntime> {
  const runtime = await startGroup();
  started.push(runtime);
  return runtime;
}

afterEach(async () => {
  await Promise.all(started.splice(0).map((runtime) => runtime[Symbol.asyncDispose]()));
});

async function commitAll(run: Operations, objects: readonly string[], entries = 1): Promise<void> {
  await Promise.all(objects.map((name) => run.commit(name, entries)));
}

/** Each entry once, each chain whole and in the order of its sequence. */
function lengthsOf(rows: readonly Row[]): Readonly<Record<string, number>> {
  const heads = new Map<string, Row>();
  for (const row of rows) {
    const head = heads.get(row.intent_id);
    expect(row.seq, row.intent_id).toBe((head?.seq ?? 0) + 1);
    if (head !== undefined) expect(row.prev_hash).toBe(head.entry_hash);
    heads.set(row.intent_id, row);
  }
  return Object.fromEntries([...heads].map(([name, { seq }]) => [name, seq]));
}

function recorded(objects: readonly string[], entries = 1) {
  return Object.fromEntries(objects.map((name) => [name, entries]));
}

function withoutErrors(objects: readonly string[]) {
  return Object.fromEntries(objects.map((name) => [name, null]));
}

/** Has the batch of one object held, so that what is flushed now waits for the next; `flushing` ends with that one. */
async function holdFirst(run: Operations, ...next: readonly Fault[]) {
  await run.commit("first", 1);
  await run.fault("held", ...next);
  const flushing = run.flush("first");
  await sent(run, 1);
  return { flushing };
}

function sent(run: Operations, count: number): Promise<void> {
  return vi.waitFor(async () => expect(await run.batches()).toHaveLength(count), SOON);
}

async function memberCounts(run: Operations): Promise<readonly number[]> {
  return (await run.batches()).map(({ members }) => members.length);
}

function named(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `${prefix}-${at}`);
}

/** Flushes objects while another's batch is held, and returns when all of them wait; `outcome` ends later. */
async function waiting(run: Operations, objects: readonly string[]) {
  const before = await run.handedOver();
  const outcome = run.flush(...objects);
  await vi.waitFor(async () => expect(await run.handedOver()).toBe(before + objects.length), SOON);
  return { outcome };
}

describe("a group of objects", () => {
  test("what becomes ready while a batch is on its way leaves in the next one", async () => {
    const { run, printed } = await start();
    expect(await run.canShareBatches()).toBe(true);
    const names = named("o", 10);
    await commitAll(run, names, 3);
    const { flushing } = await holdFirst(run);
    const { outcome } = await waiting(run, names);
    await run.release();
    expect(await outcome).toEqual(withoutErrors(names));
    expect(await flushing).toEqual({ first: null });
    expect(await memberCounts(run)).toEqual([1, 10]);
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, ...recorded(names, 3) });
    expect(printed()).toBe("");
  });

  test("a batch has 200 objects at most, and the 201st leaves with the next one", async () => {
    const { run } = await start();
    const names = named("o", 201);
    await commitAll(run, names);
    const { flushing } = await holdFirst(run);
    const { outcome } = await waiting(run, names);
    await run.release();
    expect(await outcome).toEqual(withoutErrors(names));
    await flushing;
    expect(await memberCounts(run)).toEqual([1, 200, 1]);
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, ...recorded(names) });
  });

  test("a batch has a mebibyte at most, and an object with more goes alone", async () => {
    const { run } = await start();
    await run.commit("large", 5, 300_000);
    const names = named("o", 5);
    for (const name of names) await run.commit(name, 1, 300_000);
    const { flushing } = await holdFirst(run);
    const { outcome } = await waiting(run, ["large", ...names]);
    await run.release();
    expect(await outcome).toEqual(withoutErrors(["large", ...names]));
    await flushing;
    const batches = await run.batches();
    const shared = batches.filter(({ members }) => !members.includes("large") && !members.includes("first"));
    expect(batches.find(({ members }) => members.includes("large"))?.members).toEqual(["large"]);
    expect(shared.map(({ members }) => members.length)).toEqual([3, 2]);
    for (const { characters } of shared) expect(characters).toBeLessThanOrEqual(1024 * 1024);
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, large: 5, ...recorded(names) });
  });

  test("INV-17: a fork in a batch fails for its own caller, and all others are recorded", async () => {
    const { run, printed } = await start();
    const names = named("o", 4);
    await commitAll(run, [...names, "fork"]);
    await run.fork("fork");
    const { flushing } = await holdFirst(run);
    const { outcome } = await waiting(run, [...names.slice(0, 2), "fork", ...names.slice(2)]);
    await run.release();
    const { fork, ...others } = await outcome;
    expect(fork).toContain("this place in the ledger is taken by another entry");
    expect(others).toEqual(withoutErrors(names));
    await flushing;
    expect(lengthsOf(await run.ledger())).toEqual({ fork: 1, first: 1, ...recorded(names) });
    expect(printed()).toContain("ledger_group_refused");
  });

  test("a batch that D1 refuses once is sent again object by object", async () => {
    const { run } = await start();
    const names = named("o", 5);
    await commitAll(run, names);
    const { flushing } = await holdFirst(run, "refused");
    const { outcome } = await waiting(run, names);
    await run.release();
    expect(await outcome).toEqual(withoutErrors(names));
    await flushing;
    expect(await memberCounts(run)).toEqual([1, 5, 1, 1, 1, 1, 1]);
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, ...recorded(names) });
  });

  test("while D1 refuses everything each caller gets the error, and a later attempt is recorded", async () => {
    const { run } = await start();
    const names = named("o", 4);
    await commitAll(run, names);
    const { flushing } = await holdFirst(run, "refused", "refused", "refused", "refused", "refused");
    const { outcome } = await waiting(run, names);
    await run.release();
    for (const error of Object.values(await outcome)) expect(error).toContain("overloaded");
    await flushing;
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1 });
    expect(await run.flush(...names)).toEqual(withoutErrors(names));
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, ...recorded(names) });
  });

  test("INV-20: entries whose answer was lost are sent again, and are on the ledger once", async () => {
    const { run } = await start();
    const names = named("o", 5);
    await commitAll(run, names, 2);
    const { flushing } = await holdFirst(run, "answer_lost", "answer_lost");
    const { outcome } = await waiting(run, names);
    await run.release();
    // The first that tries alone loses its answer again.
    const lost = Object.entries(await outcome).flatMap(([name, error]) => (error === null ? [] : [name]));
    expect(lost).toHaveLength(1);
    await flushing;
    await commitAll(run, names);
    expect(await run.flush(...names)).toEqual(withoutErrors(names));
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, ...recorded(names, 3) });
  });

  test("a batch that hangs holds up no object that is not in it", async () => {
    const { run } = await start();
    const names = named("o", 6);
    await commitAll(run, [...names, "later"]);
    const { flushing } = await holdFirst(run);
    expect(await run.flush(...names)).toEqual(withoutErrors(names));
    // Not even for the second that the others waited.
    expect(await run.flush("later")).toEqual({ later: null });
    expect(lengthsOf(await run.ledger())).toEqual({ later: 1, ...recorded(names) });
    await run.release();
    expect(await flushing).toEqual({ first: null });
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, later: 1, ...recorded(names) });
  });

  test("an object that is gone while it waits holds up nobody, and its entries are sent with the others'", async () => {
    const { run } = await start();
    const names = named("o", 3);
    await commitAll(run, [...names, "gone"]);
    const { flushing } = await holdFirst(run);
    const { outcome } = await waiting(run, [...names.slice(0, 1), "gone", ...names.slice(1)]);
    await run.abort("gone");
    await run.release();
    const { gone, ...others } = await outcome;
    expect(gone).toContain("evicted");
    expect(others).toEqual(withoutErrors(names));
    await flushing;
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, gone: 1, ...recorded(names) });
    expect(await run.flush("gone")).toEqual({ gone: null });
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, gone: 1, ...recorded(names) });
  });

  test("an object that is gone when it is told to send the next batch holds up nobody", async () => {
    const { run } = await start();
    const names = named("o", 3);
    await commitAll(run, [...names, "gone"]);
    const { flushing } = await holdFirst(run);
    const { outcome: gone } = await waiting(run, ["gone"]);
    const { outcome } = await waiting(run, names);
    await run.abort("gone");
    await run.release();
    expect(await outcome).toEqual(withoutErrors(names));
    expect((await gone)["gone"]).toContain("evicted");
    expect(await flushing).toEqual({ first: null });
    expect(await run.flush("gone")).toEqual({ gone: null });
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, gone: 1, ...recorded(names) });
  });

  test.each([-3_600_000, 3_600_000])(
    "a clock that moves by %i ms during a wait delays nobody",
    async (by) => {
      const { run } = await start();
      const names = named("o", 4);
      await commitAll(run, [...names, "later"]);
      const { flushing } = await holdFirst(run);
      const { outcome } = await waiting(run, names);
      await run.moveClock(by);
      expect(await run.flush("later")).toEqual({ later: null });
      expect(await outcome).toEqual(withoutErrors(names));
      await run.release();
      expect(await flushing).toEqual({ first: null });
      expect(lengthsOf(await run.ledger())).toEqual({ first: 1, later: 1, ...recorded(names) });
    },
  );
});

describe.concurrent("objects that are gone", { timeout: LOST }, () => {
  test.each([
    ["before D1 gets it", "sender_aborted_before"],
    ["while D1 gets it", "sender_aborted_at"],
    ["once D1 has it, before it tells the others", "sender_aborted_after"],
  ] as const)("INV-20: the sender is gone %s: the others are recorded once", async (_, fault) => {
    await using own = await startGroup();
    const { run } = own;
    const names = named("o", 4);
    await commitAll(run, [...names, "sender", "later"]);
    const { flushing } = await holdFirst(run, fault);
    const { outcome: sender } = await waiting(run, ["sender"]);
    const { outcome } = await waiting(run, names);
    await run.release();
    expect((await sender)["sender"]).toContain("evicted");
    await flushing;
    // Not in the batch that was lost.
    expect(await run.flush("later")).toEqual({ later: null });
    expect(await outcome).toEqual(withoutErrors(names));
    expect(await run.flush("sender")).toEqual({ sender: null });
    expect(lengthsOf(await run.ledger())).toEqual({ first: 1, sender: 1, later: 1, ...recorded(names) });
    expect(own.printed()).not.toMatch(/hung|unhandled|different (?:request|Durable Object)|will never/i);
  });

  test("INV-17 INV-20: a hundred objects at once, with faults and evictions, leave exactly their entries, in order", async () => {
    await using own = await startGroup();
    const { run } = own;
    const storm = { objects: 100, rounds: volume("GROUP_ROUNDS", { quick: 12, chaos: 60 }) };
    const lengths = await run.storm(storm);
    expect(Object.keys(lengths)).toHaveLength(100);
    for (const length of Object.values(lengths)) expect(length).toBeGreaterThanOrEqual(storm.rounds);
    expect(lengthsOf(await run.ledger())).toEqual(lengths);
    const sizes = await memberCounts(run);
    expect(Math.max(...sizes)).toBeGreaterThan(10);
    expect(own.printed()).not.toMatch(/hung|unhandled|different (?:request|Durable Object)|will never/i);
  });
});

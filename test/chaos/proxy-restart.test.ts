import { expect, test } from "vitest";
import { eventsOf, text } from "../support/gate.ts";
import { intentOf, type Scene, startScene } from "../support/proxy-server.ts";
import { agents, inParallel, readResponse } from "../support/impatient-clients.ts";
import { nameOf } from "../support/upstream.ts";
import { volume } from "../support/volume.ts";

/* Writes held at a power cut are held afterwards; writes under way are not begun again. */

const HELD = volume("RESTART_HELD_WRITES", { quick: 60, chaos: 1_000 });
const CUT = volume("RESTART_CUT_WRITES", { quick: 30, chaos: 60 });
const LOAD = volume("RESTART_LOAD", { quick: 60, chaos: 300 });
const LAPSING = volume("RESTART_LAPSING_WRITES", { quick: 6, chaos: 20 });
const AT_ONCE = 16;
const TEN_MINUTES_MS = 600_000;

interface Held {
  readonly name: string;
  readonly agent: string;
  readonly intent: string;
}

async function hold(scene: Scene, path: string, names: readonly string[]): Promise<readonly Held[]> {
  // Below what one agent may propose in a minute.
  const crowd = await agents(scene, Math.ceil(names.length / 200));
  const held: Held[] = [];
  await inParallel(names.length, AT_ONCE, async (at) => {
    const name = names[at] ?? "";
    const agent = crowd[at % crowd.length]?.key ?? "";
    const answer = await scene.send(path, { method: "POST", body: JSON.stringify({ name }) }, agent);
    await answer.body?.cancel();
    expect(answer.status, name).toBe(202);
    held.push({ name, agent, intent: intentOf(answer) });
  });
  return held;
}

function named(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, at) => `write-${prefix}-${at}`);
}

async function statesOf(scene: Scene, held: readonly Held[]): Promise<Readonly<Record<string, number>>> {
  const states: Record<string, number> = {};
  await inParallel(held.length, AT_ONCE, async (at) => {
    const { intent, agent } = held[at] ?? { intent: "", agent: "" };
    const state = text(await scene.look(intent, agent), "state");
    states[state] = (states[state] ?? 0) + 1;
  });
  return states;
}

function arrivals({ upstream }: Scene): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const request of upstream.received) {
    const name = nameOf(request) ?? "";
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

test(
  "INV-11: held requests survive a power cut and are executed once each when approved",
  { timeout: TEN_MINUTES_MS },
  async () => {
    await using scene = await startScene();
    const { gate, upstream } = scene;
    const seconds = stopwatch();
    const held = await hold(scene, "/held/things", named("held", HELD));
    const holding = seconds();
    await gate.crash();
    await gate.start();
    expect(upstream.received).toHaveLength(0);
    const starting = seconds();
    expect(await scene.approveAll()).toBe(HELD);
    const approving = seconds();
    await expect
      .poll(() => upstream.received.length, { timeout: 300_000, interval: 500 })
      .toBeGreaterThanOrEqual(HELD);
    const sending = seconds();
    await expect
      .poll(() => statesOf(scene, held), { timeout: 60_000, interval: 2_000 })
      .toEqual({ succeeded: HELD });
    console.info({ held: HELD, holding, starting, approving, sending, arrived: upstream.received.length });
    expect(upstream.received).toHaveLength(HELD);
    const arrived = arrivals(scene);
    for (const { name } of held) expect(arrived.get(name), name).toBe(1);
  },
);

test("INV-11: a power cut during a send starts no second send", { timeout: TEN_MINUTES_MS }, async () => {
  await using scene = await startScene();
  const { gate, upstream } = scene;
  const held = await hold(scene, "/held/things", named("cut", CUT));
  upstream.slow(400);
  const approving = scene.approveAll().catch(() => 0);
  await expect.poll(() => upstream.received.length, { timeout: 60_000, interval: 5 }).toBeGreaterThan(5);
  await gate.crash();
  await approving;
  const before = upstream.received.length;
  upstream.slow(0);
  await gate.start();
  await scene.approveAll();
  const settled = async (): Promise<boolean> => {
    const states = await statesOf(scene, held);
    return (states["succeeded"] ?? 0) + (states["claimed"] ?? 0) === CUT;
  };
  await expect.poll(settled, { timeout: 120_000, interval: 1_000 }).toBe(true);
  const states = await statesOf(scene, held);
  console.info({ cut: CUT, before, after: upstream.received.length, states });
  const arrived = arrivals(scene);
  await inParallel(held.length, AT_ONCE, async (at) => {
    const { name, agent, intent } = held[at] ?? { name: "", agent: "", intent: "" };
    const body = await scene.look(intent, agent);
    const summary = `${name}: ${text(body, "state")}, ${arrived.get(name)} arrived, ${eventsOf(body).join(" ")}`;
    expect(arrived.get(name) ?? 0, summary).toBeLessThanOrEqual(1);
    expect(
      eventsOf(body).filter((event) => event === "execution_claimed"),
      summary,
    ).toHaveLength(1);
    if (body["state"] === "succeeded") expect(arrived.get(name), summary).toBe(1);
  });
  // A write under way keeps its claim, whose holder is gone: its outcome is unknown, never a success.
  expect(states["claimed"]).toBeGreaterThan(0);
});

test(
  "INV-11: a power cut under load executes no write twice, and agents that repeat theirs learn the outcome",
  { timeout: TEN_MINUTES_MS },
  async () => {
    await using scene = await startScene();
    const { gate, upstream } = scene;
    const names = named("load", LOAD);
    const crowd = await agents(scene, 4);
    const init = (name: string): RequestInit => ({
      method: "POST",
      headers: { "idempotency-key": name },
      body: JSON.stringify({ name }),
    });
    const keyAt = (at: number): string => crowd[at % crowd.length]?.key ?? "";
    upstream.slow(30);
    let cut: Promise<void> | null = null;
    let unanswered = 0;
    await inParallel(names.length, AT_ONCE, async (at) => {
      if (upstream.received.length > LOAD / 3) cut ??= gate.crash();
      if (cut !== null) return;
      const name = names[at] ?? "";
      const answer = await readResponse(scene.send("/plain/things", init(name), keyAt(at)));
      if (answer === null) unanswered += 1;
    });
    expect(cut).not.toBeNull();
    await cut;
    await gate.start();
    upstream.slow(0);
    const statuses: Record<string, number> = {};
    await inParallel(names.length, AT_ONCE, async (at) => {
      const name = names[at] ?? "";
      const answer = await scene.send("/plain/things", init(name), keyAt(at));
      await answer.body?.cancel();
      statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
      const { state } = await scene.look(intentOf(answer), keyAt(at));
      const arrived = arrivals(scene).get(name) ?? 0;
      const summary = `${name}: ${answer.status}, ${String(state)}, ${arrived} arrived`;
      expect(arrived, summary).toBeLessThanOrEqual(1);
      // 202: begun before the cut; its claim has not timed out yet.
      expect([`200 succeeded 1`, `202 claimed 1`, `202 claimed 0`], summary).toContain(
        `${answer.status} ${String(state)} ${arrived}`,
      );
    });
    console.info({ load: LOAD, unanswered, statuses });
    expect(unanswered).toBeGreaterThan(0);
  },
);

/** Longer than the upstream needs for a response, so that no claim lapses before the cut. */
const CLAIM_SECONDS = 15;

test(
  "INV-11: a send in progress becomes indeterminate when its claim lapses, or is done once where the provider recognises repeats",
  { timeout: TEN_MINUTES_MS },
  async () => {
    await using scene = await startScene({ GATE_CLAIM_TTL_SECONDS: String(CLAIM_SECONDS) });
    const { gate, upstream } = scene;
    upstream.deduplicate(true);
    const doubtful = await hold(scene, "/held/things", named("doubtful", LAPSING));
    const repeatable = await hold(scene, "/repeatable-held/things", named("repeatable", LAPSING));
    upstream.slow(5_000);
    const approving = scene.approveAll().catch(() => 0);
    await expect.poll(() => upstream.received.length, { timeout: 60_000, interval: 5 }).toBe(2 * LAPSING);
    await gate.crash();
    await approving;
    upstream.slow(0);
    await gate.start();
    await expect
      .poll(() => statesOf(scene, repeatable), { timeout: 120_000, interval: 1_000 })
      .toEqual({ succeeded: LAPSING });
    await expect
      .poll(() => statesOf(scene, doubtful), { timeout: 60_000, interval: 1_000 })
      .toEqual({ indeterminate: LAPSING });
    const arrived = arrivals(scene);
    console.info({ states: await statesOf(scene, doubtful), arrived: upstream.received.length });
    for (const { name } of doubtful) expect(arrived.get(name), name).toBe(1);
    for (const { name } of repeatable) {
      expect(arrived.get(name), name).toBe(2);
      expect(upstream.carriedOut.get(name), name).toBe(1);
    }
  },
);

function stopwatch(): () => number {
  let since = Date.now();
  return () => {
    const seconds = (Date.now() - since) / 1000;
    since = Date.now();
    return seconds;
  };
}

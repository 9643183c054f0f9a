import { expect, test } from "vitest";
import { eventsOf, text } from "../conformance/gate.ts";
import { intentOf, type Scene, startScene } from "./proxy-scene.ts";
import { agents, inParallel } from "./swarm.ts";
import { nameOf } from "./upstream.ts";

/* What is held when the power goes is held afterwards; what was under way is not begun anew by anybody. */

const HELD = Number(process.env["PROXY_HELD"] ?? 1_000);
const CUT = 60;
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
  "held requests survive a power cut, and each is carried out once when it is approved",
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

test(
  "a power cut in the middle of carrying out begins nothing anew",
  { timeout: TEN_MINUTES_MS },
  async () => {
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
      const says = `${name}: ${text(body, "state")}, ${arrived.get(name)} arrived, ${eventsOf(body).join(" ")}`;
      expect(arrived.get(name) ?? 0, says).toBeLessThanOrEqual(1);
      expect(
        eventsOf(body).filter((event) => event === "execution_claimed"),
        says,
      ).toHaveLength(1);
      if (body["state"] === "succeeded") expect(arrived.get(name), says).toBe(1);
    });
    // What was on its way has a claim that nobody holds: never a success that nobody saw.
    expect(states["claimed"]).toBeGreaterThan(0);
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

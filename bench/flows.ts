import { join } from "node:path";
import { median, quantile } from "./load.ts";
import { startFloor } from "./support/floor.ts";
import { agentsOf, FLOOR_SHOT, flow, startGate, type Gate } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { onEachStorage } from "./support/place.ts";
import { processorMs } from "./support/process.ts";
import { run } from "./support/run.ts";

/*
 * Measures human flows (proposed and held, approved, ordered, reported) by four workers, each with one flow at a time,
 * against the throughput of the cheapest durable write at ten connections.
 *
 *   node bench/flows.ts
 */

const ROUNDS = 5;
const WORKERS = 4;
const FLOWS = 60;
const WARM_UP = 20;
const FLOOR_CONNECTIONS = 10;
const FLOOR_WRITES = 300;

await onEachStorage(async (storage, folder) => {
  const floor = await startFloor(join(folder, "floor"));
  const gate = await startGate(join(folder, "gate"));
  try {
    const agent = await agentsOf(gate);
    const reviewer = await gate.register("reviewer");
    await run(floor, FLOOR_CONNECTIONS, WARM_UP, () => FLOOR_SHOT);
    await flows(gate, WARM_UP, agent, reviewer);
    const rounds: { readonly floor: number; readonly flows: Flows }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { perSecond } = await run(floor, FLOOR_CONNECTIONS, FLOOR_WRITES, () => FLOOR_SHOT);
      rounds.push({ floor: perSecond, flows: await flows(gate, FLOWS, agent, reviewer) });
    }
    const of = (field: "perSecond" | "processorMs") => median(rounds.map((each) => each.flows[field]));
    const times = rounds.flatMap((each) => each.flows.times);
    console.log(
      `human flows ${storage}, ${WORKERS} workers: ${of("perSecond").toFixed(1)}/s, p50 ${quantile(times, 0.5).toFixed(0)} ms, ` +
        `p99 ${quantile(times, 0.99).toFixed(0)} ms; floor ${median(rounds.map((each) => each.floor)).toFixed(0)}/s`,
    );
    const title = `human flow ${storage}`;
    printGoal(`${title}: processor of the runtime`, of("processorMs"), { atMost: 8 }, " ms");
    const ratio = median(rounds.map((each) => each.flows.perSecond / each.floor));
    printGoal(`${title}: flows a second over the floor's writes`, ratio, { atLeast: 0.3 });
  } finally {
    await gate.stop();
    await floor.stop();
  }
});

interface Flows {
  readonly perSecond: number;
  readonly processorMs: number;
  readonly times: readonly number[];
}

async function flows(gate: Gate, count: number, agent: () => string, reviewer: string): Promise<Flows> {
  const times: number[] = [];
  let next = 0;
  const before = processorMs(gate.pid);
  const started = performance.now();
  const worker = async () => {
    while (next < count) {
      next += 1;
      const begun = performance.now();
      await flow(gate, agent(), reviewer, next);
      times.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, worker));
  const seconds = (performance.now() - started) / 1000;
  return { perSecond: count / seconds, processorMs: (processorMs(gate.pid) - before) / count, times };
}

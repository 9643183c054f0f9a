import { join } from "node:path";
import { median, quantile, type Load } from "./load.ts";
import { startFloor } from "./support/floor.ts";
import { agentsOf, FLOOR_SHOT, proposing, startGate } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { onEachStorage, type Storage } from "./support/place.ts";
import { run, type Run } from "./support/run.ts";

/*
 * Measures a proposal against the cheapest durable write on the same runtime and the same database; the cheapest on the
 * simulator of D1 is printed beside it. Rounds alternate, so that other load on the machine affects all; only the ratios
 * and the processor time are meaningful.
 *
 *   node bench/propose.ts
 */

const ROUNDS = 5;
const COUNTS = { 1: 120, 10: 300 } as const;
const WARM_UP = 60;

await onEachStorage(async (storage, folder) => {
  const floor = await startFloor(join(folder, "floor"));
  const simulated = await startFloor(join(folder, "simulated"), "simulator");
  const gate = await startGate(join(folder, "gate"));
  try {
    const shot = proposing(await agentsOf(gate));
    await run(floor, 4, WARM_UP, () => FLOOR_SHOT);
    await run(simulated, 4, WARM_UP, () => FLOOR_SHOT);
    await run(gate, 4, WARM_UP, shot);
    for (const connections of [1, 10] as const) {
      const floors: Run[] = [];
      const simulations: Run[] = [];
      const gates: Run[] = [];
      for (let round = 0; round < ROUNDS; round += 1) {
        floors.push(await run(floor, connections, COUNTS[connections], () => FLOOR_SHOT));
        simulations.push(await run(simulated, connections, COUNTS[connections], () => FLOOR_SHOT));
        gates.push(await run(gate, connections, COUNTS[connections], shot));
      }
      print(storage, connections, floors, gates);
      console.log(`  the floor on the simulator of D1: ${shown(simulations)}`);
    }
  } finally {
    await gate.stop();
    await floor.stop();
    await simulated.stop();
  }
});

function print(storage: Storage, connections: 1 | 10, floors: readonly Run[], gates: readonly Run[]): void {
  const title = `propose ${storage}, ${connections} connection${connections === 1 ? "" : "s"}`;
  console.log(`${title}: floor ${shown(floors)}; Gate ${shown(gates)}`);
  const ratio = (field: "perSecond" | "p50") =>
    median(gates.map((gate, round) => gate[field] / (floors[round]?.[field] ?? Number.NaN)));
  printGoal(`${title}: processor of the runtime`, of(gates, "processorMs"), { atMost: 2.2 }, " ms");
  if (connections === 1) {
    printGoal(`${title}: p50 over the floor's`, ratio("p50"), { atMost: 1.1 });
    return;
  }
  printGoal(`${title}: throughput over the floor's`, ratio("perSecond"), { atLeast: 1 });
  // Of all rounds together: a stall that comes every few seconds misses most of them.
  const all = latenciesOf(gates);
  printGoal(`${title}: p99 over p50`, quantile(all, 0.99) / quantile(all, 0.5), { atMost: 3 });
}

function shown(runs: readonly Run[]): string {
  const all = latenciesOf(runs);
  return (
    `${of(runs, "perSecond").toFixed(0)}/s, p50 ${of(runs, "p50").toFixed(1)} ms, p99 ${quantile(all, 0.99).toFixed(1)} ms, ` +
    `at most ${Math.max(...all).toFixed(0)} ms, ${of(runs, "processorMs").toFixed(2)} ms of processor`
  );
}

function of(runs: readonly Run[], field: "perSecond" | "p50" | "processorMs"): number {
  return median(runs.map((each) => each[field]));
}

function latenciesOf(loads: readonly Load[]): readonly number[] {
  return loads.flatMap(({ latencies }) => latencies);
}

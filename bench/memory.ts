import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { parseArgs } from "node:util";
import { agentsOf, flow, PROPOSAL, startGate } from "./support/gate.ts";
import { printGoal } from "./support/goals.ts";
import { withFolder } from "./support/place.ts";
import { memoryOf } from "./support/process.ts";

/*
 * Measures the resident memory of the runtime's process under mixed load: 40 proposals and 20 human flows a second over
 * twelve connections, or as many as it can. It may grow while it fills its caches, and not after a minute.
 *
 *   node bench/memory.ts [--seconds 150]
 */

const PROPOSERS = 4;
const PROPOSALS_PER_SECOND = 40;
const FLOW_WORKERS = 8;
const FLOWS_PER_SECOND = 20;

const GOAL_MB = 500;
const SETTLED_SECONDS = 60;
const SAMPLE_MS = 1_000;

/** Of the size after a minute; less is the noise of collections. */
const FLAT = 1.05;

const { values } = parseArgs({ options: { seconds: { type: "string", default: "150" } } });
const seconds = Number(values.seconds);
if (!(seconds >= 1)) throw new Error("--seconds: a number, at least 1");

await withFolder(tmpdir(), async (folder) => {
  const gate = await startGate(join(folder, "gate"));
  try {
    const agent = await agentsOf(gate);
    const reviewer = await gate.register("reviewer");
    const samples = [memoryOf(gate.pid).now];
    const started = performance.now();
    const isOver = () => performance.now() - started >= seconds * 1_000;
    const proposals = paced(PROPOSERS, PROPOSALS_PER_SECOND, isOver, () =>
      gate.call("POST", "/v1/intents", agent(), PROPOSAL),
    );
    const flows = paced(FLOW_WORKERS, FLOWS_PER_SECOND, isOver, (number) =>
      flow(gate, agent(), reviewer, number),
    );
    while (!isOver()) {
      await setTimeout(SAMPLE_MS);
      samples.push(memoryOf(gate.pid).now);
    }
    const [proposed, flown] = await Promise.all([proposals, flows]);
    print(samples, proposed / seconds, flown / seconds);
  } finally {
    await gate.stop();
  }
});

/** Starts so many a second, each worker one at a time; returns how many there were. */
async function paced(
  workers: number,
  perSecond: number,
  isOver: () => boolean,
  run: (number: number) => Promise<unknown>,
): Promise<number> {
  const started = performance.now();
  let next = 0;
  const worker = async () => {
    while (!isOver()) {
      next += 1;
      const number = next;
      await setTimeout(Math.max(0, started + (number * 1_000) / perSecond - performance.now()));
      await run(number);
    }
  };
  await Promise.all(Array.from({ length: workers }, worker));
  return next;
}

function print(samples: readonly number[], proposed: number, flown: number): void {
  const [start = Number.NaN] = samples;
  const end = samples.at(-1) ?? Number.NaN;
  const settled = samples[SETTLED_SECONDS] ?? Number.NaN;
  const shown = (megabytes: number) =>
    Number.isNaN(megabytes) ? "not reached" : `${megabytes.toFixed(0)} MB`;
  console.log(
    `memory under ${proposed.toFixed(1)} proposals and ${flown.toFixed(1)} flows a second: ${shown(start)} at the start, ` +
      `after ${SETTLED_SECONDS} s ${shown(settled)}, after ${seconds} s ${shown(end)}`,
  );
  printGoal(`memory after ${seconds} s`, end, { atMost: GOAL_MB }, " MB");
  if (Number.isNaN(settled)) return;
  printGoal(`memory over that after ${SETTLED_SECONDS} s`, end / settled, { atMost: FLAT });
}

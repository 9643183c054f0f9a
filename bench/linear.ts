import { spawnSync } from "node:child_process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ROWS } from "../test/support/linear/table.ts";
import type { Row } from "../test/support/linear/row.ts";
import type { Shape } from "../test/support/linear/shapes.ts";

/*
 * What twice the input costs: time and allocated memory of every reader of hostile bytes at the worst shapes of its
 * grammar (`test/support/linear`), as ratios. The step counts of the tests are exact; this shows what they leave out, the
 * engine's own work.
 *
 *   node bench/linear.ts [part of a reader's name]
 */

/** Of a row's size in the tests. */
const TIMES_LARGER = 8;
const RUNS = 5;
const MAX_RATIO = 2.5;
/** Shorter runs measure the machine. */
const MIN_MS = 0.5;
const MIN_BYTES = 64 * 1024;
/** A limit that begins to hold between two sizes looks steep once; what is steep stays so. */
const DOUBLINGS = 3;
/** Room for all that a run allocates, so that no collection hides it. */
const NEW_SPACE_MB = 512;

if (!process.execArgv.includes("--stack-size=30000")) {
  const flags = ["--stack-size=30000", `--max-semi-space-size=${NEW_SPACE_MB}`];
  const { status } = spawnSync(process.execPath, [...flags, ...process.argv.slice(1)], { stdio: "inherit" });
  process.exit(status ?? 1);
}

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

interface Cost {
  readonly ms: number;
  readonly bytes: number;
}

/** The best of some runs, each on an input of its own: nothing of an earlier one is cached. */
function costOf(row: Row, make: Shape<unknown>["make"], size: number): Cost {
  const run = row.run as (input: unknown) => unknown;
  let ms = Number.POSITIVE_INFINITY;
  let bytes = Number.POSITIVE_INFINITY;
  for (let index = 0; index < RUNS; index += 1) {
    const input = make(size);
    collectGarbage();
    const before = process.memoryUsage();
    const began = process.cpuUsage();
    run(input);
    const { user, system } = process.cpuUsage(began);
    const after = process.memoryUsage();
    ms = Math.min(ms, (user + system) / 1_000);
    const grown = after.heapUsed + after.external - before.heapUsed - before.external;
    if (grown >= 0) bytes = Math.min(bytes, grown);
  }
  return { ms, bytes };
}

interface Steepest {
  readonly ratio: number;
  readonly shape: string;
}

/** The smallest ratio of some doublings. */
function ratiosAt(row: Row, { make }: Shape<unknown>): { readonly ms: number; readonly bytes: number } {
  let size = row.size * TIMES_LARGER;
  let before = costOf(row, make, size);
  const best = { ms: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  for (let doubling = 0; doubling < DOUBLINGS; doubling += 1) {
    size *= 2;
    const after = costOf(row, make, size);
    best.ms = Math.min(best.ms, before.ms < MIN_MS ? 0 : after.ms / before.ms);
    best.bytes = Math.min(best.bytes, before.bytes < MIN_BYTES ? 0 : after.bytes / before.bytes);
    if (best.ms <= MAX_RATIO && best.bytes <= MAX_RATIO) break;
    before = after;
  }
  return best;
}

let missed = 0;
const only = process.argv[2] ?? "";
console.log("twice the input takes            time  memory  (0: too little to measure)");
for (const row of ROWS) {
  if (!row.subject.includes(only)) continue;
  let time: Steepest = { ratio: 0, shape: "" };
  let memory: Steepest = { ratio: 0, shape: "" };
  for (const shape of row.shapes) {
    if (shape.isGenerated === true) continue;
    const { ms, bytes } = ratiosAt(row, shape);
    if (ms > time.ratio) time = { ratio: ms, shape: shape.name };
    if (bytes > memory.ratio) memory = { ratio: bytes, shape: shape.name };
  }
  const isMet = time.ratio <= MAX_RATIO && memory.ratio <= MAX_RATIO;
  if (!isMet) missed += 1;
  const name = row.subject.slice(row.subject.lastIndexOf("/") + 1);
  const where = isMet ? "" : `  MISSED: ${time.shape}; ${memory.shape}`;
  console.log(`${name.padEnd(32)} ${time.ratio.toFixed(2)}   ${memory.ratio.toFixed(2)}${where}`);
}
console.log(
  missed === 0 ? `none takes more than ${MAX_RATIO} times` : `${missed} readers MISSED ${MAX_RATIO}`,
);

import { StepCounter } from "../steps/count-steps.ts";
import { volume } from "../volume.ts";
import type { Row } from "./row.ts";
import { ROWS } from "./table.ts";

/** What a row took at its worst shape. */
export interface RowResult {
  readonly subject: string;
  readonly shapes: number;
  /** Shapes whose steps more than double, with their steps at both sizes. */
  readonly steep: readonly string[];
  /** Exports it promises to run and did not. */
  readonly unreached: readonly string[];
  readonly worst: { readonly shape: string; readonly ratio: number };
  readonly ms: number;
}

/** Twice the input may take this many times the steps. */
const MAX_RATIO = 2.2;
const ATTEMPTS = 5;
/** Of the generated shapes. */
const ONE_IN = volume("LINEAR_SHAPES_ONE_IN", { quick: 32, chaos: 1 });

/** By any row so far: the engine counts no call of a small function that it has inlined since. */
const reached = new Set<string>();

/** @param shift so that each row tries others of the generated shapes */
function resultOf(row: Row, shift: number, counter: StepCounter): RowResult {
  const began = performance.now();
  const steep: string[] = [];
  let worst = { shape: "", ratio: 0 };
  const run = row.run as (input: unknown) => unknown;
  // The first run fills tables that every later one uses.
  const chosen = row.shapes.filter(
    ({ isGenerated }, index) => isGenerated !== true || (index + shift) % ONE_IN === 0,
  );
  const shapes = chosen.length > 0 ? chosen : row.shapes.slice(0, 1);
  const first = shapes[0]?.make(row.size);
  for (const each of counter.count(() => run(first)).reached) reached.add(each);
  for (const { name, make } of shapes) {
    const stepsAt = (size: number): number => {
      const input = make(size);
      const counted = counter.count(() => run(input));
      for (const each of counted.reached) reached.add(each);
      return counted.steps;
    };
    try {
      let steps = stepsAt(row.size);
      let size = row.size;
      // A limit that begins to hold between two sizes looks steep once; what is steep stays so.
      for (let attempt = 1; ; attempt++, size *= 2) {
        const doubled = stepsAt(size * 2);
        const ratio = doubled / steps;
        if (attempt === 1 && ratio > worst.ratio) worst = { shape: name, ratio };
        if (ratio <= MAX_RATIO) break;
        if (attempt === ATTEMPTS) {
          steep.push(`${name}: ${steps} → ${doubled}`);
          break;
        }
        steps = doubled;
      }
    } catch (error) {
      steep.push(`${name}: ${String(error)}`);
    }
  }
  const unreached = [row.subject, ...row.inside].filter((each) => !reached.has(each));
  return {
    subject: row.subject,
    shapes: shapes.length,
    steep,
    unreached,
    worst,
    ms: performance.now() - began,
  };
}

// What runs while a module loads is no reader's.
const counter = new StepCounter();
const [only = ""] = process.argv.slice(2).filter((argument) => argument !== "--json");
const isJson = process.argv.includes("--json");
const results: RowResult[] = [];
for (const [index, row] of ROWS.entries()) {
  if (!row.subject.includes(only)) continue;
  const result = resultOf(row, index, counter);
  results.push(result);
  if (!isJson) print(result);
}
counter.close();
if (isJson) console.log(JSON.stringify(results));

function print({ subject, shapes, steep, unreached, worst, ms }: RowResult): void {
  console.log(subject, shapes, `${ms.toFixed(0)} ms`, worst.ratio.toFixed(2), worst.shape);
  for (const each of [...steep, ...unreached.map((name) => `not reached: ${name}`)]) console.log("   ", each);
}

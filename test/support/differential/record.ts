/**
 * Reads every vector of test/vectors/differential with the installed readers, and records what each of them saw beyond
 * nothing. For a new vector: add its entry with `"saw": {}`, then `node test/support/differential/record.ts`.
 */
import { writeFileSync } from "node:fs";
import { NEEDLES, type Reading } from "./body-case.ts";
import { isInstalled, PROGRAMS, ReaderProcess, type Readings } from "./reader-process.ts";
import { isPlausible } from "./readers.ts";
import { caseOf, type Vector, vectorFiles, VECTORS, vectorsIn } from "./vectors.ts";

const absent = PROGRAMS.filter((program) => !isInstalled(program)).map(({ packages }) => packages);
if (absent.length > 0) {
  throw new Error(`install ${absent.join(" ")} first: what is recorded has to be complete`);
}

const processes = await Promise.all(PROGRAMS.map((program) => ReaderProcess.start(program)));
for (const file of vectorFiles()) {
  const recorded: Vector[] = [];
  for (const vector of vectorsIn(file)) recorded.push(await record(vector));
  const lines = recorded.map((vector) => `  ${JSON.stringify(vector)}`);
  writeFileSync(new URL(file, VECTORS), `[\n${lines.join(",\n")}\n]\n`);
  console.log(`${file}: ${recorded.length} vectors`);
}
await Promise.all(processes.map((process) => process.stop()));

async function record(vector: Vector): Promise<Vector> {
  const given = caseOf(vector);
  const all = await Promise.all(processes.map((process) => process.read(given)));
  const readings = all.flatMap((of) => Object.entries(of)).filter(([reader]) => isPlausible(reader, given));
  return { ...vector, saw: largest(readings) };
}

/** For each fact one reader that sees most of it: what the others see is no more. */
function largest(readings: readonly (readonly [string, Reading])[]): Readings {
  const saw = new Map<string, Reading>();
  const add = (reader: string, reading: Reading) => saw.set(reader, { ...saw.get(reader), ...reading });
  for (const fact of ["records", "money", "largest", "recipients"] as const) {
    const [most] = readings.toSorted(([, one], [, other]) => (other[fact] ?? 0) - (one[fact] ?? 0));
    const value = most?.[1][fact] ?? 0;
    if (most !== undefined && value > 0) add(most[0], { [fact]: value });
  }
  for (const needle of NEEDLES) {
    const found = readings.find(([, reading]) => reading.needles?.includes(needle) === true);
    if (found !== undefined) {
      add(found[0], { needles: [...(saw.get(found[0])?.needles ?? []), needle] });
    }
  }
  return Object.fromEntries(saw);
}

import { spawn } from "node:child_process";

/*
 * `npm run check`: the static checks and the unit tests beside the Worker's, which leave a core idle now and then. Of the
 * Worker's tests it runs those that show an invariant of docs/threat-model.md; `npm test` runs all of them. What failed
 * is printed last, where it is seen.
 */

interface Step {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
}

interface Finished {
  readonly step: Step;
  readonly code: number;
  readonly seconds: number;
  readonly output: string;
}

const STATIC: readonly Step[] = [
  { name: "format", command: "npm", args: ["run", "--silent", "format"] },
  { name: "lint", command: "npm", args: ["run", "--silent", "lint"] },
  { name: "lint of the OpenAPI document", command: "npm", args: ["run", "--silent", "lint:openapi"] },
  // Gate's bindings as types, which only the compiler reads.
  { name: "types", command: "npm", args: ["run", "--silent", "types"] },
  { name: "typecheck", command: "npm", args: ["run", "--silent", "typecheck"] },
];

const UNIT: Step = { name: "unit tests", command: "vitest", args: ["run", "--project", "unit"] };

const INVARIANTS: Step = {
  name: "invariants",
  command: "vitest",
  args: ["run", "--project", "worker", "--testNamePattern", "INV-"],
};

/** Runs a step; its output is kept, or shown as it comes. */
function run(step: Step, isShown: boolean): Promise<Finished> {
  const started = performance.now();
  const child = spawn(step.command, step.args, { stdio: ["ignore", ...pipes(isShown)] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (chunk: Buffer) => (output += chunk.toString()));
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      resolve({ step, code: code ?? 1, seconds: (performance.now() - started) / 1_000, output });
    });
  });
}

function pipes(isShown: boolean): ["inherit", "inherit"] | ["pipe", "pipe"] {
  return isShown ? ["inherit", "inherit"] : ["pipe", "pipe"];
}

async function inSequence(steps: readonly Step[]): Promise<readonly Finished[]> {
  const finished: Finished[] = [];
  for (const step of steps) finished.push(await run(step, false));
  return finished;
}

const [beside, invariants] = await Promise.all([inSequence([...STATIC, UNIT]), run(INVARIANTS, true)]);
const all = [...beside, invariants];
for (const { step, code, output } of beside) if (code !== 0) console.error(`\n${step.name}:\n${output}`);
for (const { step, code, seconds } of all) {
  console.log(`check: ${step.name} ${code === 0 ? "passed" : "failed"} in ${seconds.toFixed(0)} s`);
}
process.exitCode = all.every(({ code }) => code === 0) ? 0 : 1;

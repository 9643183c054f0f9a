import { spawn } from "node:child_process";

/*
 * `npm run check`: the static checks beside the tests, since the tests leave a core idle now and then. What failed is
 * printed last, where it is seen.
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
  { name: "typecheck", command: "npm", args: ["run", "--silent", "typecheck"] },
];

const TESTS: Step = {
  name: "tests",
  command: "vitest",
  args: ["run", "--project", "unit", "--project", "worker", ...process.argv.slice(2)],
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

const [checks, tests] = await Promise.all([inSequence(STATIC), run(TESTS, true)]);
const all = [...checks, tests];
for (const { step, code, output } of checks) if (code !== 0) console.error(`\n${step.name}:\n${output}`);
for (const { step, code, seconds } of all) {
  console.log(`check: ${step.name} ${code === 0 ? "passed" : "failed"} in ${seconds.toFixed(0)} s`);
}
process.exitCode = all.every(({ code }) => code === 0) ? 0 : 1;

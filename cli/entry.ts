#!/usr/bin/env node
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { isSupported, oldestOf } from "./node-version.ts";
import { exitOnStopSignal, STOP_SIGNALS } from "./stop-signal.ts";

/*
 * The first file that a Node of any age loads. It is built for old versions and imports none of Gate, so that a Node
 * that is too old gets one sentence in place of a syntax error; the command is in the file beside it.
 */

/** Set in the child, so that a wrong binary beside the package can't cause an endless restart loop. */
const RESTARTED_VARIABLE = "ZEHRAVA_GATE_RESTARTED";

const EXIT_CANNOT_RUN = 2;

const dist = fileURLToPath(new URL(".", import.meta.url));
const { engines } = JSON.parse(readFileSync(join(dist, "..", "package.json"), "utf8")) as {
  readonly engines: { readonly node: string };
};
const oldest = oldestOf(engines.node);

if (isSupported(process.version, oldest)) {
  const [, , first] = process.argv;
  if (first === undefined || first.startsWith("-") || first === "serve" || first === "demo") {
    exitOnStopSignal((line) => void process.stdout.write(`${line}\n`));
  }
  await import("./main.ts");
} else {
  process.exit(await runOnNodeBeside());
}

/**
 * Runs the command on the Node that is installed beside the package (npm scripts use that one, a shell does not).
 *
 * @returns the exit code of the other Node
 */
function runOnNodeBeside(): Promise<number> {
  const node = [join(dist, "..", "node_modules"), join(dist, "..", "..")]
    .map((modules) => join(modules, "node", "bin", "node"))
    .find((path) => existsSync(path));
  const script = process.argv[1];
  if (node === undefined || script === undefined || process.env[RESTARTED_VARIABLE] !== undefined) {
    process.stderr.write(
      `zehrava-gate: needs Node ${oldest.join(".")} or later, and this is ${process.version}: install one from https://nodejs.org, or run \`npm install node@24\` here and the command with npx\n`,
    );
    return Promise.resolve(EXIT_CANNOT_RUN);
  }
  const child = spawn(node, [script, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, [RESTARTED_VARIABLE]: "1" },
  });
  // A signal to this process alone must also end the child, which does the work. The child takes repeats as one.
  for (const signal of STOP_SIGNALS) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code === null ? 1 : code));
  });
}

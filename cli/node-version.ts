import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "./io.ts";
import { packageRoot } from "./package-root.ts";

/** The embedded runtime's minimum. */
const OLDEST_NODE = [22, 12] as const;

/** Set in the child, so that a wrong binary beside the package can't cause an endless restart loop. */
const RESTARTED_VARIABLE = "ZEHRAVA_GATE_RESTARTED";

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/**
 * Restarts the command on the Node that is installed beside the package (npm scripts use that one, a shell does not)
 * when the runtime does not support this one.
 *
 * @returns the exit code of the other Node; null: this one is supported
 * @throws {CommandFailure}
 */
export async function runOnSupportedNode(args: readonly string[]): Promise<number | null> {
  if (isSupported(process.version)) return null;
  const local = join(packageRoot(), "node_modules", "node", "bin", "node");
  const needs = `Node ${OLDEST_NODE.join(".")} or later is needed, and this is ${process.version}`;
  if (process.env[RESTARTED_VARIABLE] !== undefined || !existsSync(local)) throw new CommandFailure(needs);
  const script = process.argv[1];
  if (script === undefined) throw new CommandFailure(needs);
  const child = spawn(local, [script, ...args], {
    stdio: "inherit",
    env: { ...process.env, [RESTARTED_VARIABLE]: "1" },
  });
  // A signal to this process alone must also end the child, which does the work.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { CommandFailure } from "./io.ts";
import { packageRoot } from "./package-root.ts";

/** What the embedded runtime asks for. */
const OLDEST_NODE = [22, 12] as const;

/** Set in the child, so that a wrong binary can't make this start itself for ever. */
const RESTARTED_VARIABLE = "ZEHRAVA_GATE_RESTARTED";

export function isSupported(version: string): boolean {
  const [major = 0, minor = 0] = version.replace(/^v/, "").split(".").map(Number);
  return major > OLDEST_NODE[0] || (major === OLDEST_NODE[0] && minor >= OLDEST_NODE[1]);
}

/**
 * Makes sure that what follows runs on a Node that the runtime supports: starts the command again on the Node
 * that is installed beside it (npm puts that one first, a shell does not), or says which one is needed.
 *
 * @returns the exit code of the other Node, or null when this one will do.
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
  // A signal to this process alone must end the one that does the work.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code ?? 1));
  });
}

import { spawnSync } from "node:child_process";
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
export function runOnSupportedNode(args: readonly string[]): number | null {
  if (isSupported(process.version)) return null;
  const local = join(packageRoot(), "node_modules", "node", "bin", "node");
  const needs = `zehrava-gate needs Node ${OLDEST_NODE.join(".")} or later, and this is ${process.version}`;
  if (process.env[RESTARTED_VARIABLE] !== undefined || !existsSync(local)) throw new CommandFailure(needs);
  const script = process.argv[1];
  if (script === undefined) throw new CommandFailure(needs);
  const child = spawnSync(local, [script, ...args], {
    stdio: "inherit",
    env: { ...process.env, [RESTARTED_VARIABLE]: "1" },
  });
  return child.status ?? 1;
}

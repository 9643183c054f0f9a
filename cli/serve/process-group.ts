import childProcess from "node:child_process";
import { basename } from "node:path";

/**
 * Ctrl-C in a terminal signals every process of the foreground group. The runtime gets a group of its own, so that the
 * server alone is signalled, and closes the runtime in order: killed beside it, it would fail requests and the last copy
 * of the log. Miniflare has no option for it.
 */
export async function withRuntimeInOwnGroup<T>(start: () => Promise<T>): Promise<T> {
  const { spawn } = childProcess;
  const inOwnGroup = (command: string, args: readonly string[], options: childProcess.SpawnOptions) =>
    spawn(command, args, isRuntime(command) ? { ...options, detached: true } : options);
  Object.assign(childProcess, { spawn: inOwnGroup });
  try {
    return await start();
  } finally {
    Object.assign(childProcess, { spawn });
  }
}

function isRuntime(command: string): boolean {
  return basename(command).startsWith("workerd");
}

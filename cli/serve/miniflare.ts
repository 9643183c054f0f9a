import { mkdirSync, rmSync } from "node:fs";
import type * as miniflareModule from "miniflare";
import type { Log, Miniflare, MiniflareOptions } from "miniflare";
import { CommandFailure } from "../io.ts";
import { childrenNamed, identify, type ProcessIdentity } from "./process-table.ts";

export type MiniflareModule = typeof miniflareModule;

/**
 * Loaded when a server starts and not before: it takes a third of a second that no other command should pay, and
 * a Node that is too old must get to say so.
 */
export function loadMiniflare(): Promise<MiniflareModule> {
  return import("miniflare");
}

export interface RunOptions {
  readonly module: MiniflareModule;
  /** Emptied at the start. */
  readonly temporaryDir: string;
  /** Told as soon as the runtime's process is there, long before it answers. */
  readonly onProcess: (runtime: ProcessIdentity) => void;
}

const START_TIMEOUT_MS = 30_000;

/**
 * A runtime that answers.
 *
 * @throws {CommandFailure} when it does not come up in time; Miniflare's own error when it can't
 */
export async function runMiniflare(options: MiniflareOptions, run: RunOptions): Promise<Miniflare> {
  const miniflare = construct(options, run);
  const watching = reportProcess(run.onProcess);
  try {
    await withTimeout(miniflare.ready, START_TIMEOUT_MS);
    return miniflare;
  } catch (error) {
    await miniflare.dispose().catch(() => undefined);
    throw error;
  } finally {
    clearInterval(watching);
  }
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Miniflare exits on a signal by itself, before anything else could be closed; and it keeps its temporary files
 * where a `kill -9` leaves them for ever. Here the server ends it, and the next start clears the files.
 */
function construct(options: MiniflareOptions, { module, temporaryDir }: RunOptions): Miniflare {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  const temporary = process.env["TMPDIR"];
  rmSync(temporaryDir, { recursive: true, force: true });
  mkdirSync(temporaryDir, { recursive: true, mode: 0o700 });
  process.env["TMPDIR"] = temporaryDir;
  try {
    return new module.Miniflare(options);
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    for (const [index, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (before[index]?.has(listener) !== true) process.removeListener(signal, listener);
      }
    }
  }
}

/**
 * The runtime's notes to its own makers: a stack of addresses for each host name that does not resolve, which Gate
 * tells in words where it was asked for. What the Worker logs begins otherwise.
 */
const RUNTIME_NOTE = /^(?:e = [^\n]*\nstack: [^\n]*sentryErrorContext|NOSENTRY )/;

/** What every runtime here has in common. */
export function commonOptions(module: MiniflareModule, stateDir: string, log: (line: string) => void) {
  return {
    // The runtime's own front (which has doors for tools in it) stays on a random loopback port that nobody is told.
    // Requests go straight to the Worker, which is faster as well.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: stateDir,
    // No look-up of this machine's place on the network, and nobody told that a server started.
    cf: false,
    telemetry: { enabled: false },
    logRequests: false,
    log: runtimeLog(module, log),
    handleStructuredLogs: ({ message }: { readonly message: string }) => {
      if (!RUNTIME_NOTE.test(message)) log(message);
    },
    handleUncaughtError: () => undefined,
  };
}

function runtimeLog(module: MiniflareModule, write: (line: string) => void): Log {
  class LineLog extends module.Log {
    protected override log(message: string): void {
      write(message);
    }
  }
  return new LineLog(module.LogLevel.WARN);
}

const CHILD_POLL_MS = 10;

function reportProcess(onProcess: (runtime: ProcessIdentity) => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    // One that was just ended can still be listed.
    const runtime = childrenNamed(process.pid, "workerd")
      .map(identify)
      .find((identity) => identity !== null);
    if (runtime === undefined) return;
    clearInterval(timer);
    onProcess(runtime);
  }, CHILD_POLL_MS);
  return timer;
}

async function withTimeout(ready: Promise<unknown>, milliseconds: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new CommandFailure("the runtime did not start in time")), milliseconds);
  });
  try {
    await Promise.race([ready, late]);
  } finally {
    clearTimeout(timer);
  }
}

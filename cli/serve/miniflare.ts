import { mkdirSync, rmSync } from "node:fs";
import type * as miniflareModule from "miniflare";
import type { Log, Miniflare, MiniflareOptions } from "miniflare";
import { CommandFailure } from "../io.ts";
import { STOP_SIGNALS } from "../stop-signal.ts";
import { withRuntimeInOwnGroup } from "./process-group.ts";
import { childrenNamed, identify, type ProcessIdentity } from "./process-table.ts";

export type MiniflareModule = typeof miniflareModule;

/**
 * Imported only when a server starts: it takes a third of a second, and on an unsupported Node the command must first
 * report the version.
 */
export function loadMiniflare(): Promise<MiniflareModule> {
  return import("miniflare");
}

export interface RunOptions {
  readonly module: MiniflareModule;
  /** Emptied at the start. */
  readonly temporaryDir: string;
  /** Called as soon as the runtime's process exists, long before it responds. */
  readonly onProcess: (runtime: ProcessIdentity) => void;
}

const START_TIMEOUT_MS = 30_000;

/**
 * Starts a runtime, and returns once it responds.
 *
 * @throws {CommandFailure} when it does not start in time; Miniflare's own error when it fails
 */
export function runMiniflare(options: MiniflareOptions, run: RunOptions): Promise<Miniflare> {
  return withRuntimeInOwnGroup(() => startMiniflare(options, run));
}

async function startMiniflare(options: MiniflareOptions, run: RunOptions): Promise<Miniflare> {
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

/**
 * Miniflare exits the process on a signal before the server could close anything, and its temporary files would outlive
 * a `kill -9`. So its signal handlers are removed, and its files go to a folder that the next start clears.
 */
function construct(options: MiniflareOptions, { module, temporaryDir }: RunOptions): Miniflare {
  const before = STOP_SIGNALS.map((signal) => new Set(process.listeners(signal)));
  const temporary = process.env["TMPDIR"];
  rmSync(temporaryDir, { recursive: true, force: true });
  mkdirSync(temporaryDir, { recursive: true, mode: 0o700 });
  process.env["TMPDIR"] = temporaryDir;
  try {
    return new module.Miniflare(options);
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    for (const [index, signal] of STOP_SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (before[index]?.has(listener) !== true) process.removeListener(signal, listener);
      }
    }
  }
}

/**
 * The runtime's messages for its own developers: a stack of addresses for each host name that does not resolve, which
 * Gate reports itself, and two lines for each `CONNECT`, which the runtime refuses. The Worker's log lines begin
 * differently.
 */
const RUNTIME_NOTE =
  /^(?:e = [^\n]*\nstack: [^\n]*sentryErrorContext|NOSENTRY |Received a connect event but we lack a handler|Uncaught exception: [^\n]*Handler does not export a connect\(\) function)/;

/** The options that the server's and the migrations' runtime share. */
export function commonOptions(module: MiniflareModule, stateDir: string, log: (line: string) => void) {
  return {
    // Miniflare's own front, which has routes for developer tools, stays on a random, unpublished loopback port.
    // Requests go directly to the Worker, which is faster too.
    host: "127.0.0.1",
    port: 0,
    resourcePersistencePath: stateDir,
    // No request about this machine's location, and no telemetry.
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
    // A process that has just ended can still be listed.
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

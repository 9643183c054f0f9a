import { randomInt } from "node:crypto";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { identify } from "../../cli/serve/process-table.ts";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const COMMAND = join(ROOT, "dist", "cli.js");

/** A start takes a second; this is for a machine that does much else. */
const START_TIMEOUT_MS = 55_000;

/** A folder that is gone after `using` it. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "zehrava-gate-test-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Below the range that the system takes the near end of outgoing connections from: a port it gave would be free
 * only until some other test's client is handed the same one.
 */
const PORTS = { from: 10_000, to: 30_000 } as const;

/** Each worker of the tests has ports of its own, one after the other: a server that starts again finds its own free. */
let nextPort = PORTS.from + randomInt(PORTS.to - PORTS.from);

export async function freePort(): Promise<number> {
  for (;;) {
    const port = nextPort;
    nextPort = port + 1 < PORTS.to ? port + 1 : PORTS.from;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  /** The command's file, where it is not the one of this package. */
  readonly command?: string;
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Nothing of the developer's own: neither keys, nor the folder where the SDK looks for one. */
function cleanEnvironment(env: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GATE_") && name !== "VITEST");
  // Compiled once for all starts of a run, which are hundreds.
  return { ...Object.fromEntries(own), NODE_COMPILE_CACHE: join(tmpdir(), "compiled"), ...env };
}

/** Runs the command to its end. */
export function run(args: readonly string[], { cwd = ROOT, env = {} }: RunOptions = {}): Promise<Finished> {
  return start([COMMAND, ...args], cwd, env).finished;
}

/** Starts the command and leaves it running. */
export function startCommand(
  args: readonly string[],
  { cwd = ROOT, env = {} }: RunOptions = {},
): RunningCommand {
  return start([COMMAND, ...args], cwd, env);
}

/** Runs a script of this package to its end. */
export function runScript(script: string, env: Readonly<Record<string, string>>): Promise<Finished> {
  return start([script], ROOT, env).finished;
}

export interface RunningCommand extends AsyncDisposable {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  out(): string;
  err(): string;
  /** Resolves when the text has been printed, on either stream. */
  printed(text: string): Promise<void>;
  /** Ends it with a signal, and waits. */
  end(signal?: NodeJS.Signals): Promise<Finished>;
}

/** A server on its own folders, ready to answer. */
export async function serve(
  options: { readonly port: number; readonly home: string; readonly args?: readonly string[] } & RunOptions,
): Promise<RunningCommand> {
  const { port, home, args = [], command: file = COMMAND, cwd = ROOT, env = {} } = options;
  const command = start([file, "--port", String(port), "--data-dir", join(home, "data"), ...args], cwd, {
    XDG_CONFIG_HOME: join(home, "config"),
    ...env,
  });
  await command.printed("Ready.");
  return command;
}

function start(args: readonly string[], cwd: string, env: Readonly<Record<string, string>>): RunningCommand {
  const child = spawn(process.execPath, [...args], {
    cwd,
    env: cleanEnvironment(env),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  let err = "";
  const listeners = new Set<() => void>();
  const notifyListeners = (): void => {
    for (const listener of listeners) listener();
  };
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk.toString();
    notifyListeners();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
    notifyListeners();
  });
  const finished = new Promise<Finished>((resolve) => {
    child.on("close", (code) => {
      resolve({ code, out, err });
      notifyListeners();
    });
  });
  const command: Omit<RunningCommand, typeof Symbol.asyncDispose> = {
    process: child,
    finished,
    out: () => out,
    err: () => err,
    printed(text) {
      return new Promise((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${why} before "${text}" was printed:\n${out}\n${err}`));
        const timer = setTimeout(() => fail("too long"), START_TIMEOUT_MS);
        const look = (): void => {
          const found = out.includes(text) || err.includes(text);
          if (!found && child.exitCode === null) return;
          clearTimeout(timer);
          listeners.delete(look);
          if (found) resolve();
          else fail("ended");
        };
        listeners.add(look);
        look();
      });
    },
    end(signal = "SIGTERM") {
      child.kill(signal);
      return finished;
    },
  };
  return {
    ...command,
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) await command.end();
    },
  };
}

/** A key that the first start printed. */
export function printedKey(out: string, role: "admin" | "agent" | "reviewer"): string {
  const key = new RegExp(`^  ${role} +(\\S+)$`, "m").exec(out)?.[1];
  if (key === undefined) throw new Error(`no ${role} key in:\n${out}`);
  return key;
}

export function lockOf(home: string): {
  readonly server: { pid: number };
  readonly runtime: { pid: number };
} {
  return JSON.parse(readFileSync(join(home, "data", "server.lock"), "utf8")) as ReturnType<typeof lockOf>;
}

/** A zombie is not alive, though a signal still reaches it. */
export function isAlive(pid: number): boolean {
  return identify(pid) !== null;
}

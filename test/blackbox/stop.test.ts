import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, test } from "vitest";
import { freePort, ROOT, temporaryFolder } from "../support/command.ts";

/*
 * Ctrl-C in a terminal: the signal reaches npm, npx, the command and the runtime at once, and npm passes it on besides.
 */

interface Started {
  readonly group: number;
  out(): string;
  readonly code: Promise<number | null>;
}

/** In a process group of its own, as a shell gives to each of its jobs. */
function startJob(program: string, args: readonly string[], home: string): Started {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith("GATE_") && name !== "VITEST");
  const child = spawn(program, args, {
    cwd: ROOT,
    detached: true,
    env: { ...Object.fromEntries(own), XDG_CONFIG_HOME: join(home, "config") },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => (out += chunk.toString()));
  }
  const code = new Promise<number | null>((resolve) => child.on("close", resolve));
  return { group: child.pid ?? 0, out: () => out, code };
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setTimeout(20);
}

const JOBS = [
  ["npm start", "npm", ["start", "--"]],
  ["the command", process.execPath, [join(ROOT, "dist", "cli.js")]],
] as const;

/** A server that is ready, with its data folder's lock. */
async function startServer(program: string, args: readonly string[], home: string) {
  const data = join(home, "data");
  const job = startJob(program, [...args, "--port", String(await freePort()), "--data-dir", data], home);
  await until(() => job.out().includes("Ready.") || job.out().includes("zehrava-gate: "));
  return { ...job, isLocked: () => existsSync(join(data, "server.lock")) };
}

test.each(JOBS)(
  "Ctrl-C ends %s with 0 and “Stopped.”, however often it is pressed",
  async (_, program, args) => {
    using home = temporaryFolder();
    const job = await startServer(program, args, home.path);
    for (let times = 0; times < 3; times += 1) process.kill(-job.group, "SIGINT");
    const code = await job.code;
    expect([code, job.out().split("\n").at(-2)]).toEqual([0, "Stopped."]);
    expect(job.out()).not.toMatch(/error|no copy of the log/i);
    expect(job.isLocked()).toBe(false);
  },
);

test("a signal to npx alone, whose shell ends at once, stops the server", async () => {
  using home = temporaryFolder();
  const job = await startServer("npx", ["zehrava-gate"], home.path);
  process.kill(job.group, "SIGTERM");
  await job.code;
  expect(job.out().split("\n").at(-2)).toBe("Stopped.");
  expect(job.isLocked()).toBe(false);
});

test.each(["SIGINT", "SIGTERM"] as const)(
  "%s during the start ends it with 0 and “Stopped.”",
  async (signal) => {
    using home = temporaryFolder();
    const data = join(home.path, "data");
    const args = [join(ROOT, "dist", "cli.js"), "--port", String(await freePort()), "--data-dir", data];
    const job = startJob(process.execPath, args, home.path);
    await until(() => existsSync(join(data, "server.lock")));
    process.kill(-job.group, signal);
    expect([await job.code, job.out()]).toEqual([0, "Stopped.\n"]);
  },
);

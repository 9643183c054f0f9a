import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";

/**
 * A process with its start time: the system reuses pids, and ending or trusting a foreign process is worse than leaving
 * an orphan.
 */
export interface ProcessIdentity {
  readonly pid: number;
  /** Opaque; equal for the same process only. */
  readonly startedAt: string;
}

const HAS_PROC = existsSync("/proc/self/stat");

/** Fields of /proc/<pid>/stat after the command name, which is in parentheses and can contain any character. */
function statFields(pid: number): readonly string[] | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  } catch {
    return "";
  }
}

function ps(args: readonly string[]): string {
  try {
    return execFileSync("ps", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    // `ps` exits 1 for an unknown pid, and does not exist on Windows.
    return "";
  }
}

/**
 * Null: no such process. A zombie counts as ended only when its last thread has ended, which takes a moment on a busy
 * machine: until then it holds its files and its port.
 */
export function identify(pid: number): ProcessIdentity | null {
  if (HAS_PROC) {
    const fields = statFields(pid);
    // proc(5): state is field 3, num_threads field 20, starttime field 22, in clock ticks since boot.
    const isEnded = fields?.[0] === "Z" && Number(fields[17]) <= 1;
    if (fields === null || isEnded || fields[0] === "X") return null;
    return { pid, startedAt: `${bootId()}:${fields[19] ?? ""}` };
  }
  const started = ps(["-o", "lstart=", "-p", String(pid)]).trim();
  return started === "" ? null : { pid, startedAt: started };
}

export function isSameProcess(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startedAt === identity.startedAt;
}

/** Children of a process whose command is `name`. */
export function childrenNamed(parent: number, name: string): readonly number[] {
  if (!HAS_PROC) {
    return ps(["-axo", "pid=,ppid=,comm="])
      .split("\n")
      .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
      .filter((match) => match !== null && Number(match[2]) === parent && match[3]?.endsWith(name) === true)
      .map((match) => Number(match?.[1]));
  }
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .map(Number)
    .filter((pid) => Number(statFields(pid)?.[1]) === parent && commandOf(pid) === name);
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, "latin1").trim();
  } catch {
    return "";
  }
}

/** The time for a signalled process to end: it closes its databases first. */
const END_TIMEOUT_MS = 5_000;
const END_POLL_MS = 20;

/** Ends exactly this process, and waits for its end; false: it still runs. */
export async function endProcess(identity: ProcessIdentity): Promise<boolean> {
  for (const signal of ["SIGTERM", "SIGKILL"] as const) {
    if (!isSameProcess(identity)) return true;
    try {
      process.kill(identity.pid, signal);
    } catch {
      // It ended between the check and the signal, or this user may not signal it: the loop below finds out.
    }
    for (let waited = 0; waited < END_TIMEOUT_MS; waited += END_POLL_MS) {
      if (!isSameProcess(identity)) return true;
      await new Promise((resolve) => setTimeout(resolve, END_POLL_MS));
    }
  }
  return false;
}

import { readFileSync, writeFileSync } from "node:fs";
import { childrenNamed } from "../../cli/serve/process-table.ts";

/** The runtime that was started last by this process. */
export function newestRuntime(): number {
  return Math.max(...childrenNamed(process.pid, "workerd"));
}

/** A process's resident memory in MB: now, and its peak since the last reset. NaN without /proc. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const read = (name: string, status: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return { now: read("VmRSS", status), peak: read("VmHWM", status) };
  } catch {
    return { now: Number.NaN, peak: Number.NaN };
  }
}

/** proc(5): user and system time are fields 14 and 15, in ticks of 10 ms. NaN without /proc. */
export function processorMs(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}

/** proc(5): 5 resets the peak to the current resident memory. */
export function resetPeak(pid: number): void {
  try {
    writeFileSync(`/proc/${pid}/clear_refs`, "5");
  } catch {
    // Without a reset the peak is the whole run's, and the result too high.
  }
}

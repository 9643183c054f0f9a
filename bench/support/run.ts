import { load, type Load, type Shot } from "../load.ts";
import type { Place } from "./place.ts";
import { processorMs } from "./process.ts";

export interface Run extends Load {
  /** Of the runtime's process, for each request. */
  readonly processorMs: number;
}

export async function run(
  { url, pid }: Pick<Place, "url" | "pid">,
  connections: number,
  count: number,
  shot: () => Shot,
): Promise<Run> {
  const before = processorMs(pid);
  const measured = await load(url, connections, count, shot);
  return { ...measured, processorMs: (processorMs(pid) - before) / count };
}

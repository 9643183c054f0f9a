import { setTimeout as pause } from "node:timers/promises";
import type { Scene } from "./proxy-server.ts";
import type { Principal } from "./client.ts";

/*
 * Clients that behave as badly as real ones do: they hang up at any moment, they send everything again, and several of
 * them send it at once.
 */

/** A run can be repeated: the same seed makes the same choices, if not the same races. */
export function dice(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** Runs `count` of them, at most `width` at any time. */
export async function inParallel(
  count: number,
  width: number,
  run: (at: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < count) {
      const at = next;
      next += 1;
      await run(at);
    }
  };
  await Promise.all(Array.from({ length: width }, work));
}

export interface ReadResponse {
  readonly status: number;
  readonly intent: string | null;
  readonly code: string | null;
  readonly text: string;
}

/** Null: the connection ended before the whole response came. */
export async function readResponse(pending: Promise<Response>): Promise<ReadResponse | null> {
  try {
    const response = await pending;
    const text = await response.text();
    const isProblem = response.headers.get("content-type")?.includes("problem+json") === true;
    const code = isProblem ? (JSON.parse(text) as { readonly code: string }).code : null;
    return { status: response.status, intent: response.headers.get("x-gate-intent-id"), code, text };
  } catch (error) {
    if (error instanceof TypeError || (error instanceof Error && error.name === "AbortError")) return null;
    throw error;
  }
}

/** The moving average of response times, so that aborts come mid-request on any machine. */
export interface Pace {
  readonly averageMs: number;
  took(ms: number): void;
}

export function pace(): Pace {
  let averageMs = 50;
  return {
    get averageMs() {
      return averageMs;
    },
    took: (ms) => void (averageMs += (ms - averageMs) / 10),
  };
}

/** Aborts after a random time, about as often before the response as after it. */
export async function impatient(
  roll: () => number,
  measured: Pace,
  attempt: (signal: AbortSignal) => Promise<Response>,
): Promise<ReadResponse | null> {
  const hangUp = new AbortController();
  const timer = setTimeout(() => hangUp.abort(), roll() * measured.averageMs * 2);
  const since = Date.now();
  const answer = await readResponse(attempt(hangUp.signal));
  clearTimeout(timer);
  if (answer !== null) measured.took(Date.now() - since);
  return answer;
}

/** A write that is being sent is answered after seconds: so many tries take half a minute at least. */
const MOST_TRIES = 8;

const NOT_YET: ReadonlySet<number> = new Set([202, 429, 503]);

/** Retries until a final response, as an agent's program would; the last response when none is final. */
export async function persistent(measured: Pace, attempt: () => Promise<Response>): Promise<ReadResponse> {
  let last: ReadResponse | null = null;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const since = Date.now();
    const answer = await readResponse(attempt());
    measured.took(Date.now() - since);
    if (answer !== null && !NOT_YET.has(answer.status)) return answer;
    last = answer ?? last;
    await pause(250);
  }
  if (last === null) throw new Error("no answer at all");
  return last;
}

/** Agents of their own, so that none reaches the flood limit. */
export async function agents({ gate }: Scene, count: number): Promise<readonly Principal[]> {
  const made: Principal[] = [];
  await inParallel(count, 2, async () => void made.push(await gate.register("agent")));
  return made;
}

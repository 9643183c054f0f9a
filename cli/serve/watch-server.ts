import { setTimeout } from "node:timers/promises";
import { CommandFailure, errorText } from "../io.ts";
import type { DataLock } from "./lock.ts";
import { isSameProcess, type ProcessIdentity } from "./process-table.ts";
import type { RulesSource } from "./rules.ts";

/** The supervision of a started server. */
export interface Watch {
  readonly failed: Promise<string>;
  end(): void;
}

const POLL_MS = 500;

/** Polls the rules, so that an invalid edit is reported without traffic, and the runtime, which could crash. */
export function watchServer(
  source: RulesSource,
  lock: DataLock,
  runtime: () => ProcessIdentity | null,
): Watch {
  let timer: NodeJS.Timeout | undefined;
  const failed = new Promise<string>((resolve) => {
    timer = setInterval(() => {
      source.current();
      const process = runtime();
      if (process !== null && !isSameProcess(process)) resolve("the runtime ended by itself");
      else if (!lock.isHeld()) resolve("the lock of the data folder was taken away");
    }, POLL_MS);
  });
  return { failed, end: () => clearInterval(timer) };
}

const HEALTH_TIMEOUT_MS = 30_000;

/** Pause between attempts: a runtime that has just begun to listen can drop its first connection on a busy machine. */
const HEALTH_RETRY_MS = 250;

/** @throws {CommandFailure} when the Worker does not respond with 200 in time */
export async function waitUntilHealthy(url: URL): Promise<void> {
  const end = Date.now() + HEALTH_TIMEOUT_MS;
  for (;;) {
    const signal = AbortSignal.timeout(Math.max(end - Date.now(), 1));
    const answer = await fetch(new URL("/health", url), { signal }).then(
      ({ status }) => status,
      (error: unknown) =>
        errorText(error instanceof Error && error.cause instanceof Error ? error.cause : error),
    );
    if (answer === 200) return;
    if (typeof answer === "number" || Date.now() + HEALTH_RETRY_MS >= end) {
      throw new CommandFailure(`the server started but is not healthy (${answer})`);
    }
    await setTimeout(HEALTH_RETRY_MS);
  }
}

import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import worker from "../../../src/index.ts";

/** The bindings as tests change them; the Worker and its objects see the same record. */
export const bindings = env as unknown as Record<string, unknown>;

let initial: Readonly<Record<string, unknown>> | undefined;

/** What a Worker started in the middle of a run sees. */
let restarted: typeof env | undefined;

/** Undoes what the files before this one did to the bindings. */
export function restoreBindings(): void {
  restarted = undefined;
  initial ??= { ...bindings };
  for (const name of Object.keys(bindings)) if (!(name in initial)) delete bindings[name];
  Object.assign(bindings, initial);
}

/** For the rest of the file requests meet a Worker that was started with these settings: it reads them once. */
export function restartWorker(settings: Readonly<Record<string, unknown>>): void {
  restarted = { ...env, ...settings };
}

/** One request to the Worker under test, through its fetch handler. */
export async function fetchWorker(request: Request): Promise<Response> {
  if (restarted === undefined) return exports.default.fetch(request);
  return worker.fetch(request as Parameters<typeof worker.fetch>[0], restarted, createExecutionContext());
}

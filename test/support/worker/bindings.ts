import { env } from "cloudflare:workers";

/** The bindings as tests change them; the Worker and its objects see the same record. */
export const bindings = env as unknown as Record<string, unknown>;

let initial: Readonly<Record<string, unknown>> | undefined;

/** Undoes what the files before this one did to the bindings. */
export function restoreBindings(): void {
  initial ??= { ...bindings };
  for (const name of Object.keys(bindings)) if (!(name in initial)) delete bindings[name];
  Object.assign(bindings, initial);
}

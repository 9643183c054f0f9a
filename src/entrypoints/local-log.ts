import { env } from "cloudflare:workers";

/** Beyond printable ASCII a terminal acts on some characters, and the message of an error may hold any. */
const NOT_PLAIN = /[^\x20-\x7e]/g;

/**
 * On one machine the runtime prints an object over several lines, for a developer. There each is written as one line of
 * JSON; Cloudflare indexes the members of objects, and gets them as they are.
 */
export function logObjectsAsLines(): void {
  if (!("LOCAL" in env)) return;
  for (const level of ["log", "error"] as const) {
    const write = console[level].bind(console);
    console[level] = (...values: readonly unknown[]) => write(...values.map(lineOf));
  }
}

function lineOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Error) return value;
  return JSON.stringify(value).replace(
    NOT_PLAIN,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

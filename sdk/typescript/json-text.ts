import { GateOptionError } from "./gate-error.ts";

/** Deeper than any JSON that Gate takes; a value that contains itself has no end. */
const MAX_DEPTH = 1_000;

/**
 * JSON that says what the value says. `JSON.stringify` writes `NaN` and `Infinity` as `null`, which Gate would read as
 * "not declared", and throws a bare `TypeError` for a BigInt and for a circle.
 *
 * @param name the value's name in messages; empty: its members stand for themselves
 * @throws {GateOptionError}
 */
export function jsonText(value: object, name: string): string {
  requireJson(value, name, 0);
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new GateOptionError(`${name} has no JSON form`);
  return text;
}

function requireJson(value: unknown, path: string, depth: number): void {
  if (typeof value === "bigint") refuse(path, "is a BigInt");
  if (typeof value === "number" && !Number.isFinite(value)) refuse(path, `is ${value}`);
  if (typeof value !== "object" || value === null) return;
  if (depth > MAX_DEPTH) refuse(path.split(".")[0] ?? path, "contains itself");
  for (const [name, member] of Object.entries(value)) {
    requireJson(member, path === "" ? name : `${path}.${name}`, depth + 1);
  }
}

function refuse(path: string, why: string): never {
  throw new GateOptionError(`${path} ${why}, which JSON can't carry`);
}

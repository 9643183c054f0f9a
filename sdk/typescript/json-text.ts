import { GateError } from "./gate-error.ts";

/**
 * JSON that says what the value says. `JSON.stringify` writes `NaN` and `Infinity` as `null`, which Gate would read as
 * "not declared", and throws a bare `TypeError` for a BigInt and for a circle.
 *
 * @param name the value's name in messages; empty: its members stand for themselves
 * @throws {GateError} `invalid_option`
 */
export function jsonText(value: object, name: string): string {
  const paths = new WeakMap<object, string>([[value, name]]);
  const text = serialized(value, name, function (this: object, key: string, member: unknown): unknown {
    const parent = paths.get(this) ?? "";
    const path = key === "" ? name : parent === "" ? key : `${parent}.${key}`;
    if (typeof member === "bigint") {
      throw invalid(`${path} is a BigInt, which JSON can't carry: send a string, or a number`);
    }
    if (typeof member === "number" && !Number.isFinite(member)) {
      throw invalid(`${path} is ${String(member)}, which JSON can't carry: send a number, or leave it out`);
    }
    if (typeof member === "object" && member !== null) paths.set(member, path);
    return member;
  });
  if (text === undefined) throw invalid(`${name} has no JSON form`);
  return text;
}

function serialized(
  value: object,
  name: string,
  check: (this: object, key: string, member: unknown) => unknown,
): string | undefined {
  try {
    return JSON.stringify(value, check) as string | undefined;
  } catch (error) {
    if (error instanceof GateError) throw error;
    const reason = error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
    throw new GateError(`${name === "" ? "the request" : name} can't be written as JSON: ${reason}`, {
      code: "invalid_option",
      cause: error,
    });
  }
}

function invalid(message: string): GateError {
  return new GateError(message, { code: "invalid_option" });
}

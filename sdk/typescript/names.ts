import { GateError } from "./gate-error.ts";

/** `recordCount` → `record_count`, in types. */
export type SnakeCase<Name extends string> = Name extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${SnakeCase<Rest>}`
    : `_${Lowercase<First>}${SnakeCase<Rest>}`
  : "";

/** Options that may be written in camelCase or snake_case. */
export type EitherCase<Options> = Options & {
  readonly [Name in keyof Options & string as SnakeCase<Name>]?: Options[Name];
};

export function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

export function camelCase(name: string): string {
  return name.replace(/(?<=[a-z0-9])_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/**
 * Options under their camelCase names. An unknown option is an error: with a misspelt `recordCout` dropped silently,
 * policies would evaluate the proposal without its count.
 *
 * @throws {GateError} `invalid_option`
 */
export function knownOptions<Name extends string>(
  options: object,
  known: ReadonlySet<Name>,
): Partial<Readonly<Record<Name, unknown>>> {
  const found: Partial<Record<Name, unknown>> = {};
  for (const [key, value] of Object.entries(options)) {
    const name = camelCase(key) as Name;
    if (!known.has(name)) throw new GateError(`unknown option: ${key}`, { code: "invalid_option" });
    if (value === undefined) continue;
    if (found[name] !== undefined && found[name] !== value) {
      throw new GateError(`${name} is given twice with different values`, { code: "invalid_option" });
    }
    found[name] = value;
  }
  return found;
}

/** The members of a response under both spellings; a member that the server sent is never replaced. */
export function inBothCases(body: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const both: Record<string, unknown> = { ...body };
  for (const [key, value] of Object.entries(body)) {
    for (const name of [camelCase(key), snakeCase(key)]) {
      if (!Object.hasOwn(both, name)) both[name] = value;
    }
  }
  return both;
}

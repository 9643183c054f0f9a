import { GateOptionError } from "./gate-error.ts";

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
 * @throws {GateOptionError}
 */
export function knownOptions<Name extends string>(
  options: object,
  known: ReadonlySet<Name>,
): Partial<Readonly<Record<Name, unknown>>> {
  if (typeof options !== "object" || options === null) throw new GateOptionError("options must be an object");
  const found: Partial<Record<Name, unknown>> = {};
  for (const [key, value] of Object.entries(options)) {
    const name = camelCase(key) as Name;
    if (!known.has(name)) throw new GateOptionError(`unknown option: ${key}`);
    if (value === undefined) continue;
    if (found[name] !== undefined && found[name] !== value) {
      throw new GateOptionError(`${name} is given twice with different values`);
    }
    found[name] = value;
  }
  return found;
}

/** Options as the API spells them. */
export function snakeMembers(options: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(options).map(([name, value]) => [snakeCase(name), value]));
}

/**
 * The members of a response, each printed once: as the server spells it, in camelCase where it sends both spellings. The
 * other spelling can be read all the same.
 */
export function withAliases(body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const camel = camelCase(key);
    // The contract names an intent twice.
    const isDouble = key === "proposalId" ? body["intentId"] === value : camel !== key && camel in body;
    define(shown, key, value, !isDouble);
    for (const name of [camel, snakeCase(key)]) {
      if (!Object.hasOwn(body, name)) define(shown, name, value, false);
    }
  }
  return shown;
}

function define(target: object, name: string, value: unknown, enumerable: boolean): void {
  // Defined, not assigned: a member `__proto__` of the response must stay a member.
  Object.defineProperty(target, name, { value, enumerable, configurable: true, writable: true });
}

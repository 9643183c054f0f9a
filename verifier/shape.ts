import { isJsonObject } from "../src/core/base/json.ts";

/*
 * Schemas of evidence. Unknown members are refused, not skipped: a member that no check covers would look as proven to
 * a reader as the others.
 */

/** The value, rebuilt from its known members; or the path of the first unexpected one. */
export type Shaped<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly at: string };

export type Shape<T> = (value: unknown, at: string) => Shaped<T>;

type ValueOf<S> = S extends Shape<infer T> ? T : never;
type Shapes = Readonly<Record<string, Shape<unknown>>>;
type Members<S extends Shapes> = { readonly [K in keyof S]: ValueOf<S[K]> };

function is<T>(test: (value: unknown) => value is T): Shape<T> {
  return (value, at) => (test(value) ? { ok: true, value } : { ok: false, at });
}

/** A well-formed text of at most `max` UTF-16 code units. */
export function text(max: number, pattern?: RegExp): Shape<string> {
  return is(
    (value): value is string =>
      typeof value === "string" &&
      value.length <= max &&
      value.isWellFormed() &&
      (pattern === undefined || pattern.test(value)),
  );
}

/** 32 bytes in lower-case hexadecimal. */
export const HEX_32: Shape<string> = text(64, /^[0-9a-f]{64}$/);

/** A whole number from `min` to 2^53 - 1. */
export function whole(min: number): Shape<number> {
  return is((value): value is number => Number.isSafeInteger(value) && (value as number) >= min);
}

export const FLAG: Shape<boolean> = is((value) => typeof value === "boolean");

export function oneOf<const T extends string>(...words: readonly T[]): Shape<T> {
  return is((value): value is T => words.some((word) => word === value));
}

export function nullable<T>(shape: Shape<T>): Shape<T | null> {
  return (value, at) => (value === null ? { ok: true, value: null } : shape(value, at));
}

export function list<T>(item: Shape<T>, max = Infinity): Shape<readonly T[]> {
  return (value, at) => {
    if (!Array.isArray(value) || value.length > max) return { ok: false, at };
    const items: T[] = [];
    for (let index = 0; index < value.length; index += 1) {
      const shaped = item(value[index], `${at}[${index}]`);
      if (!shaped.ok) return shaped;
      items.push(shaped.value);
    }
    return { ok: true, value: items };
  };
}

/** An optional member, which evidence from older versions of Gate does not have. */
export function optional<T>(shape: Shape<T>): Shape<T | undefined> {
  return (value, at) => (value === undefined ? { ok: true, value } : shape(value, at));
}

/** Exactly these members, all of them that are not optional. */
export function record<S extends Shapes>(shapes: S): Shape<Members<S>> {
  return (value, at) => {
    if (!isJsonObject(value)) return { ok: false, at };
    const stray = Object.keys(value).some((name) => !Object.hasOwn(shapes, name));
    if (stray) return { ok: false, at };
    const members: [string, unknown][] = [];
    for (const [name, shape] of Object.entries(shapes)) {
      const shaped = shape(Object.hasOwn(value, name) ? value[name] : undefined, `${at}.${name}`);
      if (!shaped.ok) return shaped;
      if (shaped.value !== undefined) members.push([name, shaped.value]);
    }
    return { ok: true, value: Object.fromEntries(members) as Members<S> };
  };
}

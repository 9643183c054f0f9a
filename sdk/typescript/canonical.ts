import { GateOptionError } from "./gate-error.ts";

/** Gate's own limit is 64, and the value is a part of what is sent. */
const MAX_DEPTH = 60;

/**
 * RFC 8785: one text for one value, in every SDK (docs/guard.md, Keys).
 *
 * @param name the value's name in messages
 * @throws {GateOptionError} for a value that has no such text, or one that another language reads differently
 */
export function canonicalText(value: unknown, name: string, depth = 0): string {
  switch (typeof value) {
    case "string":
      // A lone surrogate has no UTF-8 form.
      if (/\p{Cs}/u.test(value)) return refuse(name, "has a lone surrogate");
      return JSON.stringify(value);
    case "number":
      if (!Number.isFinite(value)) return refuse(name, `is ${value}`);
      // Others round it, so that the numbers of two accounts could become one.
      if (Number.isInteger(value) && !Number.isSafeInteger(value)) {
        return refuse(name, "is an integer beyond 2^53: pass a string");
      }
      return JSON.stringify(value);
    case "boolean":
      return String(value);
    case "object":
      if (value === null) return "null";
      if (depth >= MAX_DEPTH) return refuse(name, "is nested too deeply, or contains itself");
      return Array.isArray(value)
        ? `[${Array.from(value, (item, at) => canonicalText(item, `${name}[${at}]`, depth + 1)).join(",")}]`
        : objectText(value, name, depth);
    default:
      return refuse(name, `is ${value === undefined ? "undefined" : `a ${typeof value}`}`);
  }
}

function objectText(value: object, name: string, depth: number): string {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Of another realm's too: its prototype is no class's.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    return refuse(name, `is a ${value.constructor.name}, not plain JSON`);
  }
  const names = Object.keys(value);
  // oxlint-disable-next-line unicorn/no-array-sort -- a list of this function's own, for runtimes of ES2022
  const members = names.sort().flatMap((key) => {
    const member = (value as Readonly<Record<string, unknown>>)[key];
    if (member === undefined) return [];
    return [
      `${canonicalText(key, `a name in ${name}`)}:${canonicalText(member, `${name}.${key}`, depth + 1)}`,
    ];
  });
  return `{${members.join(",")}}`;
}

function refuse(name: string, why: string): never {
  throw new GateOptionError(`${name} ${why}, and has no canonical JSON`);
}

import type { Json, JsonObject } from "../../src/core/base/json.ts";
import { isJsonObject } from "../../src/core/base/json.ts";

/** A changed copy of a bundle, and where it was changed. */
export interface Mutation {
  readonly what: string;
  readonly value: Json;
}

/**
 * Every way to change one thing in a JSON value: each member and item left out, repeated or swapped with its
 * neighbour, each text with one bit of its first, middle and last character changed, cut or lengthened, each
 * number one more or less, each flag turned, each null and each value replaced by something of another type.
 */
export function* mutations(value: Json, path = "bundle"): Generator<Mutation> {
  for (const other of replacements(value)) {
    yield { what: `${path} := ${JSON.stringify(other).slice(0, 40)}`, value: other };
  }
  if (Array.isArray(value)) yield* inList(value, path);
  else if (isJsonObject(value)) yield* inObject(value, path);
}

function* inList(list: readonly Json[], path: string): Generator<Mutation> {
  for (const [at, item] of list.entries()) {
    yield { what: `${path} without [${at}]`, value: list.toSpliced(at, 1) };
    yield { what: `${path} with [${at}] twice`, value: list.toSpliced(at, 0, item) };
    const next = list[at + 1];
    if (next !== undefined) {
      yield { what: `${path} with [${at}] after the next`, value: list.with(at, next).with(at + 1, item) };
    }
    for (const { what, value } of mutations(item, `${path}[${at}]`)) {
      yield { what, value: list.with(at, value) };
    }
  }
}

function* inObject(object: JsonObject, path: string): Generator<Mutation> {
  yield { what: `${path} with a stranger`, value: { ...object, stranger: null } };
  for (const [name, member] of Object.entries(object)) {
    const { [name]: _gone, ...rest } = object;
    yield { what: `${path} without ${name}`, value: rest };
    for (const { what, value } of mutations(member, `${path}.${name}`)) {
      yield { what, value: { ...object, [name]: value } };
    }
  }
}

function replacements(value: Json): readonly Json[] {
  switch (typeof value) {
    case "string":
      return [
        ...new Set([
          flipped(value, 0),
          flipped(value, value.length >> 1),
          flipped(value, value.length - 1),
          value.slice(0, -1),
          `${value}0`,
          "",
          null,
        ]),
      ].filter((other) => other !== value);
    case "number":
      return [value + 1, value - 1, -value - 1, value + 0.5, String(value)];
    case "boolean":
      return [!value, null];
    case "object":
      if (value === null) return [false, "", {}];
      return Array.isArray(value) ? [null, ...(value.length > 0 ? [[]] : [])] : [null, []];
  }
}

/** One bit of one character; letters and digits stay what base64 and hexadecimal have, mostly. */
function flipped(text: string, at: number): string {
  if (at < 0 || at >= text.length) return text;
  return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1);
}

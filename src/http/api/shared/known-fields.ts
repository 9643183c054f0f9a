import type { JsonObject } from "../../../core/base/json.ts";
import { refuse } from "../../problem/problem.ts";
import { pick } from "./fields.ts";

/**
 * Brings a body's members to one spelling as `pick` does, and refuses unknown and repeated ones: a cap under a
 * misspelled name, or one of two different caps, would not apply.
 *
 * @param at prefix of the members' names in messages, for a body that is part of a larger one
 */
export function pickKnown<Name extends string>(
  body: JsonObject,
  aliases: Readonly<Record<Name, readonly string[]>>,
  at = "",
): Partial<Record<Name, unknown>> {
  const spellings = (Object.keys(aliases) as Name[]).map((name) => [name, ...aliases[name]]);
  const known = new Set(spellings.flat());
  for (const name of Object.keys(body)) {
    if (!known.has(name)) wrongField(`${at}${name.slice(0, 64)}: there is no such field`);
  }
  for (const names of spellings) {
    const given = names.filter((name) => Object.hasOwn(body, name));
    if (given.length > 1) wrongField(`${at}${given.join(", ")}: send only one of them`);
  }
  return pick(body, aliases);
}

/** Refuses with 400 as `parse` does. */
export function wrongField(message: string): never {
  return refuse({ status: 400, code: "invalid_request", detail: message, more: { messages: [message] } });
}

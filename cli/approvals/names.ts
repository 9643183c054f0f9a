import { isJsonObject, type JsonObject } from "../../src/core/base/json.ts";
import { member, textMember } from "../../verifier/read-json.ts";
import { clipped } from "../sanitize-text.ts";

const MAX_CHARS = 80;

/** `Ana Diaz (ana)`; the id alone where the response has no name for it. @param view a response with `names` */
export function nameAndId(view: JsonObject, id: string): string {
  const name = nameIn(view, id);
  const shownId = clipped(id, MAX_CHARS);
  return name === null || name === id ? shownId : `${clipped(name, MAX_CHARS)} (${shownId})`;
}

/** The name, else the id: for a column that has no room for both. */
export function nameOrId(view: JsonObject, id: string, chars: number): string {
  return clipped(nameIn(view, id) ?? id, chars);
}

function nameIn(view: JsonObject, id: string): string | null {
  const names = member(view, "names");
  return isJsonObject(names) && Object.hasOwn(names, id) ? textMember(names, id) : null;
}

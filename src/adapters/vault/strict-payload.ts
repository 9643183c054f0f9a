import { isJsonObject, type Json, type JsonObject } from "../../core/base/json.ts";
import { err, ok, type Result } from "../../core/base/result.ts";
import { type JsonProblem, parseStrictJson } from "../../core/base/strict-json.ts";

/**
 * The only reader of JSON from a vault, be it a response or a secret that is JSON itself. Of a repeated member the
 * vault's own console may show the first value where another parser takes the last: such a text is refused, so that the
 * secret that is sent is the one that its owner sees.
 *
 * @returns a sentence for operators as the error, without any of the text
 */
export function readVaultJson(text: string): Result<Json, string> {
  const parsed = parseStrictJson(text);
  if (!parsed.ok) return err(PROBLEM_TEXT[parsed.error]);
  const { value } = parsed;
  return Array.isArray(value) || isJsonObject(value) ? ok(value) : err(PROBLEM_TEXT.malformed);
}

/** The same for a text that must be an object. */
export function readVaultObject(text: string): Result<JsonObject, string> {
  const read = readVaultJson(text);
  if (!read.ok) return read;
  return isJsonObject(read.value) ? ok(read.value) : err("not a JSON object");
}

const PROBLEM_TEXT = {
  malformed: "invalid JSON",
  duplicate_key: "JSON that names a member twice",
  too_deep: "JSON that nests too deep",
  lone_surrogate: "JSON with text that is not Unicode",
  unsafe_number: "JSON with a number beyond 2^53; store it as text",
} as const satisfies Record<JsonProblem, string>;

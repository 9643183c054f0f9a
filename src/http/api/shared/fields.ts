import type { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { refuse } from "../../problem/problem.ts";

/**
 * Brings a body's members to one spelling: the first alias that is present wins. Clients of the contract mix
 * camelCase and snake_case, and send `null` for what they leave out.
 */
export function pick<Name extends string>(
  body: JsonObject,
  aliases: Readonly<Record<Name, readonly string[]>>,
): Partial<Record<Name, unknown>> {
  const picked: Partial<Record<Name, unknown>> = {};
  for (const name of Object.keys(aliases) as Name[]) {
    for (const alias of [name, ...aliases[name]]) {
      const value = Object.hasOwn(body, alias) ? body[alias] : undefined;
      if (value !== undefined && value !== null) {
        picked[name] = value;
        break;
      }
    }
  }
  return picked;
}

/** Parses a value. @throws 400 with a message for each invalid field */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const messages = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "body"}: ${message}`);
  return refuse({ status: 400, code: "invalid_request", detail: messages.join("; "), more: { messages } });
}

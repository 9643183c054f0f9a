import type { z } from "zod";
import { canonicalJson } from "../../../core/base/json.ts";
import { refuse } from "../../problem/problem.ts";

/** The other spellings of a member, by its name: clients of the contract mix camelCase and snake_case. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

/** The schema of one request. Only a registered one can be parsed, so that a test can walk them all. */
export interface RequestSchema<Schema extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly schema: Schema;
  readonly aliases: Aliases;
  /** Members that the schema does not name: a limit under a misspelled name would not apply. */
  readonly others: "refused" | "ignored";
}

const REGISTERED = new Map<string, RequestSchema>();

/**
 * Registers the schema of a request under the name of its route.
 *
 * A field takes `null` only if it is `nullish()`. `JSON.stringify` writes NaN and missing values as null, so a null
 * that counted as left out would drop the limit that the caller computed: allow it only where leaving the field out
 * permits nothing more.
 */
export function requestSchema<const Schema extends z.ZodObject>(
  name: string,
  schema: Schema,
  { aliases = {}, others = "ignored" }: Partial<Pick<RequestSchema, "aliases" | "others">> = {},
): RequestSchema<Schema> {
  if (REGISTERED.has(name)) throw new Error(`invariant: ${name} is registered once`);
  const request = { name, schema, aliases, others };
  REGISTERED.set(name, request);
  return request;
}

export function requestSchemas(): readonly RequestSchema[] {
  return [...REGISTERED.values()];
}

/**
 * Parses a body, or an object in one.
 *
 * @param at prefix of the members' names in messages, for an object that is part of a larger one
 * @throws 400 with a message for each invalid field
 */
export function parseRequest<Schema extends z.ZodObject>(
  request: RequestSchema<Schema>,
  body: Readonly<Record<string, unknown>>,
  at = "",
): z.infer<Schema> {
  const parsed = request.schema.safeParse(picked(request, body, at));
  if (parsed.success) return parsed.data;
  return wrongFields(
    parsed.error.issues.map(({ path, message }) => `${at}${path.join(".") || "body"}: ${message}`),
  );
}

/** The request, or null for anything else. For bodies of other systems, which are not told what is wrong. */
export function readRequest<Schema extends z.ZodObject>(
  { schema }: RequestSchema<Schema>,
  value: unknown,
): z.infer<Schema> | null {
  const parsed = schema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/** Refuses with 400 as `parseRequest` does. */
export function wrongField(message: string): never {
  return wrongFields([message]);
}

function wrongFields(messages: readonly string[]): never {
  return refuse({
    status: 400,
    code: "invalid_request",
    detail: messages.join("; "),
    more: { messages: [...messages] },
  });
}

/** The body's members under one spelling each. */
function picked(
  { schema, aliases, others }: RequestSchema,
  body: Readonly<Record<string, unknown>>,
  at: string,
): Readonly<Record<string, unknown>> {
  const given = (name: string): unknown => (Object.hasOwn(body, name) ? body[name] : undefined);
  const names = Object.keys(schema.shape);
  refuseUnknown(body, [...names, ...Object.values(aliases).flat()], others, at);
  const members: Record<string, unknown> = {};
  for (const name of names) {
    // A spelling that is a field of its own, as `action` is, stands in for another only where that one is missing.
    const spellings = [name, ...(aliases[name] ?? [])].filter((each) => given(each) !== undefined);
    const own = spellings.filter((each) => each === name || !names.includes(each));
    if (own.length > 1 && (others === "refused" || differ(own.map(given)))) {
      wrongField(`${at}${own.join(", ")}: send only one of them`);
    }
    const [first] = [...own, ...spellings];
    if (first !== undefined) members[name] = given(first);
  }
  return members;
}

/** Where others are ignored, a field in another case or with other separators is not: it was meant to be read. */
function refuseUnknown(
  body: object,
  known: readonly string[],
  others: RequestSchema["others"],
  at: string,
): void {
  for (const name of Object.keys(body)) {
    if (known.includes(name)) continue;
    const meant = known.find((each) => letters(each) === letters(name));
    if (meant !== undefined) wrongField(`${at}${name.slice(0, 64)}: did you mean \`${meant}\`?`);
    if (others === "refused") wrongField(`${at}${name.slice(0, 64)}: there is no such field`);
  }
}

function letters(name: string): string {
  return name.length > MAX_NAME_CHARACTERS ? name : name.toLowerCase().replaceAll(/[\s_.-]/g, "");
}

/** No field's name is longer. */
const MAX_NAME_CHARACTERS = 64;

/** Two different values of one field: another reader of the request may take the one that Gate does not. */
function differ([first, ...rest]: readonly unknown[]): boolean {
  const text = canonicalJson(first);
  return rest.some((value) => canonicalJson(value) !== text);
}

import { z } from "zod";
import { DAY_MS, HOUR_MS, MINUTE_MS } from "../../core/policy/policy.ts";

/*
 * Value types of policies and the registry. Every `error` completes the sentence "<field> …" with a correct example, so
 * that the message shows what to write instead of what the parser expected.
 *
 * `meta` adds checks that are code here to the JSON Schemas for editors (scripts/generate-schemas.ts), as far as a
 * pattern or a count can express them. It must not refuse a value that the loader accepts.
 */

/** More than any real list; a longer one is a generated file that needs review. */
const MAX_LIST = 1_000;

export const MAX_DURATION_MS = 366 * DAY_MS;

export const NAME = /^[a-z0-9][a-z0-9-_.]*$/;
export const MAX_NAME_CHARACTERS = 100;

const DESTINATION = /^[A-Za-z0-9][A-Za-z0-9_:-]*(?:\.[A-Za-z0-9_:-]+)*$/;

const DESTINATION_PATTERN = /^[A-Za-z0-9][A-Za-z0-9_:-]*(?:\.[A-Za-z0-9_:-]+)*(?:\.\*)?$/;

export const DURATION = /^(\d{1,6})(s|m|h|d)$/;
export const OUT_OF_BOUNDS = "must be longer than 0, and 366d at most";

/** More than 0 and at most 366 days, in each unit. */
export const BOUNDED_DURATION = [
  String.raw`^(?!0+[smhd]$)(?:`,
  String.raw`\d{1,6}s`,
  String.raw`|(?:[0-4]?\d{1,5}|5[01]\d{4}|52[0-6]\d{3}|5270[0-3]\d|527040)m`,
  String.raw`|0{0,2}(?:[0-7]?\d{1,3}|8[0-6]\d{2}|87[0-7]\d|878[0-4])h`,
  String.raw`|0{0,3}(?:[0-2]?\d{1,2}|3[0-5]\d|36[0-6])d`,
  ")$",
].join("");
const UNIT_MS = { s: 1_000, m: MINUTE_MS, h: HOUR_MS, d: DAY_MS } as const;

export function wholeNumber(what: string, min: number, max: number) {
  const error = `must be ${what}: a whole number, ${min} or more${max === MAX_RECORDS ? "" : `, at most ${max}`}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
}

export function text(what: string, max: number) {
  const error = `must be ${what}: text of 1 to ${max} characters`;
  return z.string({ error }).min(1, { error }).max(max, { error });
}

export function flag() {
  return z.boolean({ error: "must be `true` or `false`" });
}

export function choice<const T extends readonly string[]>(values: T) {
  const error = `must be ${values.map((value) => `\`${value}\``).join(" or ")}`;
  return z.enum(values, { error });
}

export function list<T extends z.ZodType>(item: T, what: string, max: number = MAX_LIST) {
  return z
    .array(item, { error: `must be a list of ${what}, such as [a, b]` })
    .min(1, { error: `is an empty list; leave it out, or list ${what}` })
    .max(max, { error: `lists more than ${max} entries` });
}

/** A mapping with these keys and no others. An unknown key's issue carries the known ones, for suggestions. */
export function mapping<const S extends z.core.$ZodLooseShape>(shape: S, otherwise: string) {
  const known = Object.keys(shape).join(" ");
  return z.strictObject(shape, {
    error: (issue) => (issue.code === "unrecognized_keys" ? known : otherwise),
  });
}

export function name(what: string) {
  const error = `must be ${what}: lower-case letters, digits, \`-\`, \`_\` and \`.\`, beginning with a letter or digit`;
  return z.string({ error }).max(MAX_NAME_CHARACTERS, { error }).regex(NAME, { error });
}

/** For `meta`: the part of a check in code that a pattern can express, and the message that an editor shows. */
export function editorPattern(pattern: string, error: string) {
  return { allOf: [{ type: "string", pattern, patternErrorMessage: error }] };
}

/** For texts that `checkUpstream` validates, which also knows whether plain http and private addresses are allowed. */
export const WEB_ADDRESS = editorPattern(
  String.raw`^[Hh][Tt][Tt][Pp][Ss]?:\S+$`,
  "must be a URL such as https://api.example.com",
);

export const destinationName = z
  .string({ error: "must be a destination such as salesforce.import" })
  .max(200, { error: "is too long for a destination" })
  .regex(DESTINATION, { error: "must be a destination such as salesforce.import" });

export const destinationPattern = z
  .string({ error: "must be a destination such as salesforce.import" })
  .max(200, { error: "is too long for a destination" })
  .regex(DESTINATION_PATTERN, {
    error: "must be a destination such as salesforce.import, or a whole system such as salesforce.*",
  });

export const duration = z
  .string({ error: "must be a span of time such as 30s, 10m, 1h or 7d" })
  .regex(DURATION, { error: "must be a span of time such as 30s, 10m, 1h or 7d" })
  .transform((written) => durationMs(written))
  .refine((ms) => ms > 0 && ms <= MAX_DURATION_MS, { error: OUT_OF_BOUNDS })
  .meta(editorPattern(BOUNDED_DURATION, OUT_OF_BOUNDS));

export function durationMs(written: string): number {
  const [, amount = "0", unit = "s"] = DURATION.exec(written) ?? [];
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

export const MAX_RECORDS = 1_000_000_000_000;

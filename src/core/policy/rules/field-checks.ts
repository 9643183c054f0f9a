import type { Json } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import { evaluateJsonPath } from "../../proposal/measure/json-path.ts";
import type { FieldCheck } from "../policy.ts";
import { ok } from "../../base/result.ts";
import type { Result } from "../../base/result.ts";

/** The first record that fails a check. */
export interface FieldProblem {
  readonly check: FieldCheck;
  /** The failed condition as the policy writes it: `max 500`. */
  readonly expected: string;
  /** From 1. */
  readonly record: number;
  /** For reviewers only. */
  readonly value: Json | undefined;
}

/**
 * Checks the values at each path in every record; an error says why a path could not be evaluated.
 *
 * @param cells true when the values are CSV cells or form fields: their numbers are texts, and an empty text is missing
 */
export function findFieldProblem(
  checks: readonly FieldCheck[],
  records: readonly Json[],
  cells: boolean,
): Result<FieldProblem | null, string> {
  let number = 0;
  for (const record of records) {
    number += 1;
    for (const check of checks) {
      if (typeof record !== "object" || record === null) {
        return ok({ check, expected: "a record with fields", record: number, value: record });
      }
      const values = valuesAt(record, check);
      if (!values.ok) return values;
      for (const value of values.value) {
        const expected = problemWith(check, value, cells);
        if (expected !== null) return ok({ check, expected, record: number, value });
      }
    }
  }
  return ok(null);
}

/** A name that contains dots (a CSV header can) is looked up whole. A missing value gives one `undefined`. */
function valuesAt(record: Json, { path, select }: FieldCheck): Result<readonly (Json | undefined)[], string> {
  if (isJsonObject(record) && Object.hasOwn(record, path)) return ok([record[path]]);
  return evaluateJsonPath(select, record);
}

function problemWith(check: FieldCheck, value: Json | undefined, cells: boolean): string | null {
  if (value === undefined || value === null || (cells && value === "")) {
    return check.required ? "required" : null;
  }
  if (check.required && value === "") return "required";
  if (check.type !== null && !hasType(value, check.type, cells)) return `type ${check.type}`;
  if (check.min !== null || check.max !== null) {
    const numbers = numbersIn(value, cells);
    if (numbers.length === 0) return "type number";
    const { min, max } = check;
    if (min !== null && numbers.some((number) => number < min)) return `min ${min}`;
    if (max !== null && numbers.some((number) => number > max)) return `max ${max}`;
  }
  if (check.maxLength !== null && !(lengthOf(value) <= check.maxLength)) {
    return `max_length ${check.maxLength}`;
  }
  if (check.pattern !== null && !(typeof value === "string" && check.pattern.test(value))) {
    return `pattern ${check.pattern.source}`;
  }
  if (check.enum !== null && !check.enum.some((allowed) => isSame(allowed, value, cells))) return "enum";
  return null;
}

function hasType(value: Json, type: NonNullable<FieldCheck["type"]>, cells: boolean): boolean {
  switch (type) {
    case "string":
      return typeof value === "string";
    case "number":
      return numberOf(value, cells) !== null;
    case "integer": {
      const number = numberOf(value, cells);
      return number !== null && Number.isInteger(number);
    }
    case "boolean":
      return typeof value === "boolean" || (cells && (value === "true" || value === "false"));
    case "array":
      return Array.isArray(value);
    case "object":
      return isJsonObject(value);
  }
}

// JSON's syntax of a number: `0x10`, ` 5 ` and `1_000` are texts that the receiving system may read otherwise.
const NUMBER_CELL = /^-?\d{1,40}(?:\.\d{1,40})?(?:[eE][+-]?\d{1,3})?$/;

function numberOf(value: Json, cells: boolean): number | null {
  if (typeof value === "number") return value;
  if (!cells || typeof value !== "string" || !NUMBER_CELL.test(value)) return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Three digits after the only point: a fraction to half the world, thousands to the other half. */
const TWO_READINGS = /^-?[1-9]\d{0,2}\.\d{3}$/;

/** Every number that a reader takes the value for; empty where it is none. A bound holds for each of them. */
function numbersIn(value: Json, cells: boolean): readonly number[] {
  const number = numberOf(value, cells);
  if (number === null) return [];
  const isDoubtful = typeof value === "string" && TWO_READINGS.test(value);
  return isDoubtful ? [number, Number(value.replace(".", ""))] : [number];
}

/** Code points of a text, items of a list; NaN for anything else, which is under no maximum. */
function lengthOf(value: Json): number {
  if (Array.isArray(value)) return value.length;
  if (typeof value !== "string") return Number.NaN;
  let points = 0;
  for (const _ of value) points += 1;
  return points;
}

function isSame(allowed: string | number | boolean, value: Json, cells: boolean): boolean {
  if (allowed === value) return true;
  return cells && typeof value === "string" && String(allowed) === value;
}

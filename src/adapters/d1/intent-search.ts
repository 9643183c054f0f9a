import type { IntentSearch } from "../../ports/intent-index.ts";
import type { Place } from "./intent-conditions.ts";

/** Enough of an id that few have it. */
const BEGINNING_OF_ID = /^int_[A-Za-z0-9_-]{6,43}$/;

export function isIdBeginning(text: string): boolean {
  return BEGINNING_OF_ID.test(text);
}

/** `{` is the character after `z`, the last one in an id. */
export function idsFrom(text: string, place: Place): string {
  return `intents.id >= ${place(text)} AND intents.id < ${place(`${text}{`)}`;
}

/** Columns of names, compared without case. Lists of names are JSON, whose punctuation no name contains. */
const SEARCHED = ["destination", "action", "policy_id", "policies", "reason_code"] as const;

const JSON_PUNCTUATION = /["[\],\\]/;

/** Principals whose names are searched: more than a deployment registers, so that a search ends. */
const MAX_PRINCIPALS = 10_000;

/** The condition of a search, on a row of `intents`. */
export function searchClause({ text, folded, people }: IntentSearch, place: Place): string {
  const lower = place(text.toLowerCase());
  const columns = SEARCHED.filter((column) => column !== "policies" || !JSON_PUNCTUATION.test(text));
  const tests = columns.map((column) => `instr(lower(${column}), ${lower}) > 0`);
  const exact = `SELECT ${place(text)} AS id`;
  const principals =
    folded === null
      ? exact
      : `${exact} UNION ALL SELECT id FROM (SELECT id, name_key FROM principals ORDER BY id LIMIT ${MAX_PRINCIPALS})
         WHERE instr(name_key, ${place(folded)}) > 0`;
  tests.push(`agent_id IN (${principals})`);
  if (people !== null) {
    tests.push(`EXISTS (
      SELECT 1 FROM json_each(people) AS person
      WHERE instr(lower(person.value), ${lower}) > 0
        OR person.value IN (SELECT value FROM json_each(${place(JSON.stringify(people))}))
        OR person.value IN (${principals}))`);
  }
  return `(${tests.join(" OR ")})`;
}

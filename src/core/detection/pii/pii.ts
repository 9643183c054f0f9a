import { finish, type Steps } from "../../base/steps.ts";
import { BARRIER } from "../decoding/barrier.ts";
import { eachBatch } from "../decoding/decodings.ts";
import { findCards } from "./pii-cards.ts";
import { findIbans, findSsns } from "./pii-numbers.ts";
import { findEmails, findPhones } from "./pii-contacts.ts";

export type PiiKind = "email" | "phone" | "card" | "ssn" | "iban";

const FINDERS: Readonly<Record<PiiKind, (text: string, found: Set<string>) => void>> = {
  email: findEmails,
  phone: findPhones,
  card: findCards,
  ssn: findSsns,
  iban: findIbans,
};

/**
 * How many different values of each kind the texts hold, decoded as terms are; kinds not found are absent. Every
 * kind is validated (checksums, allotted ranges, lengths), so an order number or a date is none of them.
 *
 * @param joined Texts made of others, which count only for a kind that is in no text alone: a run that follows an
 * address would make a second one of it.
 */
export function findPii(
  texts: readonly string[],
  kinds: readonly PiiKind[],
  joined: readonly string[] = [],
): ReadonlyMap<PiiKind, number> {
  return finish(findPiiInSteps(texts, kinds, joined));
}

/** The same in pieces. */
export function* findPiiInSteps(
  texts: readonly string[],
  kinds: readonly PiiKind[],
  joined: readonly string[] = [],
): Steps<ReadonlyMap<PiiKind, number>> {
  const counts = new Map<PiiKind, number>();
  if (kinds.length === 0) return counts;
  yield* count(texts, kinds, counts);
  if (joined.length > 0) {
    const missing = kinds.filter((kind) => !counts.has(kind));
    if (missing.length > 0) yield* count(joined, missing, counts);
  }
  return counts;
}

function* count(
  texts: readonly string[],
  kinds: readonly PiiKind[],
  counts: Map<PiiKind, number>,
): Steps<void> {
  const found = new Map(kinds.map((kind) => [kind, new Set<string>()]));
  const complete = yield* eachBatch(texts, { words: false }, function* (decoded) {
    for (const text of decoded) {
      const forms = normalisedForms(text);
      yield text.length;
      for (const [kind, values] of found) {
        for (const form of forms) FINDERS[kind](form, values);
        yield text.length;
      }
    }
  });
  // Decodings without end may hide a value of any kind.
  if (!complete) for (const values of found.values()) values.add("undecoded");
  for (const [kind, { size }] of found) if (size > 0) counts.set(kind, size);
}

const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cf}\p{Mn}]+/gu;
/** Control characters that are no white space. The barrier between texts stays. */
const UNSEEN = new RegExp(String.raw`(?:(?!${BARRIER})[^\P{Cc}\s])+`, "gu");
const DASHES = /[\u2010-\u2015\u2212\ufe58\ufe63\uff0d]/g;
const SPACES = /[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]/g;
const SPELLED_DIGITS = /(?:\b\d[ .-]{1,3}){6}\d\b/;

/** Digits of other scripts, which are letters to many readers. */
const OTHER_DIGITS = /[^\P{Nd}0-9]+/gu;

/**
 * The text without invisible characters and in ASCII digits; and once more with spaced-out digits joined. Where digits of
 * another script are beside ASCII ones, also without them.
 */
function normalisedForms(raw: string): string[] {
  if (!OTHER_THAN_TEXT.test(raw)) return spelledForms(raw);
  const ascii = MIXED_DIGITS.test(raw) ? raw.replaceAll(OTHER_DIGITS, " ") : raw;
  return ascii === raw ? formsOf(raw) : [...formsOf(raw), ...formsOf(ascii)];
}

const MIXED_DIGITS = /\d[^\P{Nd}0-9]|[^\P{Nd}0-9]\d/u;

function formsOf(raw: string): string[] {
  const text = normalise(raw);
  const joined = text.replaceAll(UNSEEN, "");
  // To some readers a control character is a blank, and nothing to others.
  return joined === text
    ? spelledForms(text)
    : [...spelledForms(joined), ...spelledForms(text.replaceAll(UNSEEN, " "))];
}

function spelledForms(text: string): string[] {
  if (!SPELLED_DIGITS.test(text)) return [text];
  // `4 1 1 1 …`: each digit on its own. `1 2 3 - 4 5 - …` keeps its dashes.
  return [text, text.replaceAll(/ - /g, "-").replaceAll(/(?<=\b\d)[ .](?=\d\b)/g, "")];
}

/** Other than ASCII without control characters that nobody sees. */
const OTHER_THAN_TEXT = new RegExp(String.raw`[^\t-\r${BARRIER}\x20-\x7e]`);

function normalise(text: string): string {
  return text
    .normalize("NFKC")
    .replaceAll(INVISIBLE, "")
    .replaceAll(DASHES, "-")
    .replaceAll(SPACES, " ")
    .replaceAll(/[\u0660-\u0669\u06f0-\u06f9\u0966-\u096f]/g, (digit) => asciiDigit(digit.charCodeAt(0)));
}

/** Arabic-Indic digits start at a multiple of 16, Devanagari ones six after one. */
function asciiDigit(unit: number): string {
  return String(unit >= 0x0966 ? unit - 0x0966 : unit & 0x0f);
}

/*
 * A measured fact counts only where every reasonable reader of the bytes agrees (INV-00). Otherwise it is unknown, and
 * its doubt says why, from here through the rules to the reviewer.
 */

/** Why a fact is unknown. Codes are stored and part of the API: they are added, never renamed (docs/policies.md). */
export const DOUBT_REASONS = {
  type_contradiction: "the content is not of its declared type, or parsers differ on its meaning",
  charset: "its charset is unknown, or it names several",
  guessed_type: "no media type tells the server how to parse it, and as a form it has other values",
  query_and_body: "a measured field is in the query and in the body",
  csv_delimiter: "a reader with another delimiter finds other rows or columns in this CSV",
  csv_quotes: "a quote in this CSV does not close, or stands inside a cell",
  csv_escapes: "a reader that undoes backslashes finds other cells in this CSV",
  csv_line_ends: "readers differ on which characters end a line of this CSV",
  form_separator: "a reader that also separates fields at semicolons finds other fields",
  too_many_fields: "some readers drop fields beyond the thousandth",
  similar_name: "another field's name is the same to some readers",
  duplicate_field: "a field is there twice, and readers differ on which one counts",
  file_field: "a measured field is sent as a file",
  transfer_encoding: "a part is encoded, and readers differ on whether they decode it",
  uncountable_format: "records can't be counted in this format",
  uncountable_part: "a part is of a format whose records can't be counted",
  uncountable_field: "a field holds lines, and readers differ on whether each is a record",
  not_at_path: "the destination says where it is, and it is not there",
  ambiguous_number:
    "an amount such as 9.000 or 1,234 has two readings, and the destination's entry does not choose one",
  unreadable_amount: "an amount is missing, negative, too large, or not a number",
  unreadable_currency: "a currency is missing or unreadable",
} as const;

export type DoubtReason = keyof typeof DOUBT_REASONS;

export interface Doubt {
  readonly because: DoubtReason;
  /** The different numbers that readers find, ascending; empty where they are not known. */
  readonly readings: readonly number[];
}

/** The facts that can be unknown; `content` is what terms and personal data are searched in. */
export type DoubtfulFact = "records" | "money" | "recipients" | "content";

/** Why each unknown fact is unknown; a known fact has no member. */
export type Doubts = { readonly [fact in DoubtfulFact]?: Doubt };

export function doubt(because: DoubtReason, readings: readonly number[] = []): Doubt {
  const distinct = [...new Set(readings)].toSorted((one, other) => one - other);
  return { because, readings: distinct.length > 1 ? distinct : [] };
}

/** The reason as a sentence's end, without any number. Quotes no text of the payload. */
export function reasonText({ because }: Doubt): string {
  // Stored by a newer version, a reason can be one that this version does not know.
  return Object.hasOwn(DOUBT_REASONS, because) ? DOUBT_REASONS[because] : because;
}

/** `two readings: 1 or 503 records; a reader with another delimiter finds …`, for reviewers. */
export function doubtText(found: Doubt, unit = ""): string {
  const numbers = found.readings.map((reading) => reading.toLocaleString("en-US"));
  const last = numbers.at(-1);
  if (last === undefined || numbers.length < 2) return reasonText(found);
  const many = numbers.length === 2 ? "two" : String(numbers.length);
  const list = `${numbers.slice(0, -1).join(", ")} or ${last}`;
  return `${many} readings: ${list}${unit === "" ? "" : ` ${unit}`}; ${reasonText(found)}`;
}

/** One unknown fact, as the API, pages and messages show it. */
export interface UnknownFact {
  readonly fact: DoubtfulFact;
  readonly because: string;
  readonly readings: readonly number[];
  readonly text: string;
}

export function unknownFacts(doubts: Doubts | undefined): readonly UnknownFact[] {
  const found: UnknownFact[] = [];
  for (const fact of ["records", "money", "recipients", "content"] as const) {
    const one = doubts?.[fact];
    if (one === undefined) continue;
    const { because, readings } = one;
    found.push({ fact, because, readings, text: doubtText(one, fact === "records" ? "records" : "") });
  }
  return found;
}

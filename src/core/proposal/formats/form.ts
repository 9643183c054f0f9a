import { ANY_LINE_END } from "./line-ends.ts";

/** Fields of a form in the order sent; a name may come more than once. */
export type Fields = readonly (readonly [name: string, value: string])[];

const FORM = /^[^\s=&?#<>{}"]{1,200}=[^\s&<>{}"]*(?:&[^\s=&<>{}"]{0,200}(?:=[^\s&<>{}"]*)?)*$/;

/**
 * Whether an undeclared text is a form: names and values on one line, with at least one pair. To a reader that ends a line
 * at a NEL it may be a table (`tA<NEL>=`), so the line is one to every reader; encoders leave no such character.
 */
export function looksLikeForm(text: string): boolean {
  const line = text.trim();
  // The expression is linear: its classes leave one way to read each character.
  if (line.length === 0 || line.includes("://") || !/^[A-Za-z_]/.test(line)) return false;
  return FORM.test(line) && !ANY_LINE_END.test(line);
}

/**
 * Ten times what PHP, qs and Django take, and what Tomcat takes. Beyond it a field of four bytes costs Gate hundreds, and
 * readers that drop the rest read something else in any case.
 */
const MAX_FIELDS = 10_000;

/**
 * Parses as the URL Standard does, like most servers, but without a file's last line end; null: more fields than any
 * server is known to take.
 */
export function formFields(text: string): Fields | null {
  // A blank can be a name.
  return fieldsAsWritten(endsALine(text) ? text.trimEnd() : text);
}

/** The same, and a last line end belongs to the last field. */
export function fieldsAsWritten(text: string): Fields | null {
  if (fieldCount(text) > MAX_FIELDS) return null;
  // Of a query the constructor leaves out the `?`; in a body it belongs to the name.
  return [...new URLSearchParams(text.startsWith("?") ? `&${text}` : text)];
}

export function endsALine(text: string): boolean {
  return /[\r\n]$/.test(text);
}

/** No reader that separates at ampersands finds more fields. */
export function fieldCount(text: string): number {
  let count = 1;
  for (let at = text.indexOf("&"); at >= 0; at = text.indexOf("&", at + 1)) count++;
  return count;
}

/** Characters of fields that are searched as one text. */
const SEARCHED_TOGETHER = 32 * 1024;

/**
 * The fields of a form that has too many to be parsed, one a line, as some texts: in the form itself, `&not` of `&note=`
 * is a reference.
 */
export function fieldLines(text: string): readonly string[] {
  const texts: string[] = [];
  for (let start = 0; start < text.length;) {
    const border = text.indexOf("&", start + SEARCHED_TOGETHER);
    const end = border < 0 ? text.length : border;
    texts.push(text.slice(start, end).replaceAll("&", "\n").replaceAll("+", " "));
    start = end + 1;
  }
  return texts;
}

/** The fields whose name goes up to a later `]=` to qs: `t=]=[1,2]` is a list. */
export function bracketFields(text: string): Fields {
  return text.split("&").flatMap((pair) => {
    const written = pair.replaceAll(/%5d/gi, "]");
    const end = written.indexOf("]=");
    const sign = written.indexOf("=");
    return end < 0 || sign > end ? [] : (formFields(`x=${written.slice(end + 2)}`) ?? []);
  });
}

/**
 * A form writes as many records as its most repeated field has values: `id=1&id=2`, `row[0][id]=1&row[1][id]=2`,
 * `row.0.id=1&row.1.id=2`, `row[a][id]=1&row[b][id]=2`.
 */
export function formRecords(fields: Fields): number {
  // Without a byte-order mark, which some readers leave in the first name.
  const names = fields.map(([name]) => name.replace(/^\ufeff/, ""));
  const most = mostRepeated(names);
  if (!names.some((name) => PHP_CHANGES.test(name))) return most;
  // Of a name without brackets PHP keeps the last value only.
  return Math.max(most, mostRepeated(names.filter((name) => name.includes("[")).map(phpName)));
}

function mostRepeated(names: readonly string[]): number {
  const counts = new Map<string, number>();
  let most = 1;
  for (const name of names) {
    const key = repeatedName(name);
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    most = Math.max(most, count);
  }
  return most;
}

const PHP_CHANGES = /[ .\0]/;

/** PHP drops blanks before a name, ends it at a NUL, and writes `_` for a blank or a dot before the first bracket. */
function phpName(name: string): string {
  const whole = name.replace(/^ +/, "").split("\0", 1)[0] ?? "";
  const bracket = whole.indexOf("[");
  const end = bracket < 0 ? whole.length : bracket;
  return whole.slice(0, end).replaceAll(/[ .]/g, "_") + whole.slice(end);
}

/** PHP and Rails write `row[0][id]`, ASP.NET and AWS `row.0.id`, Django `row-0-id`. */
const INDEX = /([.[(-])\d{0,9}(?=[\].)[-]|$)/g;
/** Between the first and the last member of a name; Rails takes any text for a key. */
const INNER_MEMBERS = /\[[^[\]]*\](?=\[)/g;

const BALANCED = /^[^[\]]*(?:\[[^[\]]*\](?:\.[^[\]]*)?)*$/;

const DOTTED = /\.([^.[\]]+)/g;

/** qs reads `[id]` as `id`, and `id[]` beside `id` as more values of one list. */
function repeatedName(name: string): string {
  if (!/[\].[(-]/.test(name)) return name;
  // qs reads up to what is no bracket: `id[]]` and `id[]5` are `id[]`.
  if (!BALANCED.test(name)) return name.replace(/^[[\]]+/, "").split(/[[\]]/, 1)[0] ?? "";
  const bare = name.replace(/^\[([^[\]]*)\]/, "$1");
  // qs can be told that `row.id` is `row[id]`.
  const written = bare.replaceAll(DOTTED, "[$1]");
  return written
    .replaceAll(INNER_MEMBERS, "[]")
    .replaceAll(INDEX, "$1")
    .replace(/(?:\[\]){1,300}$/, "");
}

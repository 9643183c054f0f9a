import type { BodyCase } from "./body-case.ts";

/**
 * The reasonable readers, and when each of them is one: what a destination may well use to read a body that was sent
 * with this type. Where a reader is not listed, or not plausible, Gate need not agree with it; so a row must say why the
 * reader is left out, and the benign corpus (test/vectors/benign) shows what the rows cost ordinary bodies.
 */
export interface ReaderRow {
  /** The beginning of the readers' names, up to a dot. The longest row that matches counts. */
  readonly reader: string;
  /** What it is, in a destination's words. */
  readonly is: string;
  /** Whether a destination that gets such bodies may read them so. */
  readonly plausible: (given: BodyCase, text: string) => boolean;
}

const always = () => true;

/** These read bytes; a program with UTF-16 files converts them first. */
const isBytewise = ({ body }: BodyCase) =>
  !(body[0] === 0xff && body[1] === 0xfe) && !(body[0] === 0xfe && body[1] === 0xff);

/**
 * A reader of another delimiter than the file's finds one column, and its program nothing to import. The delimiter has to
 * be in the first line, where the columns' names are, or in more than half of the lines, at least two: lists in cells
 * (`a;b`, as HubSpot exports them) are in fewer. Rows of it that quoted cells hide are unknown to Gate from one line in
 * ten. A reader that detects the delimiter, or is told a comma, always counts.
 */
const has = (delimiter: string) => (_: BodyCase, text: string) => {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  const count = lines.filter((line) => line.includes(delimiter)).length;
  return lines[0]?.includes(delimiter) === true || (count >= 2 && count > lines.length / 2);
};

export const READERS: readonly ReaderRow[] = [
  {
    reader: "python.csv.comma",
    is: "csv.reader as it comes, and with splitlines or escapechar",
    plausible: always,
  },
  { reader: "python.csv.semicolon", is: "the same for a semicolon", plausible: has(";") },
  { reader: "python.csv.tab", is: "the same for a tab", plausible: has("\t") },
  { reader: "python.csv.pipe", is: "the same for a pipe", plausible: has("|") },
  { reader: "python.csv.sniffer", is: "csv.Sniffer, told the four delimiters", plausible: always },
  { reader: "python.tsv", is: "IANA's tab-separated values, which have no quotes", plausible: always },
  {
    reader: "php.fgetcsv.comma",
    is: "fgetcsv with its default escape, a backslash, and without",
    plausible: isBytewise,
  },
  { reader: "php.fgetcsv.semicolon", is: "the same for a semicolon", plausible: has(";") },
  { reader: "php.fgetcsv.tab", is: "the same for a tab", plausible: has("\t") },
  { reader: "php.fgetcsv.pipe", is: "the same for a pipe", plausible: has("|") },
  { reader: "ruby.csv.comma", is: "CSV.parse of bytes, strict and liberal", plausible: isBytewise },
  { reader: "ruby.csv.semicolon", is: "the same for a semicolon", plausible: has(";") },
  { reader: "ruby.csv.tab", is: "the same for a tab", plausible: has("\t") },
  { reader: "ruby.csv.pipe", is: "the same for a pipe", plausible: has("|") },
  { reader: "javascript.papaparse", is: "Papa.parse, detecting or told the delimiter", plausible: always },
  { reader: "javascript.papaparse.semicolon", is: "told a semicolon", plausible: has(";") },
  { reader: "javascript.papaparse.tab", is: "told a tab", plausible: has("\t") },
  { reader: "javascript.papaparse.pipe", is: "told a pipe", plausible: has("|") },
  {
    reader: "javascript.csv-parse",
    is: "csv-parse, strict, relaxed, or with a backslash as escape",
    plausible: always,
  },
  { reader: "javascript.csv-parse.semicolon", is: "told a semicolon", plausible: has(";") },
  { reader: "javascript.csv-parse.tab", is: "told a tab", plausible: has("\t") },
  { reader: "javascript.csv-parse.pipe", is: "told a pipe", plausible: has("|") },
  {
    reader: "python.form",
    is: "urllib.parse, at ampersands or (before 3.9.2) at semicolons too",
    plausible: always,
  },
  { reader: "php.parse_str", is: "$_POST of a form", plausible: always },
  { reader: "php.post", is: "$_POST and $_FILES, filled by PHP's own server", plausible: always },
  { reader: "ruby.rack.form", is: "Rails' and Sinatra's parameters", plausible: always },
  { reader: "ruby.rack.multipart", is: "the same of multipart", plausible: always },
  { reader: "javascript.qs", is: "Express' extended parser, also with allowDots", plausible: always },
  { reader: "javascript.querystring", is: "Node's own parser", plausible: always },
  { reader: "javascript.busboy", is: "what multer and Fastify read", plausible: always },
  { reader: "python.email", is: "email.parser, by the old policy and by HTTP's", plausible: always },
  {
    reader: "python.json",
    is: "json.loads: the last, the first, or (Go) any case of a name",
    plausible: always,
  },
  { reader: "python.ndjson", is: "json.loads line by line, or as a stream", plausible: always },
  { reader: "php.json", is: "json_decode", plausible: always },
  { reader: "php.ndjson", is: "json_decode line by line", plausible: always },
  { reader: "ruby.json", is: "JSON.parse, which skips comments", plausible: always },
  { reader: "ruby.ndjson", is: "JSON.parse line by line", plausible: always },
  { reader: "javascript.json", is: "JSON.parse, texts shown as Markdown", plausible: always },
  { reader: "javascript.ndjson", is: "JSON.parse line by line", plausible: always },
  { reader: "python.text", is: "the bytes as text, by the declared charset", plausible: always },
  { reader: "python.html", is: "html.parser: what a page or a mail shows", plausible: always },
  { reader: "php.html", is: "strip_tags and html_entity_decode", plausible: always },
  { reader: "ruby.html", is: "CGI.unescapeHTML", plausible: always },
  { reader: "javascript.marked", is: "a Markdown text as it is shown", plausible: always },
];

const LATIN = new TextDecoder("latin1");

/** @throws {Error} for a reader without a row: whether it is a reasonable one has to be written down */
export function isPlausible(reader: string, given: BodyCase): boolean {
  const rows = READERS.filter((row) => reader === row.reader || reader.startsWith(`${row.reader}.`));
  const [row] = rows.toSorted((one, other) => other.reader.length - one.reader.length);
  // Decoded as UTF-8 it is NULs and rubbish, and a program with UTF-16 files converts them first.
  if (given.family === "csv" && !isBytewise(given) && !reader.endsWith(".declared")) return false;
  if (row === undefined) throw new Error(`${reader} has no row in test/support/differential/readers.ts`);
  return row.plausible(given, LATIN.decode(given.body));
}

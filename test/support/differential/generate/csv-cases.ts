import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { ADDRESSES, AMBIGUOUS, disguised, MONEY, mostly, mutated } from "./atoms.ts";
import { encoded } from "./encodings.ts";

const HEADERS = [
  ["name", "amount"],
  ["id", "to", "amount"],
  ["amount"],
  ["to"],
  ["name", "email", "note"],
  ["a", "b", "c", "d", "e"],
  ["amount", "Amount"],
  ["amount", "amount"],
  ["x", " amount "],
  ["x", '"amount\u{85}"'],
  ["to", '"\u{1e}amount"'],
  ["1", "2"],
] as const;

const DELIMITER = fc.oneof(
  { weight: 5, arbitrary: fc.constant(",") },
  { weight: 3, arbitrary: fc.constant(";") },
  { weight: 2, arbitrary: fc.constantFrom("\t", "|") },
);

const plainCell = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("a", "1", "Ann", "x@y.example", "", "2026-03-08") },
  { weight: 2, arbitrary: fc.constantFrom(...MONEY) },
  { weight: 1, arbitrary: fc.constantFrom("a=1", "id=1&id=2", "a=", "[1]", "{}") },
  { weight: 1, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 1, arbitrary: disguised },
);

const oddCell = fc
  .array(fc.oneof(fc.constantFrom(...AMBIGUOUS), fc.constantFrom("a", "1", "amount", "9000")), {
    maxLength: 4,
  })
  .map((pieces) => pieces.join(""));

const quotedCell = fc
  .tuple(fc.oneof(plainCell, oddCell), fc.constantFrom("doubled", "escaped", "raw", "open"))
  .map(([cell, style]) => {
    switch (style) {
      case "doubled":
        return `"${cell.replaceAll('"', '""')}"`;
      case "escaped":
        return `"${cell.replaceAll('"', '\\"')}"`;
      case "raw":
        return `"${cell}"`;
      default:
        return `"${cell}`;
    }
  });

const cell = fc.oneof(
  { weight: 12, arbitrary: plainCell },
  { weight: 3, arbitrary: quotedCell },
  { weight: 1, arbitrary: oddCell },
);

const lineEnd = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("\n", "\r\n") },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "\r",
      "\n\r",
      "\r\r\n",
      "\v",
      "\f",
      "\u{1c}",
      "\u{1d}",
      "\u{1e}",
      "\u{85}",
      "\u{2028}",
      "\u{2029}",
    ),
  },
);

const BEGINNINGS = [
  "sep=;\n",
  "sep=,\n",
  "sep=\u{1e}\n",
  "sep=\u{85}\n",
  "# comment\n",
  "\n",
  '""\n',
  "\u{feff}",
  " ",
];

interface Trap {
  readonly opening: string;
  readonly rows: string;
  readonly closing: string;
}

/** A quote that one dialect opens and another does not, around rows of the other. */
const trap: fc.Arbitrary<Trap> = fc
  .record({
    opening: fc.constantFrom(
      '"x\n',
      '1,"x\\""\n',
      ';"x,y\n',
      '1;2;3;4;"x,y\n',
      '\t"x\n',
      '|"x\n',
      "'x\n",
      ' "x\n',
      '"x" y"\n',
      '"x""\n',
    ),
    row: fc.constantFrom("n,a@x.example", "n,9000", "n;9000", "n\t9000", "9000", "1;2;3;4;5", "a@x.example"),
    count: fc.integer({ min: 1, max: 6 }),
    end: lineEnd,
    closing: fc.constantFrom('"', '"\n', '";1', '",1', '\\"', "'", ""),
  })
  .map(({ opening, row, count, end, closing }) => ({ opening, rows: `${row}${end}`.repeat(count), closing }));

const table = fc
  .record({
    delimiter: DELIMITER,
    header: fc.option(fc.constantFrom(...HEADERS), { freq: 8 }),
    rows: fc.array(fc.array(cell, { minLength: 1, maxLength: 4 }), { maxLength: 5 }),
    end: lineEnd,
    beginning: mostly(fc.constant(""), fc.constantFrom(...BEGINNINGS), 8),
    trap: fc.option(trap, { freq: 2 }),
    last: fc.boolean(),
  })
  .map(({ delimiter, header, rows, end, beginning, trap: quote, last }) => {
    const lines = rows.map((row) => row.join(delimiter));
    if (header !== null) lines.unshift(header.join(delimiter));
    const body = lines.join(end) + (last ? end : "");
    return beginning + body + (quote === null ? "" : quote.opening + quote.rows + quote.closing);
  });

const TYPES = [
  { mediaType: "text/csv", name: null },
  { mediaType: "text/csv", name: null },
  { mediaType: "text/csv", name: "leads.csv" },
  { mediaType: null, name: "leads.csv" },
  { mediaType: null, name: null },
  { mediaType: "application/csv", name: null },
  { mediaType: "text/tab-separated-values", name: null },
  { mediaType: "text/plain", name: "leads.csv" },
] as const;

export const csvCases: fc.Arbitrary<BodyCase> = fc
  .tuple(
    table.chain((text) => mutated(text)).chain(encoded),
    fc.constantFrom(...TYPES),
    fc.constantFrom("api", "proxy"),
  )
  .map(([{ bytes, parameters }, { mediaType, name }, door]) => ({
    family: "csv",
    mediaType: mediaType === null ? null : mediaType + parameters,
    name,
    door,
    unit: "major",
    records: null,
    body: bytes,
  }));

import { readFileSync } from "node:fs";
import { findPii } from "../src/core/detection/pii/pii.ts";
import { readableTexts } from "../src/core/detection/readable.ts";
import { findTemplateErrors } from "../src/core/detection/template-errors.ts";
import { compileTerms, type TermMatcher } from "../src/core/detection/terms/terms.ts";
import type { MeasureHints } from "../src/core/registry/measure-hints.ts";
import { measure } from "../src/core/proposal/measure/measure.ts";
import type { Payload } from "../src/core/proposal/payload.ts";

/** Runs for each figure; the median is printed, to exclude outliers of a busy machine. */
const RUNS = 11;
const WARM_UP_RUNS = 4;

const SENTENCES = [
  "Dear customer, thank you for your message of 22 November about order #4521.",
  "The parcel has left our depot in Essex and should arrive within 3 days!",
  "If you have any questions, write to support or call (212) 555-0123 between 9 and 5.",
  "We've updated the address; the invoice over $455.00 follows by e-mail.",
];

function prose(bytes: number): string {
  const lines: string[] = [];
  for (let length = 0, line = 0; length < bytes; line++) {
    const sentence = SENTENCES[line % SENTENCES.length] ?? "";
    lines.push(sentence);
    length += sentence.length + 1;
  }
  return lines.join("\n").slice(0, bytes);
}

function table(bytes: number): string {
  const rows = ["id,name,email,amount,note"];
  for (let length = 26, row = 1; length < bytes; row++) {
    const line = `${row},"Person, ${row}",person${row}@example.com,${row % 1000}.50,renewal of the yearly plan`;
    rows.push(line);
    length += line.length + 1;
  }
  return rows.join("\n");
}

function terms(count: number): string[] {
  const words = ["guaranteed", "refund", "lawsuit", "payout", "secret", "offshore", "transfer", "urgent"];
  return Array.from(
    { length: count },
    (_, index) =>
      `${words[index % 8]} ${words[(index >> 3) % 8]} ${words[(index >> 6) % 8]}${index % 7}q${index}`,
  );
}

function matcherFor(list: readonly string[]): TermMatcher {
  const compiled = compileTerms(list);
  if (!compiled.ok) throw new Error(`${compiled.error.term}: ${compiled.error.problem}`);
  return compiled.value;
}

function medianMs(run: () => unknown): number {
  for (let warmUp = 0; warmUp < WARM_UP_RUNS; warmUp++) run();
  const times: number[] = [];
  for (let index = 0; index < RUNS; index++) {
    const start = performance.now();
    run();
    times.push(performance.now() - start);
  }
  times.sort((one, other) => one - other);
  return times[RUNS >> 1] ?? 0;
}

function print(what: string, ms: number, goalMs?: number): void {
  const goal = goalMs === undefined ? "" : `  goal < ${goalMs} ms  ${ms < goalMs ? "met" : "MISSED"}`;
  console.log(`${what.padEnd(52)} ${ms.toFixed(2).padStart(9)} ms${goal}`);
}

function payloadOf(text: string, name: string): Payload & { readonly kind: "content" } {
  return { kind: "content", bytes: new TextEncoder().encode(text), name, mediaType: null };
}

const MIB = 1024 * 1024;
const AUTO: MeasureHints = { records: { kind: "auto" }, amount: null, recipients: null };
const MONEY: MeasureHints = {
  records: { kind: "auto" },
  amount: { path: "amount", unit: "major", currency: { code: "USD" } },
  recipients: "email",
};
const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null };

function readVectors(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`../test/vectors/terms/${name}.json`, import.meta.url), "utf8"));
}

function printCorpus(): void {
  const evasions = readVectors("evasions") as {
    terms: string[];
    classes: Record<string, { text: string; finds: string[] }[]>;
  };
  const matcher = matcherFor(evasions.terms);
  let wanted = 0;
  let found = 0;
  let wrong = 0;
  for (const [name, cases] of Object.entries(evasions.classes)) {
    let caught = 0;
    for (const { text, finds } of cases) {
      const got = new Set(matcher.find([text]).map((index) => evasions.terms[index] ?? ""));
      const hits = finds.filter((term) => got.has(term)).length;
      wanted += finds.length;
      found += hits;
      wrong += got.size - hits;
      if (hits === finds.length) caught++;
    }
    console.log(`  evasions by ${name.padEnd(38)} ${caught} of ${cases.length} caught`);
  }
  const innocents = readVectors("innocents") as { terms: string[]; texts: string[] };
  const strict = matcherFor(innocents.terms);
  for (const text of innocents.texts) wrong += strict.find([text]).length;
  console.log(`  innocent texts: ${innocents.texts.length} (against ${innocents.terms.length} short terms)`);
  console.log(`  recall    ${((found / wanted) * 100).toFixed(2)} %  (${found} of ${wanted})`);
  console.log(`  precision ${((found / (found + wrong)) * 100).toFixed(2)} %  (${wrong} false)`);
}

console.log("Terms: corpus in test/vectors/terms");
printCorpus();

console.log("\nTerms: 1,000 terms over prose (median)");
const thousand = matcherFor(terms(1_000));
for (const share of [0.25, 0.5, 1]) {
  const text = prose(share * MIB);
  print(
    `  ${share} MiB`,
    medianMs(() => thousand.find([text])),
    share === 1 ? 50 : undefined,
  );
}
const megabyte = prose(MIB);
const one = matcherFor(terms(1));
print(
  "  1 MiB, one term",
  medianMs(() => one.find([megabyte])),
);
const tenThousand = matcherFor(terms(10_000));
print(
  "  1 MiB, 10,000 terms",
  medianMs(() => tenThousand.find([megabyte])),
);
print(
  "  compiling 1,000 terms",
  medianMs(() => compileTerms(terms(1_000))),
);
const short = "Hello, the refund for order 4521 is on its way. ".repeat(21);
const three = matcherFor(["refund guaranteed", "lawsuit", "legal action"]);
print(
  "  1 KiB, three terms",
  medianMs(() => three.find([short])),
);

console.log("\nA 1 MiB CSV (median, reading the bytes included)");
const csv = table(MIB);
print(
  "  measured: type and rows",
  medianMs(() => measure(payloadOf(csv, "a.csv"), AUTO, NOTHING_DECLARED)),
  30,
);
print(
  "  measured: rows, money, recipients",
  medianMs(() => measure(payloadOf(csv, "a.csv"), MONEY, NOTHING_DECLARED)),
);
const payload = payloadOf(csv, "a.csv");
const facts = measure(payload, AUTO, NOTHING_DECLARED);
print(
  "  its texts",
  medianMs(() => readableTexts(payload, facts)),
);
const cells = readableTexts(payload, facts);
print(
  "  1,000 terms over its texts",
  medianMs(() => thousand.find(cells)),
  50,
);
print(
  "  template errors in it",
  medianMs(() => findTemplateErrors(payload, facts)),
);
const kinds = ["email", "phone", "card", "ssn", "iban"] as const;
print(
  "  PII of all kinds in its texts",
  medianMs(() => findPii(cells, kinds)),
);

console.log("\nOther formats, 1 MiB (median)");
const json = JSON.stringify(csv.split("\n").map((line, id) => ({ id, line, ok: true })));
print(
  "  JSON measured",
  medianMs(() => measure(payloadOf(json, "a.json"), AUTO, NOTHING_DECLARED)),
);
const lines = csv
  .split("\n")
  .map((line, id) => JSON.stringify({ id, line }))
  .join("\n");
print(
  "  NDJSON measured",
  medianMs(() => measure(payloadOf(lines, "a.ndjson"), AUTO, NOTHING_DECLARED)),
);

console.log("\nHostile texts, 1,000 terms, 1 MiB (median)");
for (const [name, piece] of [
  ["exclamation marks", "!"],
  ["symbols that are letters", "!|@$+"],
  ["spelled out", "r e f u n d g "],
  ["percent-encoded", "%72%65%66"],
  ["entities", "&#114;"],
  ["open tags", "<a "],
  ["base64", "cmVmdW5kIGd1YXJhbnRlZWQg"],
  ["wide letters", "ｒｅｆｕｎｄ "],
  ["almost a term", "guaranteed refund lawsui "],
] as const) {
  const text = piece.repeat(Math.ceil(MIB / piece.length)).slice(0, MIB);
  print(
    `  ${name}`,
    medianMs(() => thousand.find([text])),
  );
}

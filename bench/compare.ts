import { pathToFileURL } from "node:url";
import type { MeasureHints } from "../src/core/registry/measure-hints.ts";

/*
 * Compares measures and matching of this checkout with those of another one, in one process and in turns, so that the
 * machine's other load affects both:
 *
 *   git worktree add ../before COMMIT && cp -al node_modules ../before
 *   node bench/compare.ts ../before [NAME…]
 *
 * Prints the time of each one's fastest rounds, which other processes delayed least, and the ratio of both.
 */

const ROUNDS = 30;
const WARM_UP_RUNS = 6;
/** Of the rounds, the fastest that count. */
const COUNTED = 6;
/** Short work is repeated up to this. */
const LEAST_ROUND_MS = 4;

const MIB = 1024 * 1024;
const NOTHING_DECLARED = { recordCount: null, estimatedValueUsd: null };
const AUTO: MeasureHints = { records: { kind: "auto" }, amount: null, recipients: null };
const MONEY: MeasureHints = {
  records: { kind: "auto" },
  amount: { path: "amount", unit: "major", currency: { code: "USD" } },
  recipients: "email",
};
const KINDS = ["email", "phone", "card", "ssn", "iban"] as const;

const SENTENCES = [
  "Dear customer, thank you for your message of 22 November about order #4521.",
  "The parcel has left our depot in Essex and should arrive within 3 days!",
  "If you have any questions, write to support or call (212) 555-0123 between 9 and 5.",
  "We've updated the address; the invoice over $455.00 follows by e-mail.",
];

function filled(bytes: number, piece: (index: number) => string): string {
  const pieces: string[] = [];
  for (let length = 0, index = 0; length < bytes; index++) {
    const next = piece(index);
    pieces.push(next);
    length += next.length;
  }
  return pieces.join("");
}

const sentence = (index: number): string => SENTENCES[index % SENTENCES.length] ?? "";
const prose = filled(MIB / 4, (index) => `${sentence(index)}\n`);
const csv = `id,name,email,amount,note\n${filled(
  MIB,
  (row) => `${row},"Person, ${row}",person${row}@example.com,${row % 1000}.50,renewal of the yearly plan\n`,
)}`;
const rows = csv.split("\n");
const json = JSON.stringify(rows.map((line, id) => ({ id, line, ok: true })));
const ndjson = rows.map((line, id) => JSON.stringify({ id, line })).join("\n");
const paragraph = (index: number): string =>
  `<p class="x" style="width:20px">${sentence(index).replaceAll("'", "&#39;")} ` +
  `<a href="https://x.example/?id=41&amp;y=2">link</a></p>`;
const document = (paragraphs: string): string => `<!doctype html><html><body>${paragraphs}</body></html>`;
const html = document(filled(MIB / 4, paragraph));
const smallHtml = document(filled(2_048, paragraph));
const kilobyte = "Hello, the refund for order 4521 is on its way. ".repeat(21);
const openTags = "<b ".repeat(MIB / 12);
const exclamations = "!".repeat(MIB / 4);

type Runs = Readonly<Record<string, () => unknown>>;

/** What is measured of one checkout. */
async function runsOf(root: URL): Promise<Runs> {
  const load = (path: string) => import(new URL(`src/core/${path}.ts`, root).href);
  const { measure } = await load("proposal/measure/measure");
  const { findTemplateErrors } = await load("detection/template-errors");
  const { readableTexts } = await load("detection/readable");
  const { findPii } = await load("detection/pii/pii");
  const { compileTerms } = await load("detection/terms/terms");
  // Each content is parsed once for a payload, so every run that measures makes a new one.
  const content = (text: string, name: string | null, mediaType: string | null = null) => {
    const bytes = new TextEncoder().encode(text);
    return () => ({ kind: "content", bytes, name, mediaType });
  };
  const measured =
    (make: () => unknown, hints = AUTO) =>
    () =>
      measure(make(), hints, NOTHING_DECLARED);
  const read = (make: () => unknown) => {
    const payload = make();
    const facts = measure(payload, AUTO, NOTHING_DECLARED);
    return { payload, facts, texts: readableTexts(payload, facts) };
  };
  const table = content(csv, "a.csv");
  const declared = content(html, null, "text/html");
  const undeclared = content(html, null);
  const small = content(kilobyte, null);
  const cells = read(table);
  const [page, guessed, shortPage] = [
    read(declared),
    read(undeclared),
    read(content(smallHtml, null, "text/html")),
  ];
  const thousand = compileTerms(Array.from({ length: 1_000 }, (_, n) => `refund guaranteed q${n}`)).value;
  const three = compileTerms(["refund guaranteed", "lawsuit", "legal action"]).value;
  return {
    "CSV measured: type": measured(table),
    "CSV measured: money": measured(table, MONEY),
    "JSON measured": measured(content(json, "a.json")),
    "NDJSON measured": measured(content(ndjson, "a.ndjson")),
    "HTML measured": measured(declared),
    "HTML measured, undeclared": measured(undeclared),
    "1 KB measured": measured(small),
    "CSV texts": () => readableTexts(cells.payload, cells.facts),
    "CSV terms": () => thousand.find(cells.texts),
    "CSV PII": () => findPii(cells.texts, KINDS),
    "CSV template errors": () => findTemplateErrors(cells.payload, cells.facts),
    "HTML terms": () => thousand.find(page.texts),
    "HTML terms, undeclared": () => thousand.find(guessed.texts),
    "HTML terms, 2 KB": () => thousand.find(shortPage.texts),
    "HTML PII": () => findPii(page.texts, KINDS),
    "HTML template errors": () => findTemplateErrors(page.payload, page.facts),
    "prose terms": () => thousand.find([prose]),
    "open tags terms": () => thousand.find([openTags]),
    "exclamation marks terms": () => thousand.find([exclamations]),
    "1 KB terms": () => three.find([kilobyte]),
  };
}

function elapsedMs(run: () => unknown, repeats: number): number {
  const began = performance.now();
  for (let index = 0; index < repeats; index++) run();
  return (performance.now() - began) / repeats;
}

function fastest(times: readonly number[]): number {
  const counted = times.toSorted((one, other) => one - other).slice(0, COUNTED);
  return counted.reduce((sum, time) => sum + time, 0) / counted.length;
}

const [other, ...names] = process.argv.slice(2);
if (other === undefined) throw new Error("Usage: node bench/compare.ts OTHER_CHECKOUT [NAME…]");
const before = await runsOf(new URL("./", pathToFileURL(`${other}/package.json`)));
const now = await runsOf(new URL("../", import.meta.url));
console.log(`${"".padEnd(28)}${"before".padStart(10)}${"now".padStart(10)} ms${"ratio".padStart(8)}`);
for (const [name, run] of Object.entries(now)) {
  const earlier = before[name];
  if (earlier === undefined || (names.length > 0 && !names.some((part) => name.includes(part)))) continue;
  for (let round = 0; round < WARM_UP_RUNS; round++) for (const one of [run, earlier]) one();
  const repeats = Math.max(1, Math.ceil(LEAST_ROUND_MS / Math.max(0.001, elapsedMs(run, 3))));
  const times = { before: [] as number[], now: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    if (round % 2 === 0) times.before.push(elapsedMs(earlier, repeats));
    times.now.push(elapsedMs(run, repeats));
    if (round % 2 === 1) times.before.push(elapsedMs(earlier, repeats));
  }
  const [was, is] = [fastest(times.before), fastest(times.now)];
  console.log(
    `${name.padEnd(28)}${was.toFixed(3).padStart(10)}${is.toFixed(3).padStart(10)}   ${(is / was).toFixed(2).padStart(8)}`,
  );
}

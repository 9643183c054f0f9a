// Readers of bodies in JavaScript: PapaParse, csv-parse, qs, querystring, busboy, marked. The protocol is described in
// python.py. A process of its own, so that a reader that hangs or throws late can't end the tests.
import { parse as parseQuery } from "node:querystring";
import { Readable } from "node:stream";
import busboy from "busboy";
import { parse as parseCsv } from "csv-parse/sync";
import { marked } from "marked";
import Papa from "papaparse";
import qs from "qs";

const CARD = /(?<![\w.-])4111[ -]?1111[ -]?1111[ -]?1111(?![\w.-])/;
const LARGEST = 1e18;
const DELIMITERS = { comma: ",", semicolon: ";", tab: "\t", pipe: "|" };

function needles(texts) {
  const found = new Set();
  for (const text of texts) {
    const plain = text.toLowerCase().replaceAll(/\s+/g, " ");
    if (/\brefund guaranteed\b/.test(plain)) found.add("term");
    if (CARD.test(plain)) found.add("card");
    if (plain.includes("{{name}}") && !plain.includes("`")) found.add("template");
  }
  return [...found].toSorted();
}

function numberOf(value) {
  if (typeof value === "number") return value;
  if (typeof value !== "string") return 0;
  const numbers = [Number(value), Number.parseFloat(value)].filter((number) => !Number.isNaN(number));
  return Math.max(0, ...numbers);
}

function money(values, unit) {
  const total = values.reduce((sum, value) => sum + numberOf(value), 0);
  return Math.min(Math.floor(total * (unit === "major" ? 100 : 1) + 1e-6), LARGEST);
}

const largest = (values) => Math.min(Math.max(0, ...values.map(numberOf)), LARGEST);

function addresses(value) {
  if (Array.isArray(value)) return value.reduce((sum, item) => sum + addresses(item), 0);
  if (value !== null && typeof value === "object") return addresses(value.email);
  if (typeof value !== "string" || value.includes("<")) return 0;
  return value.split(/[\s,;]+/).filter((token) => token.includes("@")).length;
}

function table(rows, { unit }) {
  const filled = rows.filter((row) => !/^[\s,;|"\uFEFF\0]*$/.test(row.join("")));
  const reading = { records: Math.max(0, filled.length - 1), needles: needles(filled.flat().map(String)) };
  for (const [index, name] of (filled[0] ?? []).entries()) {
    const values = filled.slice(1).map((row) => row[index]);
    const column = String(name).trim().toLowerCase();
    if (column === "amount") {
      reading.money = Math.max(reading.money ?? 0, money(values, unit));
      reading.largest = Math.max(reading.largest ?? 0, largest(values));
    }
    if (column === "to") reading.recipients = Math.max(reading.recipients ?? 0, addresses(values));
  }
  return reading;
}

function csvReadings(body, kase) {
  const text = new TextDecoder("utf-8").decode(body);
  const readings = {};
  const papa = (name, options) => {
    const { data } = Papa.parse(text, options);
    readings[`javascript.papaparse.${name}`] = table(data, kase);
  };
  papa("detected", {});
  const strict = (name, options) => {
    try {
      const rows = parseCsv(text, {
        bom: true,
        relax_column_count: true,
        skip_empty_lines: true,
        ...options,
      });
      readings[`javascript.csv-parse.${name}`] = table(rows, kase);
    } catch {
      // This reader refuses the body.
    }
  };
  for (const [name, delimiter] of Object.entries(DELIMITERS)) {
    if (name !== "comma" && !text.includes(delimiter)) continue;
    papa(name, { delimiter });
    strict(name, { delimiter });
    strict(`${name}.relaxed`, { delimiter, relax_quotes: true });
    if (text.includes("\\")) strict(`${name}.escape`, { delimiter, escape: "\\", relax_quotes: true });
  }
  return readings;
}

function leaves(value, path, counts, texts) {
  if (value !== null && typeof value === "object") {
    for (const [name, item] of Object.entries(value)) {
      texts.push(name);
      leaves(item, /^\d+$/.test(name) ? `${path}[]` : `${path}[${name}]`, counts, texts);
    }
    return;
  }
  counts.set(path, (counts.get(path) ?? 0) + 1);
  if (typeof value === "string") texts.push(value);
}

const items = (list) => list.reduce((sum, item) => sum + (Array.isArray(item) ? items(item) : 1), 0);

function listIn(text) {
  if (!text.trimStart().startsWith("[")) return 0;
  try {
    const value = JSON.parse(text);
    return Array.isArray(value) ? items(value) : 0;
  } catch {
    return 0;
  }
}

function fields(values, { unit }) {
  const counts = new Map([["", 1]]);
  const texts = [];
  leaves(values, "", counts, texts);
  const amounts = [values.amount ?? []].flat(Infinity);
  return {
    records: Math.max(...counts.values(), ...texts.map(listIn)),
    money: Math.max(0, ...amounts.map((value) => money([value], unit))),
    largest: largest(amounts),
    recipients: addresses(values.to),
    needles: needles(texts),
  };
}

function formReadings(body, kase) {
  const text = new TextDecoder("utf-8").decode(body);
  const readings = {};
  const read = (name, parse) => {
    try {
      readings[`javascript.${name}`] = fields(parse(), kase);
    } catch {
      // This reader refuses the body.
    }
  };
  read("qs", () => qs.parse(text));
  read("qs.dots", () => qs.parse(text, { allowDots: true }));
  read("querystring", () => ({ ...parseQuery(text) }));
  return readings;
}

function fileRecords(name, type, content) {
  if (type === "text/csv" || name.toLowerCase().endsWith(".csv")) {
    return table(Papa.parse(content).data, { unit: "major" }).records;
  }
  return Math.max(1, listIn(content));
}

/** Busboy waits for ever where a file of a part behind the last boundary does not end. */
const BUSBOY_MS = 1_000;

/** What multer and Express see: fields as qs makes them, files by their type. */
function multipartReadings(body, kase) {
  return new Promise((resolve) => {
    let parser;
    try {
      parser = busboy({ headers: { "content-type": kase.type ?? "" } });
    } catch {
      resolve({});
      return;
    }
    const pairs = [];
    const texts = [];
    let files = 0;
    parser.on("field", (name, value) => pairs.push([name, value]));
    parser.on("file", (name, stream, { filename, mimeType }) => {
      const chunks = [];
      stream.on("data", (chunk) => chunks.push(chunk));
      // A part that the body's end cuts off: its program has read what came.
      stream.on("error", () => {});
      stream.on("close", () => {
        const content = Buffer.concat(chunks).toString("utf8");
        texts.push(name ?? "", filename ?? "", content);
        files += fileRecords(filename ?? "", mimeType, content);
      });
    });
    // What came of that file has been read by then: it closes before the parser does.
    const clock = setTimeout(() => parser.destroy(), BUSBOY_MS);
    let isDone = false;
    const finish = () => {
      if (isDone) return;
      isDone = true;
      clearTimeout(clock);
      const reading = fields(
        qs.parse(pairs.map((pair) => pair.map(encodeURIComponent).join("=")).join("&")),
        kase,
      );
      reading.records = Math.max(reading.records, files);
      reading.needles = [...new Set([...reading.needles, ...needles(texts)])].toSorted();
      resolve({ "javascript.busboy": reading });
    };
    // What was read before a malformed part has been handled by then.
    parser.on("error", finish);
    parser.on("close", finish);
    Readable.from([Buffer.from(body)]).pipe(parser);
  });
}

function at(value, name) {
  if (Array.isArray(value)) return value.flatMap((item) => at(item, name));
  return value !== null && typeof value === "object" && Object.hasOwn(value, name) ? [value[name]] : [];
}

function documents(values, kase) {
  const counts = new Map();
  const texts = [];
  leaves(values, "", counts, texts);
  const found = kase.records === null ? values : at(values, kase.records);
  return {
    records: found.reduce((sum, value) => sum + (Array.isArray(value) ? items(value) : 1), 0),
    money: money(at(values, "amount").flat(Infinity), kase.unit),
    largest: largest(at(found, "amount").flat(Infinity)),
    recipients: addresses(at(values, "to")),
    needles: needles([...texts, ...texts.flatMap(markdownTexts)]),
  };
}

function jsonReadings(body, kase) {
  try {
    const value = JSON.parse(new TextDecoder("utf-8").decode(body));
    return { "javascript.json": documents([value], kase) };
  } catch {
    return {};
  }
}

function lineReadings(body, kase) {
  try {
    const lines = new TextDecoder("utf-8").decode(body).split(/\r?\n/);
    const values = lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line));
    return { "javascript.ndjson": documents(values, kase) };
  } catch {
    return {};
  }
}

/** A Markdown text as it is shown: the texts of each block, without marks and targets. */
function markdownTexts(text) {
  if (!/[[*_`~\\]/.test(text)) return [];
  const shown = [];
  const inline = (tokens) =>
    tokens
      .map((token) => {
        if (token.tokens !== undefined) return inline(token.tokens);
        if (token.type === "html") return "";
        return token.type === "br" ? "\n" : (token.text ?? "");
      })
      .join("");
  const visit = (tokens) => {
    for (const token of tokens) {
      if (token.type === "list") for (const item of token.items) visit(item.tokens);
      else if (token.type === "blockquote") visit(token.tokens);
      else if (token.tokens !== undefined) shown.push(inline(token.tokens));
      else if (token.type === "code") shown.push(token.text);
    }
  };
  try {
    visit(marked.lexer(text));
  } catch {
    return [];
  }
  return shown;
}

function textReadings(body) {
  const text = new TextDecoder("utf-8").decode(body);
  return { "javascript.marked": { needles: needles([text, ...markdownTexts(text)]) } };
}

async function readingsOf(kase, body) {
  switch (kase.family) {
    case "csv":
      return csvReadings(body, kase);
    case "json":
      return jsonReadings(body, kase);
    case "ndjson":
      return lineReadings(body, kase);
    case "form":
      return formReadings(body, kase);
    case "multipart":
      return await multipartReadings(body, kase);
    default:
      return textReadings(body);
  }
}

process.stdout.write(`${JSON.stringify({ missing: [] })}\n`);
let rest = Buffer.alloc(0);
for await (const chunk of process.stdin) {
  rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
  let start = 0;
  for (;;) {
    const end = rest.indexOf(0x0a, start);
    if (end < 0) break;
    const kase = JSON.parse(rest.toString("utf8", start, end));
    if (rest.length < end + 1 + kase.size) break;
    const body = rest.subarray(end + 1, end + 1 + kase.size);
    start = end + 1 + kase.size;
    const readings = await readingsOf(kase, body);
    process.stdout.write(`${JSON.stringify({ id: kase.id, readings })}\n`);
  }
  rest = rest.subarray(start);
}

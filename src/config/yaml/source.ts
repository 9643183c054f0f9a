import { isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";
import type { Document, Node, Pair, YAMLMap } from "yaml";
import { err, ok } from "../../core/base/result.ts";
import type { Result } from "../../core/base/result.ts";

/** One mistake in a file. Lines and columns count from 1. */
export interface PolicyProblem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

export type Path = readonly (string | number)[];

/** A YAML file as plain values, with the lines and columns of its paths. */
export interface YamlSource {
  readonly file: string;
  readonly value: unknown;
  /** A problem at a path's value, or at the closest ancestor that the file has. */
  problemAt(path: Path, message: string): PolicyProblem;
  /** A problem at the key a path ends with. */
  problemAtKey(path: Path, message: string): PolicyProblem;
  /** Line of the key a path ends with. */
  lineOf(path: Path): number;
  /** Does the key that a path ends with have nothing behind it? YAML reads that as `null`. */
  isEmptyAt(path: Path): boolean;
}

/** Well above a file of thousands of terms; a larger one is a mistake or an attack on the parser. */
const MAX_YAML_CHARACTERS = 1_048_576;
/** Enough for anchors shared by a few lists; hundreds of expansions are an alias bomb ("billion laughs"). */
const MAX_ALIASES = 100;

export const YAML_OPTIONS = {
  version: "1.2",
  // `duplicateKeys` finds them: the parser compares each key with all before it, which takes quadratic time.
  uniqueKeys: false,
  stringKeys: true,
  strict: true,
  prettyErrors: false,
  // "silent" would also suppress the error for a second document, whose rules would not apply.
  logLevel: "error",
} as const;

/** @returns every mistake of the YAML itself: syntax, a key written twice, unknown tags, alias bombs. */
export function readYaml(file: string, text: string): Result<YamlSource, readonly PolicyProblem[]> {
  const first = (message: string) => err([{ file, line: 1, column: 1, message }]);
  if (text.length > MAX_YAML_CHARACTERS) {
    return first(`the file is larger than ${MAX_YAML_CHARACTERS} characters`);
  }
  const lines = new LineCounter();
  let document: Document.Parsed;
  let value: unknown;
  let prototype: Path | null;
  try {
    document = parseDocument(text, { ...YAML_OPTIONS, lineCounter: lines });
    const mistakes = [...document.errors, ...duplicateKeys(document), ...document.warnings];
    if (mistakes.length > 0) {
      return err(
        mistakes.map((mistake) => ({
          file,
          ...positionOf(lines, mistake.pos[0]),
          message: wordsFor(mistake.code, mistake.message),
        })),
      );
    }
    value = document.toJS({ maxAliasCount: MAX_ALIASES });
    // A lone surrogate, which YAML can escape, has no RFC 8785 form: a reason that quotes it could not be digested.
    if (!isWellFormed(value)) return first("a text contains half a character (a lone \\uD800 to \\uDFFF)");
    prototype = prototypeKey(value);
  } catch (error) {
    // Thrown for too many aliases, nesting deeper than the stack, and a list that contains itself.
    return first(
      `the file can't be read as YAML: ${error instanceof Error ? wordsForThrown(error) : "unknown"}`,
    );
  }
  if (value === null || value === undefined) return first("the file is empty");
  const source = sourceOf(file, value, document, lines);
  if (prototype !== null) return err([source.problemAtKey(prototype, "unknown key `__proto__`")]);
  return ok(source);
}

interface Mistake {
  readonly code: string;
  readonly message: string;
  readonly pos: readonly [number, ...number[]];
}

/** YAML 1.2.2 section 3.2.1.1: parsers differ on which of two equal keys counts. */
function duplicateKeys(document: Document.Parsed): readonly Mistake[] {
  const mistakes: Mistake[] = [];
  const nodes: unknown[] = [document.contents];
  for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
    if (isSeq(node)) for (const item of node.items) nodes.push(item);
    if (!isMap(node)) continue;
    const seen = new Set<unknown>();
    for (const { key, value } of node.items) {
      nodes.push(value);
      if (!isScalar(key)) continue;
      if (seen.has(key.value)) mistakes.push({ code: "DUPLICATE_KEY", message: "", pos: [offsetOf(key, 0)] });
      seen.add(key.value);
    }
  }
  return mistakes;
}

/** The parser's message quotes an unresolved alias, which may be a password that begins with an asterisk. */
function wordsForThrown({ message }: Error): string {
  return message.startsWith("Unresolved alias")
    ? "an alias has no anchor before it; text that begins with `*` goes in quotes"
    : message;
}

function isWellFormed(value: unknown): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, member]) => key.isWellFormed() && isWellFormed(member));
}

/** Path of a `__proto__` key: zod drops it from records, so its entry would be ignored without a message. */
function prototypeKey(value: unknown): Path | null {
  if (typeof value !== "object" || value === null) return null;
  for (const [key, member] of Object.entries(value)) {
    if (key === "__proto__") return [key];
    const below = prototypeKey(member);
    if (below !== null) return [key, ...below];
  }
  return null;
}

function sourceOf(file: string, value: unknown, document: Document.Parsed, lines: LineCounter): YamlSource {
  const at = (offset: number) => positionOf(lines, offset);
  return {
    file,
    value,
    problemAt: (path, message) => ({ file, ...at(find(document, path).value), message }),
    problemAtKey: (path, message) => ({ file, ...at(find(document, path).key), message }),
    lineOf: (path) => at(find(document, path).key).line,
    isEmptyAt: (path) => {
      const node: unknown = document.getIn(path, true);
      return node === null || (isScalar(node) && node.value === null && (node.source ?? "") === "");
    },
  };
}

function positionOf(lines: LineCounter, offset: number): { line: number; column: number } {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(1, line), column: Math.max(1, col) };
}

function find(document: Document.Parsed, path: Path): { key: number; value: number } {
  let node: Node | null = document.contents;
  let place = { key: offsetOf(node, 0), value: offsetOf(node, 0) };
  for (const segment of path) {
    if (isMap(node)) {
      const pair: Pair | undefined = pairsOf(node).get(String(segment));
      if (pair === undefined) return place;
      const key = offsetOf(pair.key, place.value);
      node = asNode(pair.value);
      place = { key, value: offsetOf(node, key) };
    } else if (isSeq(node)) {
      const item = asNode(node.items[Number(segment)]);
      if (item === null) return place;
      node = item;
      place = { key: offsetOf(node, place.value), value: offsetOf(node, place.value) };
    } else {
      return place;
    }
  }
  return place;
}

const PAIRS = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();

/** By key, the first of each, once for a mapping: a file of a thousand mistakes looks each of them up. */
function pairsOf(map: YAMLMap): ReadonlyMap<string, Pair> {
  const known = PAIRS.get(map);
  if (known !== undefined) return known;
  const pairs = new Map<string, Pair>();
  for (const pair of map.items) {
    if (!isScalar(pair.key)) continue;
    const name = String(pair.key.value);
    if (!pairs.has(name)) pairs.set(name, pair);
  }
  PAIRS.set(map, pairs);
  return pairs;
}

function asNode(value: unknown): Node | null {
  return typeof value === "object" && value !== null && "range" in value ? (value as Node) : null;
}

function offsetOf(node: unknown, otherwise: number): number {
  return asNode(node)?.range?.[0] ?? otherwise;
}

function wordsFor(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key is written twice; remove one of the two";
    case "NON_STRING_KEY":
      return "keys must be plain text";
    case "TAB_AS_INDENT":
      return "indent with spaces, not with a tab";
    case "TAG_RESOLVE_FAILED":
      return "tags such as !!js are not allowed; write plain values";
    case "MULTIPLE_DOCS":
      return "one file holds one policy; remove the `---` and what follows";
    default:
      return message;
  }
}

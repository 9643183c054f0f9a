import { err, ok, type Result } from "../../base/result.ts";
import type { JsonPath, Operand, Operator, Query, Segment, Selector, Test } from "./json-path-syntax.ts";

/** A path is configuration; one longer than this is a mistake. */
const MAX_PATH_CHARS = 1_000;
const MAX_FILTER_DEPTH = 16;

/** A syntax error and its position; `parseJsonPath` catches it. */
class PathError extends Error {}

/**
 * RFC 9535 without the regular-expression functions `match` and `search`, which can't be bounded.
 *
 * @returns the path, or a sentence that names the error and its character.
 */
export function parseJsonPath(text: string): Result<JsonPath, string> {
  if (text.length > MAX_PATH_CHARS) return err(`the path is longer than ${MAX_PATH_CHARS} characters`);
  try {
    const dotted = !text.startsWith("$");
    const reader = new Reader(dotted ? `$${text.startsWith("[") ? "" : "."}${text}` : text, dotted);
    reader.expect("$");
    const segments = reader.segments();
    reader.end();
    const selective = segments.some(
      (segment) =>
        segment.descendant ||
        segment.selectors.length > 1 ||
        segment.selectors.some((selector) => selector.kind === "filter" || selector.kind === "slice"),
    );
    return ok({ segments, dotted, selective });
  } catch (error) {
    if (error instanceof PathError) return err(error.message);
    throw error;
  }
}

class Reader {
  readonly #text: string;
  /** A name of a dot path may hold anything but a dot, brackets and `*`. */
  readonly #name: RegExp;
  #at = 0;
  #depth = 0;

  constructor(text: string, dotted: boolean) {
    this.#text = text;
    this.#name = dotted ? /^[^.[\]*]+/ : /^[A-Za-z_\u0080-\u{10ffff}][\w\u0080-\u{10ffff}]*/u;
  }

  segments(): Segment[] {
    const segments: Segment[] = [];
    for (;;) {
      const before = this.#at;
      this.#blanks();
      if (this.#take("..")) {
        segments.push({
          descendant: true,
          selectors: this.#peek("[") ? this.#brackets() : [this.#shorthand()],
        });
      } else if (this.#take(".")) {
        segments.push({ descendant: false, selectors: [this.#shorthand()] });
      } else if (this.#peek("[")) {
        segments.push({ descendant: false, selectors: this.#brackets() });
      } else {
        this.#at = before;
        return segments;
      }
    }
  }

  expect(token: string): void {
    if (!this.#take(token)) this.#fail(`"${token}" was expected`);
  }

  end(): void {
    if (this.#at < this.#text.length) this.#fail("this can't be read");
  }

  #fail(problem: string): never {
    throw new PathError(`${problem} at character ${this.#at + 1} of ${this.#text}`);
  }

  #blanks(): void {
    while (/[ \t\n\r]/.test(this.#text.charAt(this.#at))) this.#at++;
  }

  #peek(token: string): boolean {
    return this.#text.startsWith(token, this.#at);
  }

  #take(token: string): boolean {
    if (!this.#peek(token)) return false;
    this.#at += token.length;
    return true;
  }

  #match(pattern: RegExp): string | null {
    const found = pattern.exec(this.#text.slice(this.#at));
    if (found === null) return null;
    this.#at += found[0].length;
    return found[0];
  }

  #shorthand(): Selector {
    if (this.#take("*")) return { kind: "wildcard" };
    const name = this.#match(this.#name);
    return name === null ? this.#fail("a name was expected") : { kind: "name", name };
  }

  #brackets(): Selector[] {
    this.expect("[");
    const selectors: Selector[] = [];
    do {
      this.#blanks();
      selectors.push(this.#selector());
      this.#blanks();
    } while (this.#take(","));
    this.expect("]");
    return selectors;
  }

  #selector(): Selector {
    if (this.#take("*")) return { kind: "wildcard" };
    if (this.#peek("'") || this.#peek('"')) return { kind: "name", name: this.#string() };
    if (this.#take("?")) {
      this.#blanks();
      return { kind: "filter", test: this.#or() };
    }
    const start = this.#integer();
    this.#blanks();
    if (!this.#take(":")) {
      return start === null ? this.#fail("a selector was expected") : { kind: "index", index: start };
    }
    this.#blanks();
    const end = this.#integer();
    this.#blanks();
    let step: number | null = null;
    if (this.#take(":")) {
      this.#blanks();
      step = this.#integer();
    }
    return { kind: "slice", start, end, step: step ?? 1 };
  }

  #integer(): number | null {
    const digits = this.#match(/^(?:0|-?[1-9]\d*)(?!\d)/);
    if (digits === null) return null;
    const value = Number(digits);
    return Number.isSafeInteger(value) ? value : this.#fail("this number is too large");
  }

  #string(): string {
    const quoted = this.#match(/^(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")/su);
    if (quoted === null) return this.#fail("this string does not end");
    const inner = quoted
      .slice(1, -1)
      .replaceAll(/\\'/g, "'")
      .replaceAll(/(?<!\\)"/g, '\\"');
    try {
      return JSON.parse(`"${inner}"`) as string;
    } catch {
      return this.#fail("this string can't be read");
    }
  }

  #or(): Test {
    // Parentheses nest; an operator's typo must not overflow the stack.
    if (++this.#depth > MAX_FILTER_DEPTH) this.#fail("this filter is nested too deeply");
    const terms = [this.#and()];
    for (this.#blanks(); this.#take("||"); this.#blanks()) {
      this.#blanks();
      terms.push(this.#and());
    }
    this.#depth--;
    const [only] = terms;
    return terms.length === 1 && only !== undefined ? only : { kind: "or", terms };
  }

  #and(): Test {
    const terms = [this.#basic()];
    for (this.#blanks(); this.#take("&&"); this.#blanks()) {
      this.#blanks();
      terms.push(this.#basic());
    }
    const [only] = terms;
    return terms.length === 1 && only !== undefined ? only : { kind: "and", terms };
  }

  #basic(): Test {
    if (this.#take("!")) {
      this.#blanks();
      return { kind: "not", term: this.#basic() };
    }
    if (this.#take("(")) {
      this.#blanks();
      const test = this.#or();
      this.#blanks();
      this.expect(")");
      return test;
    }
    const left = this.#operand();
    this.#blanks();
    const operator = this.#match(/^(?:==|!=|<=|>=|<|>)/) as Operator | null;
    if (operator !== null) {
      this.#blanks();
      return { kind: "compare", operator, left: this.#single(left), right: this.#single(this.#operand()) };
    }
    return left.kind === "query"
      ? { kind: "exists", query: left.query }
      : this.#fail("a comparison was expected");
  }

  /** Only one value can be compared: RFC 9535 section 2.3.5.1, singular queries. */
  #single(operand: Operand): Operand {
    if (operand.kind === "query" && !operand.query.segments.every(isSingular)) {
      this.#fail("only a path to one value can be compared");
    }
    return operand;
  }

  #operand(): Operand {
    if (this.#peek("$") || this.#peek("@")) return { kind: "query", query: this.#query() };
    if (this.#peek("'") || this.#peek('"')) return { kind: "literal", value: this.#string() };
    const number = this.#match(/^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/);
    if (number !== null) return { kind: "literal", value: Number(number) };
    const word = this.#match(/^[a-z][a-z_0-9]*/);
    if (word === "true" || word === "false") return { kind: "literal", value: word === "true" };
    if (word === "null") return { kind: "literal", value: null };
    if (word === "match" || word === "search") {
      return this.#fail(`${word}() is not supported, because a regular expression can't be bounded`);
    }
    if (word !== "length" && word !== "count" && word !== "value") return this.#fail("a value was expected");
    this.expect("(");
    this.#blanks();
    const operand: Operand =
      word === "length"
        ? { kind: "length", of: this.#single(this.#operand()) }
        : { kind: word, query: this.#query() };
    this.#blanks();
    this.expect(")");
    return operand;
  }

  #query(): Query {
    const from = this.#take("$") ? "$" : "@";
    if (from === "@") this.expect("@");
    return { from, segments: this.segments() };
  }
}

function isSingular(segment: Segment): boolean {
  const [selector] = segment.selectors;
  return (
    !segment.descendant &&
    segment.selectors.length === 1 &&
    (selector?.kind === "name" || selector?.kind === "index")
  );
}

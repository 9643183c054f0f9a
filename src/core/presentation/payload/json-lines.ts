/** One piece of a layout, and whether it is all of it. */
export interface Laid {
  readonly text: string;
  readonly isWhole: boolean;
}

const INDENT = "  ";

/**
 * Valid JSON with one member a line. Numbers stay as they are written, because readers differ on `1.10` and `1e3`;
 * strings are decoded as every parser does, so that `\u0072efund` hides no word.
 *
 * @param json must have passed `parseStrictJson`: on other text the result is no layout of it
 * @param maxCharacters the layout ends there
 */
export function indentJson(json: string, maxCharacters: number): Laid {
  const pieces: string[] = [];
  let length = 0;
  let depth = 0;
  const put = (piece: string) => {
    pieces.push(piece);
    length += piece.length;
  };
  const breakLine = () => put(`\n${INDENT.repeat(depth)}`);
  let at = 0;
  while (at < json.length) {
    if (length > maxCharacters) break;
    const char = json.charAt(at);
    switch (char) {
      case "{":
      case "[": {
        const next = afterBlanks(json, at + 1);
        const close = char === "{" ? "}" : "]";
        if (json.charAt(next) === close) {
          put(char + close);
          at = next + 1;
          continue;
        }
        put(char);
        depth += 1;
        breakLine();
        break;
      }
      case "}":
      case "]":
        depth -= 1;
        breakLine();
        put(char);
        break;
      case ",":
        put(char);
        breakLine();
        break;
      case ":":
        put(": ");
        break;
      case '"': {
        const end = endOfString(json, at);
        put(withBreaks(decoded(json.slice(at, end)), INDENT.repeat(depth + 1)));
        at = end;
        continue;
      }
      default:
        if (!isBlank(char)) put(char);
    }
    at += 1;
  }
  const text = pieces.join("");
  return { text: text.slice(0, maxCharacters), isWhole: at >= json.length && text.length <= maxCharacters };
}

/** A letter in one string is read line by line. The escape stays, so that a line end of the layout is told apart. */
function withBreaks(literal: string, indent: string): string {
  const inner = literal.slice(0, -1);
  return inner.replaceAll(/(?<!\\)((?:\\\\)*\\n)(?!$)/g, `$1\n${indent}`) + literal.slice(-1);
}

/** Written again with the fewest escapes, so that one string has one spelling. */
function decoded(literal: string): string {
  return literal.includes("\\") ? JSON.stringify(JSON.parse(literal)) : literal;
}

/** @returns the index after the closing quote */
function endOfString(json: string, open: number): number {
  let at = open + 1;
  while (at < json.length && json.charAt(at) !== '"') at += json.charAt(at) === "\\" ? 2 : 1;
  return at + 1;
}

function afterBlanks(json: string, from: number): number {
  let at = from;
  while (at < json.length && isBlank(json.charAt(at))) at += 1;
  return at;
}

function isBlank(char: string): boolean {
  return char === " " || char === "\n" || char === "\r" || char === "\t";
}

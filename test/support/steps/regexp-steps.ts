import { type AST, RegExpParser } from "@eslint-community/regexpp";

/*
 * The engine backtracks out of sight. This runs the same expression on the same text as a plain backtracking matcher,
 * the way Irregexp does, and counts the characters it looks at.
 */

type Continue = (at: number) => boolean;
type Matcher = (at: number, next: Continue) => boolean;
/** Index behind one character, −1 where it does not match. */
type Single = (at: number) => number;

interface Run {
  text: string;
  steps: number;
  limit: number;
}

interface Program {
  readonly run: Run;
  readonly match: Matcher;
}

const PROGRAMS = new Map<string, Program>();

/** Characters that `expression.exec(text)` looks at. */
export function attemptsOf(expression: RegExp, text: string, limit: number): number {
  const { source, flags, sticky, global } = expression;
  const key = `${flags}/${source}`;
  const program = PROGRAMS.get(key) ?? compile(source, flags);
  PROGRAMS.set(key, program);
  const { run, match } = program;
  run.text = text;
  run.steps = 0;
  run.limit = limit;
  const first = sticky || global ? expression.lastIndex : 0;
  for (let start = first; start <= text.length; start++) {
    run.steps++;
    if (match(start, () => true) || sticky) break;
  }
  return run.steps;
}

function compile(source: string, flags: string): Program {
  const run: Run = { text: "", steps: 0, limit: 0 };
  const pattern = new RegExpParser().parsePattern(source, 0, source.length, {
    unicode: flags.includes("u"),
    unicodeSets: flags.includes("v"),
  });
  return { run, match: new Compiler(run, flags).alternatives(pattern.alternatives, 1) };
}

class Compiler {
  readonly #run: Run;
  readonly #flags: string;
  readonly #isUnicode: boolean;
  readonly #captures = new Map<AST.CapturingGroup, string>();

  constructor(run: Run, flags: string) {
    this.#run = run;
    this.#flags = flags.replaceAll(/[gy]/g, "");
    this.#isUnicode = /[uv]/.test(flags);
  }

  /** @param direction −1 inside a lookbehind, which matches from right to left */
  alternatives(alternatives: readonly AST.Alternative[], direction: 1 | -1): Matcher {
    const each = alternatives.map(({ elements }) => {
      const ordered = direction === 1 ? elements : elements.toReversed();
      return ordered.map((element) => this.#element(element, direction));
    });
    return (at, next) => each.some((elements) => inSequence(elements, 0, at, next));
  }

  #element(element: AST.Element, direction: 1 | -1): Matcher {
    switch (element.type) {
      case "Character":
      case "CharacterSet":
      case "CharacterClass":
      case "ExpressionCharacterClass": {
        const single = this.#single(element, direction);
        return (at, next) => {
          const after = single(at);
          return after >= 0 && next(after);
        };
      }
      case "Group":
        return this.alternatives(element.alternatives, direction);
      case "CapturingGroup": {
        const inner = this.alternatives(element.alternatives, direction);
        return (at, next) =>
          inner(at, (after) => {
            const before = this.#captures.get(element);
            this.#captures.set(element, this.#run.text.slice(Math.min(at, after), Math.max(at, after)));
            if (next(after)) return true;
            if (before === undefined) this.#captures.delete(element);
            else this.#captures.set(element, before);
            return false;
          });
      }
      case "Backreference":
        return (at, next) => this.#backreference(element, direction, at, next);
      case "Quantifier":
        return this.#quantifier(element, direction);
      case "Assertion":
        return this.#assertion(element);
    }
  }

  #single(
    element: AST.Character | AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass,
    direction: 1 | -1,
  ): Single {
    // The engine says which characters a class has, by Unicode and by case.
    const whole = new RegExp(`^(?:${element.raw})$`, this.#flags);
    const known = new Map<number, boolean>();
    const run = this.#run;
    const isUnicode = this.#isUnicode;
    return (at) => {
      if (++run.steps > run.limit) throw new Error("more steps than any linear shape takes");
      const from = direction === 1 ? at : at - 1;
      if (from < 0 || from >= run.text.length) return -1;
      let code = isUnicode ? (run.text.codePointAt(from) ?? 0) : run.text.charCodeAt(from);
      let width = code > 0xffff ? 2 : 1;
      if (isUnicode && direction === -1 && from > 0) {
        const pair = run.text.codePointAt(from - 1) ?? 0;
        if (pair > 0xffff) [code, width] = [pair, 2];
      }
      let matches = known.get(code);
      if (matches === undefined) {
        matches = whole.test(String.fromCodePoint(code));
        known.set(code, matches);
      }
      return matches ? at + direction * width : -1;
    };
  }

  #backreference(element: AST.Backreference, direction: 1 | -1, at: number, next: Continue): boolean {
    const group = Array.isArray(element.resolved) ? element.resolved[0] : element.resolved;
    const wanted = group === undefined ? "" : (this.#captures.get(group as AST.CapturingGroup) ?? "");
    const run = this.#run;
    run.steps += wanted.length;
    const from = direction === 1 ? at : at - wanted.length;
    return from >= 0 && run.text.startsWith(wanted, from) && next(at + direction * wanted.length);
  }

  #quantifier({ element, min, max, greedy }: AST.Quantifier, direction: 1 | -1): Matcher {
    if (isSingle(element)) return repeatedSingle(this.#single(element, direction), min, max, greedy);
    const inner = this.#element(element, direction);
    const repeat = (count: number, at: number, next: Continue): boolean => {
      const more = () =>
        count < max &&
        inner(at, (after) => (after === at && count >= min ? false : repeat(count + 1, after, next)));
      if (count < min) return more();
      return greedy ? more() || next(at) : next(at) || more();
    };
    return (at, next) => repeat(0, at, next);
  }

  #assertion(element: AST.Assertion): Matcher {
    const run = this.#run;
    if (element.kind === "lookahead" || element.kind === "lookbehind") {
      const inner = this.alternatives(element.alternatives, element.kind === "lookahead" ? 1 : -1);
      return (at, next) => inner(at, () => true) !== element.negate && next(at);
    }
    const whole = new RegExp(element.raw, `${this.#flags}y`);
    return (at, next) => {
      run.steps++;
      whole.lastIndex = at;
      return whole.test(run.text) && next(at);
    };
  }
}

function inSequence(elements: readonly Matcher[], index: number, at: number, next: Continue): boolean {
  const element = elements[index];
  if (element === undefined) return next(at);
  return element(at, (after) => inSequence(elements, index + 1, after, next));
}

function isSingle(
  element: AST.QuantifiableElement,
): element is AST.Character | AST.CharacterSet | AST.CharacterClass | AST.ExpressionCharacterClass {
  return (
    element.type === "Character" ||
    element.type === "CharacterSet" ||
    element.type === "CharacterClass" ||
    element.type === "ExpressionCharacterClass"
  );
}

/** Without recursion: a run of a class is as long as the text. */
function repeatedSingle(single: Single, min: number, max: number, greedy: boolean): Matcher {
  return (start, next) => {
    const ends = [start];
    let at = start;
    const advance = (): boolean => {
      const after = ends.length > max ? -1 : single(at);
      if (after < 0) return false;
      at = after;
      ends.push(at);
      return true;
    };
    while (ends.length <= min) if (!advance()) return false;
    if (!greedy) {
      do if (next(at)) return true;
      while (advance());
      return false;
    }
    while (advance());
    for (let count = ends.length - 1; count >= min; count--) if (next(ends[count] ?? start)) return true;
    return false;
  };
}

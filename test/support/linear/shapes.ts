import { volume } from "../volume.ts";

/** One worst shape of a grammar, at any size. */
export interface Shape<Input = string> {
  readonly name: string;
  /** About `size` tokens. */
  readonly make: (size: number) => Input;
  /** Made from tokens; of these a quick run tries some. */
  readonly isGenerated?: true;
}

/** Pairs of tokens tried for each grammar, of all there are. */
const PAIRS = volume("LINEAR_PAIRS", { quick: 2, chaos: 2_000 });

/**
 * The worst shapes of a grammar, from its tokens: runs of one token, of two in turns, one before a run of another
 * (never closed) and behind it (almost a match), and half and half (nesting).
 */
export function shapesOf(tokens: readonly string[], byHand: readonly Shape[] = []): readonly Shape[] {
  const isGenerated = true;
  const shapes: Shape[] = [...byHand];
  for (const token of tokens) {
    shapes.push({ name: `${shown(token)}…`, make: (size) => token.repeat(size), isGenerated });
  }
  for (const [one, other] of somePairs(tokens)) {
    const [a, b] = [shown(one), shown(other)];
    shapes.push(
      { name: `${a}${b}…`, make: (size) => (one + other).repeat(size >> 1), isGenerated },
      { name: `${a} before ${b}…`, make: (size) => one + other.repeat(size), isGenerated },
      { name: `${a} behind ${b}…`, make: (size) => other.repeat(size) + one, isGenerated },
      {
        name: `${a}… before ${b}…`,
        make: (size) => one.repeat(size >> 1) + other.repeat(size >> 1),
        isGenerated,
      },
    );
  }
  return shapes;
}

function shown(token: string): string {
  return JSON.stringify(token.length > 24 ? `${token.slice(0, 24)}…` : token).slice(1, -1);
}

/** Evenly spread over all ordered pairs, the same each time. */
function somePairs(tokens: readonly string[]): readonly (readonly [string, string])[] {
  const all = tokens.flatMap((one) =>
    tokens.filter((other) => other !== one).map((other) => [one, other] as const),
  );
  const every = Math.max(1, all.length / PAIRS);
  const some: (readonly [string, string])[] = [];
  for (let at = 0; at < all.length; at += every) {
    const pair = all[Math.floor(at)];
    if (pair !== undefined) some.push(pair);
  }
  return some;
}

export function mapped<From, To>(
  shapes: readonly Shape<From>[],
  change: (input: From) => To,
): readonly Shape<To>[] {
  return shapes.map((each) => ({ ...each, make: (size) => change(each.make(size)) }));
}

export function shape<Input>(name: string, make: (size: number) => Input): Shape<Input> {
  return { name, make };
}

const UTF8 = new TextEncoder();

export function bytesOf(text: string): Uint8Array {
  return UTF8.encode(text);
}

/** `make(0)` to `make(count - 1)`. */
export function many(count: number, make: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => make(index)).join("");
}

/** Made-up data from a seed: the same corpus every time. */
export class MadeUp {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from `from` to `to`, both included. */
  number(from: number, to: number): number {
    // A linear congruential generator (Numerical Recipes) is enough for names and amounts.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return from + Math.floor((this.#state / 2 ** 32) * (to - from + 1));
  }

  pick<T>(items: readonly T[]): T {
    const found = items[this.number(0, items.length - 1)];
    if (found === undefined) throw new Error("nothing to pick from");
    return found;
  }

  many<T>(count: number, make: (index: number) => T): readonly T[] {
    return Array.from({ length: count }, (_, index) => make(index));
  }

  chance(inHundred: number): boolean {
    return this.number(1, 100) <= inHundred;
  }

  /** Letters and digits, as ids have them. */
  id(length: number): string {
    const characters = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
    return Array.from({ length }, () => characters.charAt(this.number(0, characters.length - 1))).join("");
  }

  digits(length: number): string {
    return String(this.number(1, 9)) + Array.from({ length: length - 1 }, () => this.number(0, 9)).join("");
  }

  date(): string {
    return `2026-${pad(this.number(1, 12))}-${pad(this.number(1, 28))}`;
  }
}

export function pad(number: number): string {
  return String(number).padStart(2, "0");
}

/** An exact decimal sum: `scaled` divided by ten to the power of `digits`. */
export interface Sum {
  readonly scaled: bigint;
  readonly digits: number;
}

export const ZERO: Sum = { scaled: 0n, digits: 0 };

/** Without signs of grouping, which readers read differently. */
const PLAIN_NUMBER = /^(-?)(\d{1,15})(?:\.(\d{1,6}))?$/;

/** `0.125` is one number to half the world and `1.250` another to the other half. */
const TWO_READINGS = /^-?[1-9]\d{0,2}\.\d{3}$/;

/** Adds a cell; null: it is no plain number. */
export function columnSum({ scaled, digits }: Sum, cell: string): Sum | null {
  const found = PLAIN_NUMBER.exec(cell.trim());
  if (found === null || TWO_READINGS.test(cell.trim())) return null;
  const [, sign = "", whole = "", part = ""] = found;
  const wanted = Math.max(digits, part.length);
  const added = BigInt(whole + part.padEnd(wanted, "0"));
  return {
    scaled: scaled * 10n ** BigInt(wanted - digits) + (sign === "-" ? -added : added),
    digits: wanted,
  };
}

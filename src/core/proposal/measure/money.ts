import type { Json } from "../../base/json.ts";

/** ISO 4217 currencies whose minor unit is not a hundredth. */
const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...["BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV"].map(
    (code) => [code, 0] as const,
  ),
  ...["XAF", "XOF", "XPF"].map((code) => [code, 0] as const),
  ...["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"].map((code) => [code, 3] as const),
  ...["CLF", "UYW"].map((code) => [code, 4] as const),
]);

/** Digits after the decimal point in a currency's amounts. */
export function minorUnitDigits(currency: string): number {
  return EXPONENTS.get(currency) ?? 2;
}

/** How the destination writes decimals, where its entry says so. */
export type DecimalMark = "point" | "comma";

const PLAIN = /^(\d{1,15})(?:\.(\d{1,15}))?$/;
/** Complete grouping only: `1,250` is 1250, and `1,25` is no amount. */
const GROUPED = /^(\d{1,3}(?:,\d{3}){1,4})(?:\.(\d{1,15}))?$/;
/** Three digits after the only mark: a thousand to half the world, a fraction to the other half. */
const TWO_READINGS = /^\d{1,3}[.,]\d{3}$/;

/** `ambiguous`: readers differ on the number; `none`: it is no amount at all. */
export type UnreadAmount = "ambiguous" | "none";

/**
 * An amount in exact minor units, without floating point. Not for a value that is missing, negative, not a number,
 * finer than the minor unit, or too large.
 *
 * @param unit `major`: `12.5` is 1250 where there are two digits; `minor`: `1250` is 1250.
 * @param mark null: a text with two readings is ambiguous
 */
export function minorUnits(
  value: Json | undefined,
  unit: "minor" | "major",
  digits: number,
  mark: DecimalMark | null = null,
): bigint | UnreadAmount {
  if (typeof value !== "number" && typeof value !== "string") return "none";
  const text = String(value)
    .trim()
    .replace(/^\$\s?/, "");
  if (typeof value === "string" && mark === null && TWO_READINGS.test(text)) return "ambiguous";
  const written = typeof value === "string" && mark === "comma" ? swapMarks(text) : text;
  const found = PLAIN.exec(written) ?? GROUPED.exec(written);
  if (found === null) return "none";
  const whole = (found[1] ?? "").replaceAll(",", "");
  const places = unit === "major" ? digits : 0;
  const fraction = (found[2] ?? "").replace(/0+$/, "");
  if (fraction.length > places) return "none";
  return BigInt(whole + fraction.padEnd(places, "0"));
}

function swapMarks(text: string): string {
  return text.replaceAll(/[.,]/g, (mark) => (mark === "," ? "." : ","));
}

/** ISO 4217 code, or null. */
export function currencyCode(value: Json | undefined): string | null {
  const code = typeof value === "string" ? value.trim().toUpperCase() : "";
  return /^[A-Z]{3}$/.test(code) ? code : null;
}

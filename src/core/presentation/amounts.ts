import { minorUnitDigits } from "../proposal/measure/money.ts";
import { groupDigits } from "./numbers.ts";

/** Signs that only one currency in wide use has; `$` alone is the US dollar, as everywhere in Gate. */
const SIGNS: ReadonlyMap<string, string> = new Map([
  ["USD", "$"],
  ["EUR", "€"],
  ["GBP", "£"],
  ["JPY", "¥"],
  ["INR", "₹"],
  ["KRW", "₩"],
  ["ILS", "₪"],
  ["UAH", "₴"],
  ["TRY", "₺"],
  ["VND", "₫"],
  ["NGN", "₦"],
  ["PHP", "₱"],
]);

/**
 * `€12,500.00 EUR`: with its sign where it has one, and its code, because several currencies share signs.
 *
 * @param minor whole minor units of the currency (ISO 4217): cents, but yen have none and dinars a thousand
 */
export function amountText(minor: number, currency: string): string {
  return `${SIGNS.get(currency) ?? ""}${majorText(minor, minorUnitDigits(currency))} ${currency}`;
}

/** US dollars: `$900.00`. */
export function dollars(cents: number): string {
  return `$${majorText(cents, 2)}`;
}

function majorText(minor: number, digits: number): string {
  const all = String(Math.abs(minor)).padStart(digits + 1, "0");
  const whole = groupDigits(BigInt(all.slice(0, all.length - digits)));
  const sign = minor < 0 ? "-" : "";
  return digits === 0 ? `${sign}${whole}` : `${sign}${whole}.${all.slice(all.length - digits)}`;
}

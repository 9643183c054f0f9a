import type { MoneyStatus } from "../facts.ts";
import { hasSimilarNames } from "./similar-names.ts";
import type { Body } from "../formats/content.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import { parseJsonPath } from "./parse-json-path.ts";
import { currencyCode, minorUnits, minorUnitDigits } from "./money.ts";
import { valuesIn } from "./select.ts";

export interface Money {
  readonly status: MoneyStatus;
  readonly usdCents: number | null;
  readonly totals: readonly { readonly currency: string; readonly minor: number }[];
}

/** A payload in more currencies than this is not a payment run. */
const MAX_CURRENCIES = 20;

const NONE: Money = { status: "none", usdCents: null, totals: [] };
const INCOMPLETE: Money = { status: "incomplete", usdCents: null, totals: [] };

/** Sums the amounts at the configured path; one unreadable amount leaves the whole sum incomplete. */
export function measureMoney(body: Body, amount: MeasureHints["amount"], recordCount: number | null): Money {
  if (amount === null) return NONE;
  const amounts = valuesIn(body, amount.path);
  if (!amounts.ok || hasSimilarNames(body, amount.path)) return INCOMPLETE;
  const { length } = amounts.value;
  if (length === 0 && recordCount !== 0) return INCOMPLETE;
  // A selective path (`..`, a filter) skips records without an amount, so fewer amounts than records is incomplete.
  if (length < (recordCount ?? 0) && isSelective(amount.path)) return INCOMPLETE;
  const currencies = currenciesOf(body, amount.currency, length);
  if (currencies === null) return INCOMPLETE;
  const sums = new Map<string, bigint>();
  for (const [index, value] of amounts.value.entries()) {
    const currency = currencyCode(currencies[currencies.length === 1 ? 0 : index]);
    if (currency === null) return INCOMPLETE;
    const minor = minorUnits(value, amount.unit, minorUnitDigits(currency));
    if (minor === null) return INCOMPLETE;
    sums.set(currency, (sums.get(currency) ?? 0n) + minor);
    if (sums.size > MAX_CURRENCIES) return INCOMPLETE;
  }
  return moneyFrom(sums);
}

function isSelective(path: string): boolean {
  const parsed = parseJsonPath(path);
  return parsed.ok && parsed.value.selective;
}

/** One currency for all, or one for each amount; null when they can't be determined. */
function currenciesOf(
  body: Body,
  currency: { readonly code: string } | { readonly path: string },
  amounts: number,
): readonly (string | null)[] | null {
  if ("code" in currency) return [currency.code];
  const found = valuesIn(body, currency.path);
  if (!found.ok || hasSimilarNames(body, currency.path)) return null;
  if (found.value.length !== 1 && found.value.length !== amounts) return null;
  return found.value.map((value) => currencyCode(value));
}

function moneyFrom(sums: ReadonlyMap<string, bigint>): Money {
  const totals: { currency: string; minor: number }[] = [];
  for (const [currency, minor] of sums) {
    if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return INCOMPLETE;
    totals.push({ currency, minor: Number(minor) });
  }
  totals.sort((one, other) => (one.currency < other.currency ? -1 : 1));
  const foreign = totals.some(({ currency }) => currency !== "USD");
  return {
    status: foreign ? "foreign_currency" : "measured",
    usdCents: foreign ? null : (totals[0]?.minor ?? 0),
    totals,
  };
}

import { PIECE, type Steps } from "../../base/steps.ts";
import type { MoneyStatus } from "../facts.ts";
import { doubt, type Doubt, type DoubtReason } from "../doubt.ts";
import { pathDoubt } from "./path-doubt.ts";
import type { Body } from "../formats/content.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import { parseJsonPath } from "./parse-json-path.ts";
import { currencyCode, minorUnits, minorUnitDigits } from "./money.ts";
import { valuesInSteps } from "./select.ts";

export interface Money {
  readonly status: MoneyStatus;
  readonly usdCents: number | null;
  readonly totals: readonly { readonly currency: string; readonly minor: number }[];
  /** Set where the status is `incomplete`. */
  readonly doubt: Doubt | null;
}

/** A payload in more currencies than this is not a payment run. */
const MAX_CURRENCIES = 20;

/** Amounts whose sum takes a few milliseconds. */
const SUMMED_AT_ONCE = 4_096;

const NONE: Money = { status: "none", usdCents: null, totals: [], doubt: null };

export function incomplete(because: DoubtReason): Money {
  return { status: "incomplete", usdCents: null, totals: [], doubt: doubt(because) };
}

/** Sums the amounts at the configured path; one unreadable amount leaves the whole sum incomplete. */
export function* measureMoney(
  body: Body,
  amount: MeasureHints["amount"],
  recordCount: number | null,
): Steps<Money> {
  if (amount === null) return NONE;
  const because = pathDoubt(body, amount.path);
  if (because !== null) return incomplete(because);
  const amounts = yield* valuesInSteps(body, amount.path);
  if (!amounts.ok) return incomplete(dialectDoubt(body) ?? "not_at_path");
  const { length } = amounts.value;
  if (length === 0 && recordCount !== 0) return incomplete("not_at_path");
  // A selective path (`..`, a filter) skips records without an amount, so fewer amounts than records is incomplete.
  if (length < (recordCount ?? 0) && isSelective(amount.path)) return incomplete("unreadable_amount");
  const currencies = yield* currenciesOf(body, amount.currency, length);
  if (currencies === null) return incomplete("unreadable_currency");
  const sums = new Map<string, bigint>();
  for (const [index, value] of amounts.value.entries()) {
    const currency = currencyCode(currencies[currencies.length === 1 ? 0 : index]);
    if (currency === null) return incomplete("unreadable_currency");
    const minor = minorUnits(value, amount.unit, minorUnitDigits(currency), amount.decimal);
    if (minor === "none") return incomplete("unreadable_amount");
    if (minor === "ambiguous") return incomplete("ambiguous_number");
    sums.set(currency, (sums.get(currency) ?? 0n) + minor);
    if (index % SUMMED_AT_ONCE === SUMMED_AT_ONCE - 1) yield PIECE;
    if (sums.size > MAX_CURRENCIES) return incomplete("unreadable_currency");
  }
  return moneyFrom(sums);
}

/** Why a CSV's columns can't be read. */
function dialectDoubt(body: Body): DoubtReason | null {
  if (body.format !== "csv") return null;
  return body.shape.doubt?.because ?? (body.shape.hasMixedEnds ? "csv_line_ends" : "csv_escapes");
}

function isSelective(path: string): boolean {
  const parsed = parseJsonPath(path);
  return parsed.ok && parsed.value.selective;
}

/** One currency for all, or one for each amount; null when they can't be determined. */
function* currenciesOf(
  body: Body,
  currency: { readonly code: string } | { readonly path: string },
  amounts: number,
): Steps<readonly (string | null)[] | null> {
  if ("code" in currency) return [currency.code];
  const found = yield* valuesInSteps(body, currency.path);
  if (!found.ok || pathDoubt(body, currency.path) !== null) return null;
  if (found.value.length !== 1 && found.value.length !== amounts) return null;
  return found.value.map((value) => currencyCode(value));
}

function moneyFrom(sums: ReadonlyMap<string, bigint>): Money {
  const totals: { currency: string; minor: number }[] = [];
  for (const [currency, minor] of sums) {
    if (minor > BigInt(Number.MAX_SAFE_INTEGER)) return incomplete("unreadable_amount");
    totals.push({ currency, minor: Number(minor) });
  }
  totals.sort((one, other) => (one.currency < other.currency ? -1 : 1));
  const foreign = totals.some(({ currency }) => currency !== "USD");
  return {
    status: foreign ? "foreign_currency" : "measured",
    usdCents: foreign ? null : (totals[0]?.minor ?? 0),
    totals,
    doubt: null,
  };
}

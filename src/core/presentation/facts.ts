import type { Facts } from "../proposal/facts.ts";
import { unknownFacts } from "../proposal/doubt.ts";
import { effectiveValueCents } from "../policy/risk.ts";
import type { Risk } from "../policy/risk.ts";
import { amountText, dollars } from "./amounts.ts";
import { groupDigits } from "./numbers.ts";

/** One fact: its value in words, and where it comes from. */
export interface FactText {
  readonly label: string;
  readonly value: string;
  /** How it was measured, what was declared, or why it is unknown; null: nothing to add. */
  readonly note: string | null;
  readonly isUnknown: boolean;
}

/** The facts by which a reviewer judges a write, in the order of the case: how many, how much, to how many. */
export function factTexts(facts: Facts): readonly FactText[] {
  const { recipients } = facts;
  const because = doubtsOf(facts);
  return [
    recordsFact(facts, because.get("records") ?? null),
    ...valueFacts(facts, because.get("money") ?? null),
    ...(recipients === null && !because.has("recipients")
      ? []
      : [
          fact(
            "Recipients",
            recipients === null ? null : groupDigits(recipients),
            because.get("recipients") ?? null,
          ),
        ]),
    ...(because.has("content") ? [fact("Content", null, because.get("content") ?? null)] : []),
  ];
}

function doubtsOf(facts: Facts): ReadonlyMap<string, string> {
  return new Map(unknownFacts(facts.doubts).map(({ fact: which, text }) => [which, text]));
}

/** @param value null: unknown */
function fact(label: string, value: string | null, note: string | null): FactText {
  return { label, value: value ?? "unknown", note, isUnknown: value === null };
}

function recordsFact({ records, payload }: Facts, because: string | null): FactText {
  const { declared, measured, effective, uncertain } = records;
  if (uncertain || effective === null) {
    return fact(
      "Records",
      null,
      because ?? (payload === "reference" ? "the payload was not sent" : "not counted"),
    );
  }
  if (measured === null) {
    return fact("Records", groupDigits(effective), "declared by the agent, not measured");
  }
  if (declared === null) return fact("Records", groupDigits(effective), "measured");
  const note =
    declared === measured
      ? "measured, as declared"
      : `measured ${groupDigits(measured)}, declared ${groupDigits(declared)}`;
  return fact("Records", groupDigits(effective), note);
}

function valueFacts(facts: Facts, because: string | null): readonly FactText[] {
  const { valueUsdCents, totals, money } = facts;
  const { declared, measured } = valueUsdCents;
  const declaredText = declared === null ? "" : `declared ${dollars(declared)}`;
  if (money === "incomplete") {
    const why = because ?? "not every amount can be read";
    return [fact("Value", null, declaredText === "" ? why : `${why}; ${declaredText}`)];
  }
  if (totals.some(({ currency }) => currency !== "USD")) {
    const sums = totals.map(({ currency, minor }) => amountText(minor, currency)).join(", ");
    return [
      fact("Value", sums, declaredText === "" ? "measured, not in US dollars" : `measured; ${declaredText}`),
    ];
  }
  const cents = effectiveValueCents(facts);
  if (cents === null) {
    // No doubt about the payload: nobody configured where an amount would be.
    const note = "no amount is configured for this destination";
    return [{ label: "Value", value: "not measured", note, isUnknown: false }];
  }
  if (measured === null) return [fact("Value", dollars(cents), "declared by the agent, not measured")];
  if (declared === null || declared === measured) return [fact("Value", dollars(cents), "measured")];
  return [fact("Value", dollars(cents), `measured ${dollars(measured)}, ${declaredText}`)];
}

/** `0.62: high risk destination, over ten records`. */
export function riskNote({ score, factors }: Risk): string {
  const why = factors.map((factor) => factor.replaceAll("_", " ")).join(", ");
  return `${(score / 100).toFixed(2)}${why === "" ? "" : `: ${why}`}`;
}

import type { Facts } from "../facts.ts";
import type { Payload } from "../payload.ts";
import { hasSimilarNames } from "./similar-names.ts";
import { type Body, parseContent } from "../formats/content.ts";
import { declaredType } from "../formats/declared-type.ts";
import { formRecords } from "../formats/form.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import { minorUnits } from "./money.ts";
import { recordsAt, valuesIn } from "./select.ts";
import { measureMoney } from "./totals.ts";

/** Numbers that the agent declares beside the payload. */
export interface Declared {
  /** A whole number ≥ 0. */
  readonly recordCount: number | null;
  /** US dollars, finite and ≥ 0. */
  readonly estimatedValueUsd: number | null;
}

/** Measures a payload for the rules. Never throws, whatever the bytes. */
export function measure(payload: Payload, hints: MeasureHints, declared: Declared): Facts {
  const declaredCents = dollarsToCents(declared.estimatedValueUsd);
  if (payload.kind !== "content") {
    const named = payload.kind === "reference" ? declaredType(payload.name, null).type : null;
    const count =
      payload.kind === "reference" ? larger(declared.recordCount, payload.rows) : declared.recordCount;
    return {
      payload: payload.kind,
      type: named,
      declaredType: named,
      typeContradiction: false,
      decodable: false,
      bytes: 0,
      records: { declared: count, measured: null, effective: count, uncertain: false },
      valueUsdCents: { declared: declaredCents, measured: null },
      money: hints.amount === null ? "none" : "incomplete",
      totals: [],
      recipients: null,
    };
  }
  const content = parseContent(payload);
  const counted = countRecords(content.body, hints);
  const money = measureMoney(content.body, hints.amount, counted.count);
  return {
    payload: "content",
    type: content.type,
    declaredType: content.declaredType,
    typeContradiction: content.contradiction,
    decodable: content.decodable,
    bytes: payload.bytes.length,
    records: {
      declared: declared.recordCount,
      measured: counted.count,
      effective: larger(declared.recordCount, counted.count),
      uncertain: counted.uncertain,
    },
    valueUsdCents: { declared: declaredCents, measured: money.usdCents },
    money: money.status,
    totals: money.totals,
    recipients: hints.recipients === null ? null : countRecipients(content.body, hints.recipients),
  };
}

function larger(one: number | null, other: number | null): number | null {
  if (one === null) return other;
  return other === null ? one : Math.max(one, other);
}

/** Rounds up to whole cents, so that a declared value never counts as less than it is. */
function dollarsToCents(dollars: number | null): number | null {
  if (dollars === null) return null;
  const exact = minorUnits(dollars, "major", 2);
  return exact === null ? Math.min(Math.ceil(dollars * 100), Number.MAX_SAFE_INTEGER) : Number(exact);
}

interface Count {
  readonly count: number | null;
  readonly uncertain: boolean;
}

function countRecords(body: Body, hints: MeasureHints): Count {
  if (hints.records.kind === "single") return { count: 1, uncertain: false };
  const counted = countByFormat(body);
  if (hints.records.kind === "auto" || body.format === "csv" || body.format === "ndjson") return counted;
  const found = recordsAt(body, hints.records.path);
  // Records outside the configured path are still written: count by format, and mark the count uncertain.
  const isKnown = found.ok && !found.value.includes(undefined) && !hasSimilarNames(body, hints.records.path);
  if (!isKnown) return { count: counted.count, uncertain: true };
  return { count: found.value.length, uncertain: counted.uncertain };
}

function countByFormat(body: Body): Count {
  switch (body.format) {
    case "json":
      return { count: Array.isArray(body.value) ? body.value.length : 1, uncertain: false };
    case "ndjson":
      return { count: body.values.length, uncertain: false };
    case "csv":
      return { count: body.shape.rows, uncertain: !body.shape.wellFormed };
    case "form":
      return { count: formRecords(body.fields), uncertain: false };
    case "multipart": {
      // A part that is a table counts its rows: an agent must not turn a file into one record by wrapping it.
      const counts = body.parts.map((part) => countByFormat(part.content.body));
      return {
        count: counts.reduce((sum, { count }) => sum + Math.max(1, count ?? 1), 0),
        uncertain: counts.some(({ uncertain }) => uncertain),
      };
    }
    default:
      return { count: null, uncertain: false };
  }
}

/** Counts recipients at the path: items of lists, and addresses separated by commas or semicolons. */
function countRecipients(body: Body, path: string): number | null {
  const found = valuesIn(body, path);
  if (!found.ok || hasSimilarNames(body, path)) return null;
  let count = 0;
  for (const value of found.value) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (typeof one === "string") {
        count += one.split(/[,;]/).filter((address) => address.trim() !== "").length;
      } else if (one !== undefined && one !== null) count++;
    }
  }
  return count;
}

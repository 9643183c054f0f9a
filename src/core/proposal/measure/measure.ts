import { doubt } from "../doubt.ts";
import { isJsonObject, type Json } from "../../base/json.ts";
import { finish, type Steps } from "../../base/steps.ts";
import type { Facts } from "../facts.ts";
import type { Payload } from "../payload.ts";
import { allUnknown, withDoubts } from "../unknown-facts.ts";
import { known, largerNumber, type Measured, unknown } from "../measured.ts";
import { pathDoubt } from "./path-doubt.ts";
import { type Body, parseContent } from "../formats/content.ts";
import { DISPUTED_LINE_ENDS } from "../formats/line-ends.ts";
import { declaredType } from "../formats/declared-type.ts";
import type { MeasureHints } from "../../registry/measure-hints.ts";
import { minorUnits } from "./money.ts";
import { countRecords, withGuessed } from "./records.ts";
import { valuesInSteps } from "./select.ts";
import { measureMoney } from "./totals.ts";

/** Numbers that the agent declares beside the payload. */
export interface Declared {
  /** A whole number ≥ 0. */
  readonly recordCount: number | null;
  /** US dollars, finite and ≥ 0. */
  readonly estimatedValueUsd: number | null;
}

/**
 * Measures a payload for the rules. Never throws, whatever the bytes.
 *
 * @param isDeletion true: each id in a list counts. A function, because most payloads have no list
 */
export function measure(
  payload: Payload,
  hints: MeasureHints,
  declared: Declared,
  isDeletion: () => boolean = () => false,
): Facts {
  if (payload.kind === "content") return finish(measureInSteps(payload, hints, declared, isDeletion));
  return unmeasured(payload, hints, declared, dollarsToCents(declared.estimatedValueUsd));
}

/** The same in pieces. */
export function* measureInSteps(
  payload: Extract<Payload, { kind: "content" }>,
  hints: MeasureHints,
  declared: Declared,
  isDeletion: () => boolean,
): Steps<Facts> {
  const declaredCents = dollarsToCents(declared.estimatedValueUsd);
  const content = parseContent(payload);
  const { length } = payload.bytes;
  yield length;
  const counted = withGuessed(countRecords(content.body, hints, isDeletion), content, hints, isDeletion);
  yield length;
  const money = yield* measureMoney(content.body, hints.amount, counted.value);
  yield length;
  const recipients =
    hints.recipients === null ? null : yield* countRecipients(content.body, hints.recipients);
  const facts: Facts = {
    payload: "content",
    type: content.type,
    declaredType: content.declaredType,
    typeContradiction: content.contradiction,
    decodable: content.decodable,
    bytes: payload.bytes.length,
    records: {
      declared: declared.recordCount,
      measured: counted.value,
      effective: largerNumber(declared.recordCount, counted.value),
      uncertain: false,
    },
    valueUsdCents: { declared: declaredCents, measured: money.usdCents },
    money: money.status,
    totals: money.totals,
    recipients: recipients?.value ?? null,
  };
  const readable = content.doubt === null ? facts : allUnknown(facts, hints, content.doubt);
  const { body } = content;
  return withDoubts(readable, {
    ...(body.format === "form" && body.fields === null && { content: doubt("too_many_fields") }),
    ...(counted.doubt !== null && { records: counted.doubt }),
    ...(money.doubt !== null && { money: money.doubt }),
    ...(recipients !== null && recipients.doubt !== null && { recipients: recipients.doubt }),
  });
}

function unmeasured(
  payload: Exclude<Payload, { kind: "content" }>,
  hints: MeasureHints,
  declared: Declared,
  declaredCents: number | null,
): Facts {
  const named = payload.kind === "reference" ? declaredType(payload.name, null).type : null;
  const count =
    payload.kind === "reference" ? largerNumber(declared.recordCount, payload.rows) : declared.recordCount;
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

/** Rounds up to whole cents, so that a declared value never counts as less than it is. */
function dollarsToCents(dollars: number | null): number | null {
  if (dollars === null) return null;
  const exact = minorUnits(dollars, "major", 2);
  return typeof exact === "bigint"
    ? Number(exact)
    : Math.min(Math.ceil(dollars * 100), Number.MAX_SAFE_INTEGER);
}

/** Counts recipients at the path: items of lists, and the addresses in each text. */
function* countRecipients(body: Body, path: string): Steps<Measured> {
  const because = pathDoubt(body, path);
  // A field that a form has twice is a list of addresses; a column that is there twice is read by its first or last.
  const isList = because === "duplicate_field" && body.format !== "csv";
  if (because !== null && !isList) return unknown(null, because);
  const found = yield* valuesInSteps(body, path);
  if (!found.ok) return unknown(null, "not_at_path");
  return known(found.value.reduce<number>((sum, value) => sum + addressesOf(value), 0));
}

/** The addresses of a value: of a list all of its items', of an object those of the member that holds most. */
function addressesOf(value: Json | undefined): number {
  if (value === undefined || value === null) return 0;
  if (typeof value === "string") return addressesIn(value);
  if (Array.isArray(value)) {
    return (value as readonly Json[]).reduce<number>((sum, item) => sum + addressesOf(item), 0);
  }
  if (!isJsonObject(value)) return 1;
  return Math.max(1, ...Object.values(value).map((member) => signsIn(member)));
}

function signsIn(member: Json): number {
  if (Array.isArray(member)) return addressesOf(member);
  return typeof member === "string" ? member.split("@").length - 1 : 0;
}

/**
 * The most addresses that a reader finds: between commas, semicolons and line ends (of which a mail header may begin),
 * or by their signs, as in `a@x.example b@x.example`.
 */
function addressesIn(text: string): number {
  const separated = text.split(SEPARATORS).filter((address) => address.trim() !== "").length;
  const signs = text.split("@").length - 1;
  const numbers = text.split(BEFORE_NUMBER).length;
  return Math.max(separated, signs, separated === 0 ? 0 : numbers);
}

const SEPARATORS = new RegExp(`[,;\r\n${DISPUTED_LINE_ENDS}]`);
const BEFORE_NUMBER = new RegExp(String.raw`[\s${DISPUTED_LINE_ENDS}]\+\d`);

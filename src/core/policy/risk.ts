import type { ProposalRequest } from "../proposal/request.ts";
import { finish, PIECE, type Steps } from "../base/steps.ts";
import type { Facts } from "../proposal/facts.ts";
import type { Destination } from "../registry/registry.ts";

export interface Risk {
  /** Whole hundredths, 0 to 100. */
  readonly score: number;
  readonly level: RiskLevel;
  /** Names of what added to the score, in the order of the formula. */
  readonly factors: readonly string[];
}

export type RiskLevel = "low" | "medium" | "high" | "critical";

export const RISK_RANK = { low: 0, medium: 1, high: 2, critical: 3 } as const satisfies Record<
  RiskLevel,
  number
>;

interface SystemRisk {
  readonly system: string;
  readonly factor: "high_risk_destination" | "medium_risk_destination";
  readonly weight: number;
}

const high = (system: string): SystemRisk => ({ system, factor: "high_risk_destination", weight: 35 });
const medium = (system: string): SystemRisk => ({ system, factor: "medium_risk_destination", weight: 15 });

/** By first letter, because every evaluation looks up a system and nearly all of those are not listed. */
const RISKY_SYSTEMS: ReadonlyMap<string, readonly SystemRisk[]> = new Map([
  ["a", [high("ach")]],
  ["b", [high("bank")]],
  ["h", [medium("hubspot")]],
  ["i", [medium("intercom")]],
  ["m", [medium("marketo")]],
  ["n", [high("netsuite")]],
  ["p", [high("payroll")]],
  ["q", [high("quickbooks")]],
  ["s", [high("stripe"), medium("salesforce")]],
  ["w", [high("wire")]],
  ["z", [medium("zendesk")]],
]);

const HIGH_SENSITIVITY_TAGS: ReadonlySet<string> = new Set(["financial", "legal"]);
const PERSONAL_TAGS: ReadonlySet<string> = new Set(["pii", "health"]);

// Letters and digits only bound a word here, so that `customer_ssn` counts. One pass, no nested repetition.
const SENSITIVE_WORDS =
  /(?<![a-z0-9])(?:ssn|passport|credit[ _-]?card|social[ _-]?security|iban|swift|cvv|account[ _-]?number|date[ _-]?of[ _-]?birth|dob|diagnos[a-z]{0,12}|medical)(?![a-z0-9])/i;

/**
 * The risk score in whole hundredths, with the names of its factors. It is computed from measured facts; what the
 * agent declares can only raise it. A fact that is unknown weighs as the worst that it can be.
 *
 * @param entry the destination's registry entry, if it has one: its weight replaces the system's
 * @param sensitive true when the content names fields that only sensitive records have
 * @param unreadable true when such names could be in content that Gate can't read
 */
export function riskOf(
  request: ProposalRequest,
  entry: Destination | undefined,
  facts: Facts,
  sensitive: boolean,
  unreadable: boolean,
): Risk {
  const factors: string[] = [];
  let score = destinationWeight(request.destination, entry, factors);
  const records = facts.records.effective ?? 0;
  if (hasUnknownRecords(facts)) score += add(factors, "unknown_record_count", 30);
  else if (records > 10_000) score += add(factors, "very_large_record_count", 30);
  else if (records > 1_000) score += add(factors, "large_record_count", 20);
  else if (records > 100) score += add(factors, "elevated_record_count", 10);
  const cents = effectiveValueCents(facts) ?? 0;
  if (hasUnknownMoney(facts)) score += add(factors, "unknown_financial_value", 25);
  else if (cents > 1_000_000) score += add(factors, "high_financial_value", 25);
  else if (cents > 100_000) score += add(factors, "elevated_financial_value", 15);
  else if (cents > 0) score += add(factors, "financial_value_present", 5);
  if (request.sensitivityTags.length > 0) {
    if (hasTag(request, HIGH_SENSITIVITY_TAGS)) score += add(factors, "sensitive_data_tagged", 20);
    else if (hasTag(request, PERSONAL_TAGS)) score += add(factors, "pii_tagged", 15);
  }
  if (sensitive) score += add(factors, SENSITIVE_FIELDS_FACTOR, 15);
  else if (unreadable) score += add(factors, "unreadable_content", 15);
  score = Math.min(100, score);
  return { score, level: riskLevelOf(score), factors };
}

/** Where readers find different numbers, the largest of them is the effective one and weighs by its size. */
function hasUnknownRecords({ records, doubts }: Facts): boolean {
  return records.uncertain && (doubts?.records?.readings.length ?? 0) === 0;
}

function hasUnknownMoney({ payload, money }: Facts): boolean {
  return payload === "content" && (money === "incomplete" || money === "foreign_currency");
}

export const SENSITIVE_FIELDS_FACTOR = "sensitive_fields_detected";

/** True when a text names a field that only sensitive records have (passport, date of birth, account number, …). */
export function namesSensitiveFields(texts: readonly string[]): boolean {
  return finish(namesSensitiveFieldsInSteps(texts));
}

/** The same in pieces. */
export function* namesSensitiveFieldsInSteps(texts: readonly string[]): Steps<boolean> {
  let read = 0;
  for (const text of texts) {
    if (SENSITIVE_WORDS.test(text)) return true;
    read += text.length;
    if (read < PIECE) continue;
    yield read;
    read = 0;
  }
  return false;
}

/** The larger of declared and measured, in cents; null when neither is known. */
export function effectiveValueCents(facts: Facts): number | null {
  const { declared, measured } = facts.valueUsdCents;
  if (declared === null) return measured;
  return measured === null ? declared : Math.max(declared, measured);
}

function destinationWeight(name: string, entry: Destination | undefined, factors: string[]): number {
  const weight = entry?.riskWeight ?? null;
  if (weight !== null) return weight === 0 ? 0 : add(factors, "destination_weight", weight);
  const lower = name.toLowerCase();
  for (const { system, factor, weight: own } of RISKY_SYSTEMS.get(lower.charAt(0)) ?? []) {
    if (isOfSystem(lower, system)) return add(factors, factor, own);
  }
  return 0;
}

/** Compared whole up to the first dot: `coach.email` is no `ach`, and `stripes.x` no `stripe`. */
function isOfSystem(destination: string, system: string): boolean {
  if (!destination.startsWith(system)) return false;
  return destination.length === system.length || destination[system.length] === ".";
}

function hasTag(request: ProposalRequest, tags: ReadonlySet<string>): boolean {
  for (const tag of request.sensitivityTags) if (tags.has(tag.toLowerCase())) return true;
  return false;
}

function add(factors: string[], name: string, hundredths: number): number {
  factors.push(name);
  return hundredths;
}

/** @param score whole hundredths */
export function riskLevelOf(score: number): RiskLevel {
  if (score >= 75) return "critical";
  if (score >= 50) return "high";
  return score >= 25 ? "medium" : "low";
}

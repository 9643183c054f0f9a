import { readdirSync, readFileSync } from "node:fs";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { parseRegistry } from "../../../src/config/registry/parse.ts";
import type { PiiKind } from "../../../src/core/detection/pii/pii.ts";
import type { PolicyRules, TermRule } from "../../../src/core/policy/policy.ts";
import { measureRequest, type MeasuredRequest } from "../../../src/core/policy/request-content.ts";
import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";
import { SHIPPED_BLOCKS, withBlocks } from "../shipped-registry.ts";
import type { BenignBody } from "./entry.ts";

const FOLDER = new URL("../../vectors/benign/", import.meta.url);
const REVIEWED = "reviewed.json";

export function benignBodies(): readonly BenignBody[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".json") && file !== REVIEWED)
    .flatMap((file) => JSON.parse(readFileSync(new URL(file, FOLDER), "utf8")) as readonly BenignBody[]);
}

/** What a person has looked at: `name: fact: reason` for each. */
export interface Reviewed {
  /** Facts that are unknown. */
  readonly unknown: readonly string[];
  /** Facts that are another number than a person finds, and never a smaller one. */
  readonly more: readonly string[];
  /** Terms and personal data that policies look for. */
  readonly found: readonly string[];
}

export function reviewed(): Reviewed {
  return JSON.parse(readFileSync(new URL(REVIEWED, FOLDER), "utf8")) as Reviewed;
}

function shippedHints(): ReadonlyMap<string, MeasureHints> {
  const parsed = parseRegistry("gate.yaml", withBlocks(SHIPPED_BLOCKS), "allow");
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
  return new Map([...parsed.value.destinations].map(([name, { measure }]) => [name, measure]));
}

const HINTS = shippedHints();

export function hintsOf({ name, destination, hints }: BenignBody): MeasureHints {
  const known = destination === undefined ? hints : HINTS.get(destination);
  if (known === undefined) throw new Error(`${name}: no hints for ${destination ?? "it"}`);
  return known;
}

export function measured(body: BenignBody): MeasuredRequest {
  const { mediaType, file, request, destination, text, base64 } = body;
  const bytes = base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
  const proposal = {
    destination: destination ?? "other.write",
    policy: "writes",
    action: destination ?? "other.write",
    recordCount: null,
    estimatedValueUsd: null,
    sensitivityTags: [],
    onBehalfOf: null,
    principalId: null,
    metadata: {},
    profile: null,
    expiresInMinutes: null,
    ...(request !== null && { http: { ...request, headers: [], slot: null, idempotencyHeader: null } }),
  };
  return measureRequest(proposal, { kind: "content", bytes, name: file, mediaType }, hintsOf(body));
}

/** Each unknown fact with the reason that the reviewer gets. */
export function unknownFacts(body: BenignBody): readonly string[] {
  const { facts, content } = measured(body);
  const hints = hintsOf(body);
  const { records, money, recipients } = facts;
  const found: string[] = [];
  const isCounted = hints.records.kind === "single" || (!records.uncertain && records.measured !== null);
  if (!isCounted) found.push("records");
  if (hints.amount !== null && money === "incomplete") found.push("money");
  if (hints.recipients !== null && recipients === null) found.push("recipients");
  if (content.hidden !== null) found.push("content");
  return found.map((fact) => `${body.name}: ${fact}: ${reasonOf(facts, fact)}`);
}

function reasonOf(facts: object, fact: string): string {
  const doubts =
    "doubts" in facts ? (facts.doubts as Readonly<Record<string, { readonly because: string }>>) : {};
  return doubts[fact]?.because ?? "no reason given";
}

/** Each known fact that is not what a person finds. */
export function otherNumbers(
  body: BenignBody,
): readonly { readonly shown: string; readonly isLess: boolean }[] {
  const { facts } = measured(body);
  const hints = hintsOf(body);
  const numbers = [
    [
      "records",
      facts.records.uncertain ? null : facts.records.measured,
      hints.records.kind === "single" ? 1 : body.holds.records,
    ],
    [
      "money",
      facts.money === "incomplete" ? null : facts.totals.reduce((sum, { minor }) => sum + minor, 0),
      body.holds.minor,
    ],
    ["recipients", facts.recipients, body.holds.recipients],
  ] as const;
  return numbers.flatMap(([fact, gate, person]) =>
    gate === null || person === undefined || gate === person
      ? []
      : [{ shown: `${body.name}: ${fact}: ${gate}, a person finds ${person}`, isLess: gate < person }],
  );
}

/** Policies as shipped, each with all of its rules. */
export function shippedPolicies(): readonly PolicyRules[] {
  const folder = new URL("../../../policies/", import.meta.url);
  return readdirSync(folder)
    .filter((file) => file.endsWith(".yaml"))
    .flatMap((file) => {
      const parsed = parsePolicy(file, readFileSync(new URL(file, folder), "utf8"));
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
      return [parsed.value.base];
    });
}

/** Kinds that ordinary bodies have none of; addresses and phone numbers are what many of them are about. */
const RARE: readonly PiiKind[] = ["card", "ssn", "iban"];

/** Terms of any shipped policy, rare personal data, and unfilled placeholders. */
export function findings(body: BenignBody, policies: readonly PolicyRules[]): readonly string[] {
  const { content } = measured(body);
  const texts = content.texts();
  const terms = policies
    .flatMap(({ blockIfTerms, holdIfTerms }) => [blockIfTerms, holdIfTerms])
    .filter((rule): rule is TermRule => rule !== null)
    .flatMap(({ matcher, terms: all }) => matcher.find(texts).map((index) => all[index] ?? ""));
  const pii = [...content.pii(RARE).keys()];
  const placeholders = content.templateErrors().map(({ placeholder }) => placeholder);
  return [...new Set([...terms, ...pii, ...placeholders])].map((found) => `${body.name}: ${found}`);
}

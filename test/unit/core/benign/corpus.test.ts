import { describe, expect, test } from "vitest";
import {
  benignBodies,
  findings,
  otherNumbers,
  reviewed,
  shippedPolicies,
  unknownFacts,
} from "../../../support/benign/reading.ts";

/*
 * The ceiling on doubt: a Gate that calls everything unknown is safe and of no use. Ordinary bodies, made as
 * spreadsheets, CRM systems and SDKs make them.
 */

const bodies = benignBodies();
const known = reviewed();

/** Of a hundred ordinary bodies, as many may have an unknown fact. */
const MAX_UNKNOWN_PERCENT = 1;

describe("ordinary bodies", () => {
  test("the corpus has at least five hundred bodies, each with a name of its own", () => {
    expect(bodies.length).toBeGreaterThanOrEqual(500);
    expect(new Set(bodies.map(({ name }) => name)).size).toBe(bodies.length);
  });

  test("at most one body in a hundred has an unknown fact, and each is reviewed with its reason", () => {
    const unknown = bodies.map(unknownFacts);
    const count = unknown.filter((facts) => facts.length > 0).length;
    console.info(`${count} of ${bodies.length} ordinary bodies have an unknown fact:`);
    for (const line of unknown.flat()) console.info(`  ${line}`);
    expect(unknown.flat()).toEqual(known.unknown);
    expect((100 * count) / bodies.length).toBeLessThanOrEqual(MAX_UNKNOWN_PERCENT);
  });

  test("a known fact is what a person finds, or a reviewed larger number", () => {
    const others = bodies.flatMap(otherNumbers);
    expect(others.filter(({ isLess }) => isLess)).toEqual([]);
    expect(others.map(({ shown }) => shown)).toEqual(known.more);
  });

  test("no term, card, SSN, IBAN or placeholder of the shipped policies is found, but for reviewed ones", () => {
    const policies = shippedPolicies();
    expect(bodies.flatMap((body) => findings(body, policies))).toEqual(known.found);
  });
});

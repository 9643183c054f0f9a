import type { BodyCase, Reading } from "./body-case.ts";
import { type GateReading, gateReading, MAX_AMOUNT } from "./gate-reading.ts";
import type { Readings } from "./reader-process.ts";
import { isPlausible } from "./readers.ts";

/** A reader sees more than Gate, and Gate was certain. */
export interface Disagreement {
  readonly fact: "records" | "money" | "check" | "recipients" | "term" | "card" | "template";
  readonly reader: string;
  readonly gate: string;
  readonly saw: string;
}

const GATE = new WeakMap<BodyCase, GateReading>();

function gateOf(given: BodyCase): GateReading {
  const known = GATE.get(given) ?? gateReading(given);
  GATE.set(given, known);
  return known;
}

/** @param readings of a language's readers, or recorded ones */
export function disagreements(given: BodyCase, readings: Readings): readonly Disagreement[] {
  const gate = gateOf(given);
  return Object.entries(readings).flatMap(([reader, reading]) =>
    isPlausible(reader, given) ? comparedWith(gate, reader, reading) : [],
  );
}

function comparedWith(gate: GateReading, reader: string, reading: Reading): readonly Disagreement[] {
  const found: Disagreement[] = [];
  for (const fact of ["records", "money", "recipients"] as const) {
    const certain = gate[fact];
    const saw = reading[fact] ?? 0;
    if (certain !== null && saw > certain) {
      found.push({ fact, reader, gate: String(certain), saw: String(saw) });
    }
  }
  if (gate.passesCheck && (reading.largest ?? 0) > MAX_AMOUNT) {
    found.push({ fact: "check", reader, gate: `passes max ${MAX_AMOUNT}`, saw: String(reading.largest) });
  }
  for (const needle of reading.needles ?? []) {
    if (gate.needles !== null && !gate.needles.includes(needle)) {
      found.push({ fact: needle, reader, gate: "not found", saw: "found" });
    }
  }
  return found;
}

import type { MeasureHints } from "../../../src/core/registry/measure-hints.ts";

/** What kind of reader a destination has: it decides which other readers see the body as well. */
export const FAMILIES = ["csv", "form", "multipart", "json", "ndjson", "text"] as const;
export type Family = (typeof FAMILIES)[number];

/** One body, as an agent sends it, and where the destination's entry says that things are. */
export interface BodyCase {
  readonly family: Family;
  readonly mediaType: string | null;
  /** The file's name, by the API. */
  readonly name: string | null;
  /** Proxied bodies are evaluated with more doubt than proposals by the API. */
  readonly door: "api" | "proxy";
  readonly unit: "major" | "minor";
  /** The path of the records, as an entry names it; null: counted by format. */
  readonly records: "inputs" | null;
  readonly body: Uint8Array;
}

/** The hints of the entry: the readers look for the same names. */
export function hintsOf({ unit, records }: BodyCase): MeasureHints {
  return {
    records: records === null ? { kind: "auto" } : { kind: "path", path: records },
    amount: { path: "amount", unit, currency: { code: "USD" } },
    recipients: "to",
  };
}

/** What the readers look for in texts. */
export const NEEDLES = ["term", "card", "template"] as const;
export type Needle = (typeof NEEDLES)[number];

/** A reader's view of a body; what it does not read is left out. */
export interface Reading {
  readonly records?: number;
  /** Cents. */
  readonly money?: number;
  /** The largest single amount as it is written, for checks of fields. */
  readonly largest?: number;
  readonly recipients?: number;
  readonly needles?: readonly Needle[];
}

import { readdirSync, readFileSync } from "node:fs";
import type { BodyCase } from "./body-case.ts";
import type { Disagreement } from "./compare.ts";
import type { Readings } from "./reader-process.ts";

/** One entry of test/vectors/differential/*.json; its README says what each field means. */
export interface Vector extends Omit<BodyCase, "body" | "name"> {
  readonly name: string;
  readonly file: string | null;
  readonly text?: string;
  readonly base64?: string;
  readonly saw: Readings;
}

/** What Gate still says wrongly: a vector that must fail, and what generated cases may show because of it. */
export interface KnownGap {
  readonly vector: string;
  readonly why: string;
  /** `family/fact/reader`, a star for any. */
  readonly tolerates: readonly string[];
}

export const VECTORS = new URL("../../vectors/differential/", import.meta.url);
const GAPS = "known-gaps.json";

export function vectorFiles(): readonly string[] {
  return readdirSync(VECTORS).filter((file) => file.endsWith(".json") && file !== GAPS);
}

export function vectorsIn(file: string): readonly Vector[] {
  return JSON.parse(readFileSync(new URL(file, VECTORS), "utf8")) as readonly Vector[];
}

export const allVectors = (): readonly Vector[] => vectorFiles().flatMap(vectorsIn);

export function knownGaps(): readonly KnownGap[] {
  return JSON.parse(readFileSync(new URL(GAPS, VECTORS), "utf8")) as readonly KnownGap[];
}

export function caseOf({ family, mediaType, file, door, unit, records, text, base64 }: Vector): BodyCase {
  const body = base64 === undefined ? Buffer.from(text ?? "") : Buffer.from(base64, "base64");
  return { family, mediaType, name: file, door, unit, records, body };
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** A case as an entry to copy into a file of vectors. */
export function vectorOf(name: string, given: BodyCase, saw: Readings): Vector {
  const { family, mediaType, name: file, door, unit, records, body } = given;
  return { name, family, mediaType, file, door, unit, records, ...written(body), saw };
}

function written(body: Uint8Array): { readonly text: string } | { readonly base64: string } {
  try {
    return { text: UTF8.decode(body) };
  } catch {
    return { base64: Buffer.from(body).toString("base64") };
  }
}

export function isTolerated(
  gaps: readonly KnownGap[],
  { family }: Pick<BodyCase, "family">,
  { fact, reader }: Disagreement,
): boolean {
  return gaps.some(({ tolerates }) =>
    tolerates.some((pattern) => matches(pattern, `${family}/${fact}/${reader}`)),
  );
}

function matches(pattern: string, shown: string): boolean {
  const escaped = pattern.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`).replaceAll("*", ".*");
  return new RegExp(`^${escaped}$`).test(shown);
}

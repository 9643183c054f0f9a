import fc from "fast-check";
import type { BodyCase } from "../body-case.ts";
import { csvCases } from "./csv-cases.ts";
import { formCases } from "./form-cases.ts";
import { jsonCases, lineCases } from "./json-cases.ts";
import { multipartCases } from "./multipart-cases.ts";
import { textCases } from "./text-cases.ts";

/** More of what has more dialects. */
const cases: fc.Arbitrary<BodyCase> = fc.oneof(
  { weight: 6, arbitrary: csvCases },
  { weight: 4, arbitrary: formCases },
  { weight: 4, arbitrary: multipartCases },
  { weight: 3, arbitrary: jsonCases },
  { weight: 1, arbitrary: lineCases },
  { weight: 2, arbitrary: textCases },
);

/** The cases of a seed; the first ones stay the same whatever the number. */
export function generatedCases(seed: number, count: number): readonly BodyCase[] {
  return fc.sample(cases, { seed, numRuns: count });
}

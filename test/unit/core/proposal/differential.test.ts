import { describe, expect, test } from "vitest";
import { disagreements } from "../../../support/differential/compare.ts";
import {
  allVectors,
  caseOf,
  knownGaps,
  type Vector,
  vectorFiles,
  vectorsIn,
} from "../../../support/differential/vectors.ts";

const gaps = new Map(knownGaps().map((gap) => [gap.vector, gap]));

const found = ({ saw, ...vector }: Vector) => disagreements(caseOf({ ...vector, saw }), saw);

describe.each(vectorFiles())("%s", (file) => {
  const vectors = vectorsIn(file).map((vector) => [vector.name, vector] as const);

  const mended = vectors.filter(([name]) => !gaps.has(name));
  test.each(mended)(
    "INV-00: %s: Gate sees as much as every recorded reader, or is not certain",
    (_, vector) => {
      expect(found(vector)).toEqual([]);
    },
  );

  const open = vectors.filter(([name]) => gaps.has(name));
  test.runIf(open.length > 0).each(open)(
    "%s: still a known gap; when mended, known-gaps.json drops it",
    (_, vector) => {
      expect(found(vector)).not.toEqual([]);
    },
  );
});

test("every vector has a name of its own, and a reader that saw something", () => {
  const vectors = allVectors();
  expect(new Set(vectors.map(({ name }) => name)).size).toBe(vectors.length);
  expect(vectors.filter(({ saw }) => Object.keys(saw).length === 0).map(({ name }) => name)).toEqual([]);
});

test("every known gap names a vector", () => {
  const names = new Set(allVectors().map(({ name }) => name));
  expect([...gaps.keys()].filter((name) => !names.has(name))).toEqual([]);
});

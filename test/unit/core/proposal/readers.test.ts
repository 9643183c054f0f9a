import { describe, expect, test } from "vitest";
import type { Facts } from "../../../../src/core/proposal/facts.ts";
import type { Doubts } from "../../../../src/core/proposal/doubt.ts";
import type { MeasureHints } from "../../../../src/core/registry/measure-hints.ts";
import { measure } from "../../../../src/core/proposal/measure/measure.ts";
import { bytesOf, type VectorPayload } from "../../../support/measure-vectors.ts";
import vectors from "../../../vectors/measure/readers.json" with { type: "json" };

interface Vector {
  readonly row: string;
  readonly name: string;
  readonly payload: VectorPayload;
  readonly hints: MeasureHints;
  readonly deletes?: boolean;
  readonly facts: Expected;
}

interface Expected {
  readonly type: string;
  readonly records: number | null;
  readonly uncertain?: boolean;
  readonly contradiction?: boolean;
  readonly decodable?: boolean;
  readonly money?: string;
  readonly usdCents?: number | null;
  readonly doubts?: Doubts;
}

const VECTORS = vectors as unknown as readonly Vector[];
const ROWS = [...new Set(VECTORS.map(({ row }) => row))];

function factsOf({ payload, hints, deletes }: Vector): Facts {
  const { name, mediaType } = payload;
  return measure(
    { kind: "content", bytes: bytesOf(payload), name, mediaType },
    hints,
    { recordCount: null, estimatedValueUsd: null },
    () => deletes === true,
  );
}

describe.each(ROWS)("INV-00: %s that readers take differently", (row) => {
  test.each(VECTORS.filter((vector) => vector.row === row))(
    "are measured as agreed or unknown: $name",
    (vector) => {
      const facts = factsOf(vector);
      const { facts: wanted } = vector;
      expect({
        type: facts.type,
        records: facts.records.measured,
        uncertain: facts.records.uncertain,
        contradiction: facts.typeContradiction,
        decodable: facts.decodable,
        money: facts.money,
        usdCents: facts.valueUsdCents.measured,
        doubts: facts.doubts,
      }).toEqual({
        type: wanted.type,
        records: wanted.records,
        uncertain: wanted.uncertain ?? false,
        contradiction: wanted.contradiction ?? false,
        decodable: wanted.decodable ?? true,
        money: wanted.money ?? "none",
        usdCents: wanted.usdCents ?? null,
        doubts: wanted.doubts,
      });
    },
  );
});

test("INV-00: every unknown fact has a reason, and every reason an unknown fact", () => {
  for (const vector of VECTORS) {
    const { records, money, doubts, recipients } = factsOf(vector);
    expect([vector.name, records.uncertain]).toEqual([vector.name, doubts?.records !== undefined]);
    expect([vector.name, money === "incomplete"]).toEqual([vector.name, doubts?.money !== undefined]);
    if (doubts?.recipients !== undefined) expect(recipients).toBeNull();
  }
});
